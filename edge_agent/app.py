"""The whole agent: made from its configuration, started in order, stopped in reverse."""

import logging
import time
from importlib.metadata import version

import msgspec
import structlog

from edge_agent.camera_set import CameraSet
from edge_agent.clock import Clock, Moment, new_id
from edge_agent.detectors import ModelError
from edge_agent.health import HealthMonitor, compose, outbox_faults
from edge_agent.keeping import Keeping
from edge_agent.latency import Latencies
from edge_agent.load import Load
from edge_agent.machine import read_machine
from edge_agent.making import make_metrics, make_publisher, make_rounds, make_uploader
from edge_agent.notify import Notifier
from edge_agent.orders import log_level, restart_camera, snapshot
from edge_agent.outbox import CommandLog, Database, Limits, Outbox, PictureQueue
from edge_agent.publisher import DeleteOn
from edge_agent.publisher.client import Identity
from edge_agent.remote import Commands, Handler
from edge_agent.settings import Configuration
from edge_agent.trial import Trial
from edge_agent.twin import ApplyError, Keeper, Store, Twin, at_fault
from edge_agent.watchdog import Stage, Watchdog
from linli_contract.envelope import source_of
from linli_contract.payloads import (
    CameraHealth,
    Health,
    LaneHealth,
    Reply,
    TwinReported,
)
from linli_contract.topics import Channel, Topic
from linli_settings import ConfigError

STOP_S = 3.0
"""A stop takes no longer; what is unsent stays in the outbox."""
_log = structlog.get_logger(__name__)


