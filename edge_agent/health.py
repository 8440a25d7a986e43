"""How the device is: what every part says, as one heartbeat. Anything at fault makes it red."""

import threading
from collections.abc import Callable, Iterable

import structlog

from edge_agent.clock import Moment
from edge_agent.machine import Machine, read_machine
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.pulse import Pulse
from linli_contract.faults import fault
from linli_contract.payloads import CameraHealth, Health, LaneHealth

__all__ = ["HealthMonitor", "Machine", "compose", "outbox_faults", "read_machine"]
SILENT_S = 180.0  # three rounds of sending again
_TICK_S = 0.5
_TEND_S = 5.0
_log = structlog.get_logger(__name__)


def outbox_faults(
    lanes: Iterable[LaneHealth], before: dict[str, int], silent_s: float
) -> list[str]:
    """What the lanes say: something was dropped since the last heartbeat, or the hub is silent.

    Args:
        lanes: now.
        before: what each lane had dropped at the last heartbeat.
        silent_s: seconds of this connection without an acknowledgement.
    """
    lanes = list(lanes)
    found = [
        fault("outbox_full", f"{lane.lane} × {lane.dropped}")
        for lane in lanes
        if lane.dropped > before.get(lane.lane, lane.dropped)
    ]
    if silent_s > SILENT_S and any(lane.sent for lane in lanes):
        found.append(fault("hub_silent"))
    return found


def compose(
    version: str,
    uptime_s: float,
    cameras: tuple[CameraHealth, ...],
    lanes: tuple[LaneHealth, ...],
    machine: Machine,
    clock_set: bool,
    faults: Iterable[str],
) -> Health:
    """The heartbeat; red when a camera or anything else is at fault."""
    clock = [] if clock_set else [fault("clock_not_set")]
    found = (*faults, *machine.faults(), *clock)
    red = bool(found) or any(camera.state == "fault" for camera in cameras)
    return Health(
        version=version,
        uptime_s=round(uptime_s, 1),
        state="fault" if red else "ok",
        cameras=cameras,
        lanes=lanes,
        cpu_percent=machine.cpu_percent,
        temperature_c=machine.temperature_c,
        memory_mb=machine.memory_mb,
        disk_free_mb=machine.disk_free_mb,
        clock_set=clock_set,
        faults=found,
        memory_free_mb=machine.memory_free_mb,
        clock_offset_s=machine.clock_offset_s,
        throttled=machine.throttled,
    )


class HealthMonitor:
    """Sends the heartbeat and tends the outbox.

    Args:
        read: makes the heartbeat.
        emit: keeps it for good; raises OutboxError when it cannot.
        outbox: tended every few seconds.
        now: the clock.
        interval: seconds between heartbeats; may be changed while it runs.
    """

    def __init__(
        self,
        read: Callable[[Moment], Health],
        emit: Callable[[Health, Moment], None],
        outbox: Outbox,
        now: Callable[[], Moment],
        interval: float,
    ) -> None:
        self.interval = interval
        self._read = read
        self._emit = emit
        self._outbox = outbox
        self._now = now
        self.pulse = Pulse()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._fault = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def faults(self) -> tuple[str, ...]:
        return (self._fault,) if self._fault else ()

    def _run(self) -> None:
        sent = tended = float("-inf")
        while not self._stop.is_set():
            now = self._now()
            self.pulse.beat(now.mono)
            try:
                if now.mono - tended >= _TEND_S:
                    tended = now.mono
                    self._outbox.tend(now)
                if now.mono - sent >= self.interval:
                    sent = now.mono
                    self._emit(self._read(now), now)
                    self._fault = ""
            except OutboxError as error:
                self._fault = fault("outbox_write", str(error))
                _log.error("heartbeat not kept", error=str(error))
            except Exception as error:  # noqa: BLE001 - the heartbeat must go on and say it
                self._fault = fault("part_failed", f"health: {type(error).__name__}")
                _log.exception("health failed")
            self._stop.wait(_TICK_S)
