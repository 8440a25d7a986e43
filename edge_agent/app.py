"""The whole agent: made from its configuration, started in order, stopped in reverse."""

import time
from collections.abc import Sequence
from importlib.metadata import version

import msgspec
import structlog

from edge_agent.camera_set import CameraSet
from edge_agent.clock import Clock, Moment, new_id
from edge_agent.events import health_draft, observation_draft, reading_draft
from edge_agent.health import HealthMonitor, compose, outbox_faults, read_machine
from edge_agent.outbox import Database, Limits, Outbox, PictureQueue
from edge_agent.publisher import DeleteOn, PictureUploader, Publisher
from edge_agent.publisher.client import Identity
from edge_agent.remote import Commands
from edge_agent.sensors.rounds import Rounds, Timed
from edge_agent.sensors.sampling import sampled_sensors
from edge_agent.settings import Configuration
from edge_agent.trial import Trial
from edge_agent.twin import Twin
from edge_agent.types import Observed
from linli_contract.envelope import source_of
from linli_contract.payloads import Health, LaneHealth, Reply, TwinReported
from linli_contract.topics import Channel, Topic

STOP_S = 3.0
"""A stop takes no longer; what is unsent stays in the outbox."""
_log = structlog.get_logger(__name__)


class EdgeAgent:
    """One device.

    Args:
        configuration: checked.
        delete_on: see ``Publisher``; anything but the default is for the control of a loss test.

    Raises:
        ConfigError: the outbox belongs to another device, or a sensor's file cannot be used.
        OutboxError: the outbox cannot be opened.
    """

    def __init__(self, configuration: Configuration, delete_on: DeleteOn = "hub_ack") -> None:
        settings = configuration.settings
        self._configuration = configuration
        self._identity = Identity(settings.county, settings.device, version("linli"))
        self._now = Clock(settings.clock.wait_for_ntp).now
        self._started = self._now().mono
        self._dropped: dict[str, int] = {}
        source = source_of(settings.county, settings.device)
        self._database = Database(configuration.data_dir / "outbox.sqlite", source, new_id)
        bounds = settings.outbox
        limits = Limits(bounds.max_size, bounds.max_age, bounds.resend)
        self.outbox = Outbox(self._database, source, limits)
        self.publisher = self._make_publisher(delete_on)
        self.pictures = self._make_uploader()
        self._health = HealthMonitor(
            self.health, self._keep_health, self.outbox, self._now, settings.health.interval
        )
        self._twin = Twin(settings.health.interval, self._set_interval)
        self._commands = Commands(
            {"test_event": Trial(settings, self._now, self._keep_observed)}, self._reply
        )
        self._rounds = self._make_rounds()
        self.cameras = CameraSet(configuration, self._keep_observed, self._now)

    def _make_publisher(self, delete_on: DeleteOn) -> Publisher:
        return Publisher(
            self._configuration.settings.broker,
            self._identity,
            self.outbox,
            self._now,
            self._control,
            self._configuration.base,
            delete_on,
        )

    def _make_uploader(self) -> PictureUploader:
        settings = self._configuration.settings
        return PictureUploader(
            settings.hub,
            PictureQueue(self._database),
            self.outbox,
            self._configuration.data_dir / "pictures",
            settings.outbox.max_pictures,
            self._now,
            self._configuration.base,
        )

    def _make_rounds(self) -> Rounds:
        chosen = self._configuration
        sensors = sampled_sensors(chosen.settings.sensors, chosen.base, chosen.data_dir)
        return Rounds(sensors, self._keep_readings, self._now, chosen.settings.outbox.group)

    def start(self) -> None:
        """Start every part; none waits for another to succeed."""
        self.publisher.start()
        self.pictures.start()
        self._health.start()
        self._rounds.start()
        self.cameras.start()
        _log.info("edge agent started", device=self._identity.device)

    def stop(self) -> None:
        """Stop in reverse, within ``STOP_S``."""
        limit = time.monotonic() + STOP_S
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
        faults = [
            *self.publisher.faults(),
            *self.pictures.faults(),
            *self._rounds.faults(),
            *self._health.faults(),
            *self.cameras.faults(),
            *outbox_faults(lanes, self._dropped, self.publisher.silent_s(now.mono)),
        ]
        self._dropped = {lane.lane: lane.dropped for lane in lanes}
        return compose(
            self._identity.version,
            now.mono - self._started,
            self.cameras.health(),
            (*lanes, LaneHealth("pictures", self.pictures.waiting())),
            read_machine(self._configuration.data_dir),
            now.clock_set,
            faults,
        )

    def _keep_observed(self, observed: Observed) -> None:
        self.outbox.append(observation_draft(observed, new_id()), self._now())

    def _keep_readings(self, rounds: Sequence[Timed]) -> None:
        device = self._identity.device
        drafts = [(reading_draft(r, device, now.wall, new_id()), now) for r, now in rounds]
        self.outbox.append_all(drafts)

    def _keep_health(self, health: Health, now: Moment) -> None:
        draft = health_draft(health, self._identity.device, now.wall, new_id())
        self.outbox.append(draft, now)

    def _control(self, topic: Topic, payload: bytes) -> None:
        if topic.channel is Channel.COMMAND:
            self._commands.handle(topic.name, payload, self._now().wall)
        elif topic.channel is Channel.TWIN_DESIRED and payload:
            self._report(self._twin.desired(payload))

    def _set_interval(self, seconds: float) -> None:
        self._health.interval = seconds

    def _reply(self, reply: Reply) -> None:
        self.publisher.tell(Channel.REPLY, msgspec.json.encode(reply), name=reply.id)

    def _report(self, reported: TwinReported) -> None:
        self.publisher.tell(Channel.TWIN_REPORTED, msgspec.json.encode(reported))