class EdgeAgent:
    """One device.

    Args:
        of_file: the device's own configuration, checked; a wish that the twin kept is laid over it.
        delete_on: see ``Publisher``; anything but the default is for the control of a loss test.
        notifier: systemd.

    Raises:
        ConfigError: the outbox belongs to another device, or a sensor's file cannot be used.
        OutboxError: the outbox cannot be opened.
    """

    def __init__(
        self,
        of_file: Configuration,
        delete_on: DeleteOn = "hub_ack",
        notifier: Notifier | None = None,
    ) -> None:
        settings = of_file.settings
        self._identity = Identity(settings.county, settings.device, version("linli"))
        self._now = Clock(settings.clock.wait_for_ntp).now
        self._started = self._now().mono
        self._dropped: dict[str, int] = {}
        self._latencies = Latencies()
        self._load = Load()
        self._log_level = logging.getLogger().level  # the command line's
        self._notifier = notifier or Notifier()
        source = source_of(settings.county, settings.device)
        self._database = Database(of_file.data_dir / "outbox.sqlite", source, new_id)
        bounds = settings.outbox
        limits = Limits(bounds.max_size, bounds.max_age, bounds.resend)
        self.outbox = Outbox(self._database, source, limits)
        twin = Twin(of_file, Store(of_file.data_dir), settings.twin.grace)
        self._configuration = twin.configuration
        self._set_log_level(self._configuration)
        self.publisher = make_publisher(
            self._configuration, self._identity, self.outbox, self._now, self._control, delete_on
        )
        queue = PictureQueue(self._database)
        self.pictures = make_uploader(self._configuration, queue, self.outbox, self._now)
        self._keeping = Keeping(settings.device, self.outbox, queue, self._latencies, self._now)
        self._health = HealthMonitor(
            self._heartbeat,
            self._keeping.health,
            self.outbox,
            self._now,
            self._configuration.settings.health.interval,
        )
        self._rounds = make_rounds(self._configuration, self._keeping.readings, self._now)
        self.cameras = CameraSet(self._configuration, self._keeping.observed, self._now)
        self._twin = Keeper(twin, self._apply, self._red, self._report, self._now)
        self._commands = Commands(
            self._orders(), CommandLog(self._database), self._reply, self._now
        )
        self._watchdog = Watchdog(self.stages, self._notifier, self._status, self._now)
        self._metrics = make_metrics(self._configuration, lambda: self.health(self._now()))

    def _orders(self) -> dict[str, Handler]:
        return {
            "test_event": Trial(
                lambda: self._configuration.settings, self._now, self._keeping.observed
            ),
            "snapshot": snapshot(self.cameras, self._keeping.picture),
            "restart_camera": restart_camera(self.cameras),
            "log_level": log_level,
        }

    def start(self) -> None:
        """Start every part; none waits for another to succeed."""
        self.publisher.start()
        self.pictures.start()
        self._health.start()
        self._rounds.start()
        self.cameras.start()
        self._commands.start()
        self._twin.start()
        if self._metrics is not None:
            self._metrics.start()
        self._watchdog.start()
        self._notifier.ready()
        _log.info("edge agent started", device=self._identity.device)

    def stop(self) -> None:
        """Stop in reverse, within ``STOP_S``."""
        limit = time.monotonic() + STOP_S
        self._notifier.stopping()
        self._watchdog.stop(timeout=0.2)
        if self._metrics is not None:
            self._metrics.stop()
        self._twin.stop(timeout=0.2)
        self._commands.stop(timeout=0.2)
        self.cameras.stop(timeout=STOP_S / 2)
        self._rounds.stop(timeout=0.3)
        self._health.stop(timeout=0.3)
        self.pictures.stop(timeout=0.2)
        self.publisher.stop(timeout=max(0.2, limit - time.monotonic() - 0.2))
        self._database.close()
        _log.info("edge agent stopped", device=self._identity.device)

    def health(self, now: Moment) -> Health:
        """How the device is now."""
        lanes = self.outbox.lanes(now)
        silent = outbox_faults(lanes, self._dropped, self.publisher.silent_s(now.mono))
        return compose(
            self._identity.version,
            now.mono - self._started,
            self._camera_health(),
            (*lanes, LaneHealth("pictures", self.pictures.waiting())),
            read_machine(self._configuration.data_dir, cpu_percent=self._load.percent()),
            now.clock_set,
            (*self._faults(), *silent),
        )

    def _heartbeat(self, now: Moment) -> Health:
        health = self.health(now)
        self._dropped = {lane.lane: lane.dropped for lane in health.lanes}
        return health

    def _camera_health(self) -> tuple[CameraHealth, ...]:
        return tuple(
            msgspec.structs.replace(row, latency=self._latencies.read(row.name))
            for row in self.cameras.health()
        )

    def _faults(self) -> tuple[str, ...]:
        metrics = self._metrics.faults() if self._metrics is not None else ()
        return (
            *self.publisher.faults(),
            *self.pictures.faults(),
            *self._rounds.faults(),
            *self._health.faults(),
            *self.cameras.faults(),
            *self._twin.faults(),
            *self._watchdog.faults(),
            *metrics,
        )

    def stages(self, mono: float) -> list[Stage]:
        """Every enabled part, for the watchdog."""
        threads = {
            "publisher": (self.publisher.pulse, 120.0),  # connecting and waiting to try again
            "pictures": (self.pictures.pulse, 300.0),  # as above, over HTTPS
            "sensors": (self._rounds.pulse, 60.0),
            "health and outbox": (self._health.pulse, 60.0),
            "twin": (self._twin.pulse, 600.0),  # it may compile models
        }
        beating = [
            Stage(name, pulse.count, pulse.silent_s(mono), limit)
            for name, (pulse, limit) in threads.items()
        ]
        return beating + self.cameras.stages(mono)

    def _status(self) -> str:
        """For ``systemctl status``."""
        cameras = self.cameras.health()
        well = sum(row.state == "ok" for row in cameras)
        link = "connected" if self.publisher.connected else "not connected"
        faults = len(self._faults())
        return f"{well} of {len(cameras)} cameras, {link}, {faults} faults"

    def _red(self) -> dict[str, str]:
        return at_fault(self.cameras.health(), self._faults())

    def _apply(self, configuration: Configuration) -> None:
        """Put another configuration in force.

        Raises:
            ApplyError: it cannot be; the old one stays in force.
        """
        old, new = self._configuration.settings, configuration.settings
        try:
            changed = new.sensors != old.sensors
            rounds = (
                make_rounds(configuration, self._keeping.readings, self._now) if changed else None
            )
            if (new.cameras, new.detectors) != (old.cameras, old.detectors):
                self.cameras.apply(configuration)
        except (ConfigError, ModelError) as error:
            raise ApplyError(str(error)) from error
        if rounds is not None:
            self._rounds.stop()
            self._rounds = rounds
            self._rounds.start()
        self._health.interval = new.health.interval
        self._configuration = configuration
        self._set_log_level(configuration)

    def _set_log_level(self, configuration: Configuration) -> None:
        level = configuration.settings.log.level
        logging.getLogger().setLevel(level.upper() if level else self._log_level)

    def _control(self, topic: Topic, payload: bytes) -> None:
        if topic.channel is Channel.COMMAND:
            self._commands.offer(topic.name, payload)
        elif topic.channel is Channel.TWIN_DESIRED and payload:
            self._twin.offer(payload)

    def _reply(self, reply: Reply) -> None:
        self.publisher.tell(Channel.REPLY, msgspec.json.encode(reply), name=reply.id)

    def _report(self, reported: TwinReported) -> None:
        # retained: a hub that comes later, or anew, reads it too
        body = msgspec.json.encode(reported)
        self.publisher.tell(Channel.TWIN_REPORTED, body, retain=True)
