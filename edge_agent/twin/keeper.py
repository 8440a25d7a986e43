"""The twin's thread: putting a configuration in force may take a minute, and a trial is watched."""

import threading
from collections.abc import Callable

import structlog

from edge_agent.clock import Moment
from edge_agent.pulse import Pulse
from edge_agent.twin.twin import Apply, Twin
from linli_contract.faults import fault
from linli_contract.payloads import TwinReported

_TURN_S = 0.5
_log = structlog.get_logger(__name__)


class Keeper:
    """Runs a twin.

    Args:
        twin: what is in force.
        apply: puts a configuration in force; raises ApplyError.
        red: what is at fault now, by name.
        report: tells the hub.
        now: the clock.
    """

    def __init__(
        self,
        twin: Twin,
        apply: Apply,
        red: Callable[[], dict[str, str]],
        report: Callable[[TwinReported], None],
        now: Callable[[], Moment],
    ) -> None:
        self._twin = twin
        self._apply = apply
        self._red = red
        self._report = report
        self._now = now
        self.pulse = Pulse()
        self._inbox: list[bytes] = []  # of one: a newer wish takes the place of one that waits
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)
        self._fault = ""

    def start(self) -> None:
        self._report(self._twin.reported())
        self._thread.start()

    def stop(self, timeout: float = 0.5) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def faults(self) -> tuple[str, ...]:
        own = (self._fault,) if self._fault else ()
        return own + self._twin.faults()

    def offer(self, payload: bytes) -> None:
        """Take a wish as it came; returns at once."""
        self._inbox = [payload]
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            mono = self._now().mono
            self.pulse.beat(mono)
            try:
                self._turn(mono)
                self._fault = ""
            except Exception as error:  # noqa: BLE001 - the thread must live; it is red meanwhile
                self._fault = fault("part_failed", f"twin: {type(error).__name__}")
                _log.exception("twin failed")
            self._wake.wait(_TURN_S)
            self._wake.clear()

    def _turn(self, mono: float) -> None:
        while self._inbox:
            [payload], self._inbox = self._inbox, []
            self._report(self._twin.desired(payload, self._apply, self._red(), mono))
        if ended := self._twin.tick(self._apply, self._red(), mono):
            self._report(ended)
