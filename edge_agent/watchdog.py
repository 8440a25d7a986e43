"""Does every enabled part make progress? What hangs is replaced alone first; when that does not
help, systemd is no longer fed and starts the whole program again."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from edge_agent.clock import Moment
from edge_agent.notify import Notifier
from linli_contract.faults import fault

TRIES = 3
"""So often a part is replaced without doing anything in between; then only a restart is left."""
SAID_S = 600.0
"""So long a part that was replaced stays a fault: who looks at the device shall know."""
_TURN_S = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Stage:
    """One part as the watchdog sees it."""

    name: str
    done: int
    """What it has done since start; grows with real progress only."""
    stalled_s: float
    """Seconds for which it owes progress; 0 while it has nothing to do."""
    limit_s: float
    restart: Callable[[], None] | None = None
    """Replaces it alone; None where only the whole program can be started again."""
    fault: str = ""
    """Said for a while after it was replaced."""


@dataclass
class _Case:
    done: int
    tries: int = 0


@dataclass(frozen=True)
class Verdict:
    """What is to be done now."""

    restart: tuple[Stage, ...] = ()
    hopeless: tuple[str, ...] = ()
    """Parts that hang and cannot be replaced (any more): do not feed."""


class Judge:
    """Keeps how often each part was replaced in vain; time comes from the stages."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}

    def look(self, stages: Iterable[Stage]) -> Verdict:
        """What the stages, read once a turn, call for."""
        restart, hopeless = [], []
        stages = list(stages)
        self._forget(stages)
        for stage in stages:
            if stage.stalled_s <= stage.limit_s:
                continue
            case = self._cases.setdefault(stage.name, _Case(stage.done))
            if stage.restart is None or case.tries >= TRIES:
                hopeless.append(stage.name)
            else:
                case.tries += 1
                restart.append(stage)
        return Verdict(tuple(restart), tuple(hopeless))

    def _forget(self, stages: list[Stage]) -> None:
        """A part that did something since, or is no more, begins with all its tries."""
        done = {stage.name: stage.done for stage in stages}
        self._cases = {
            name: case for name, case in self._cases.items() if done.get(name) == case.done
        }


class Watchdog:
    """The thread that looks once a second.

    Args:
        stages: all enabled parts at a monotonic time.
        notifier: systemd.
        status: one line about the whole.
        now: the clock.
        turn_s: seconds between two looks.
    """

    def __init__(
        self,
        stages: Callable[[float], Iterable[Stage]],
        notifier: Notifier,
        status: Callable[[], str],
        now: Callable[[], Moment],
        turn_s: float = _TURN_S,
    ) -> None:
        self._stages = stages
        self._notifier = notifier
        self._status = status
        self._now = now
        self._turn_s = turn_s
        self._judge = Judge()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._faults: tuple[str, ...] = ()
        self._replaced: dict[str, float] = {}  # bounded: by the number of parts

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def faults(self) -> tuple[str, ...]:
        """Which parts hang beyond help, and which were replaced lately."""
        mono = self._now().mono
        lately = [text for text, at in list(self._replaced.items()) if mono - at <= SAID_S]
        return (*self._faults, *lately)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.turn()
            except Exception as error:  # noqa: BLE001 - a bug here must not look like health: no feed
                _log.exception("watchdog failed")
                self._faults = (fault("part_failed", f"watchdog: {type(error).__name__}"),)
            self._stop.wait(self._turn_s)

    def turn(self) -> None:
        """Look once; replace, feed or keep silent."""
        mono = self._now().mono
        verdict = self._judge.look(self._stages(mono))
        for stage in verdict.restart:
            _log.error("a part hangs and is replaced", part=stage.name, stalled_s=stage.stalled_s)
            self._replaced |= {stage.fault: mono} if stage.fault else {}
            self._restart(stage)
        self._note(verdict.hopeless)
        if not verdict.hopeless:
            self._notifier.feed()
        self._notifier.status(self._status())

    @staticmethod
    def _restart(stage: Stage) -> None:
        assert stage.restart is not None  # noqa: S101 - Judge gives no other
        try:
            stage.restart()
        except Exception:  # noqa: BLE001 - it is tried again, then counts as hopeless
            _log.exception("a part could not be replaced", part=stage.name)

    def _note(self, hopeless: tuple[str, ...]) -> None:
        faults = tuple(fault("stalled", name) for name in hopeless)
        if faults != self._faults and faults:
            _log.critical("parts make no progress; the watchdog is not fed", parts=hopeless)
        self._faults = faults
