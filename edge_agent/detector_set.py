"""The detectors of a device by name: opened once, shared by cameras, replaced when they hang."""

import threading
from collections import Counter
from collections.abc import Callable

import structlog

from edge_agent.clock import Moment
from edge_agent.detectors import Detector, DetectorSettings, ModelError, open_detector
from edge_agent.faults import MODEL_FAILED
from edge_agent.replaceable import SharedDetector
from edge_agent.turns import Turns
from edge_agent.watchdog import Stage
from linli_contract.faults import explain, fault

INFERENCE_HUNG = "inference_hung"
HANG_S = 30.0
"""No answer for so long is no slow model: the slowest device needs about a second a frame."""
OPEN_S = 120.0
"""Compiling a model on a small device takes up to a minute."""
Open = Callable[[DetectorSettings], Detector]
_log = structlog.get_logger(__name__)


class DetectorSet:
    """Opens, shares and replaces them; thread-safe.

    Args:
        now: the clock.
        open_: opens one; raises ModelError.
        hang_s: seconds without an answer after which an instance is given up.
    """

    def __init__(
        self, now: Callable[[], Moment], open_: Open = open_detector, hang_s: float = HANG_S
    ) -> None:
        self._now = now
        self._open = open_
        self._hang_s = hang_s
        self._shared: dict[str, SharedDetector] = {}
        self._turns: dict[str, Turns] = {}  # by device: what runs there shares it
        self._settings: dict[str, DetectorSettings] = {}
        self._faults: dict[str, str] = {}
        self._replacing: dict[str, float] = {}
        self._lock = threading.Lock()
        self.restarts: Counter[str] = Counter()
        """By name: instances given up because they hung."""

    def get(self, settings: DetectorSettings) -> SharedDetector | None:
        """The detector of ``settings``, opened if need be; None when it failed, which is said."""
        if settings.name in self._faults and self._settings.get(settings.name) == settings:
            return None
        try:
            return self.need(settings)
        except ModelError as error:
            self._settings[settings.name] = settings
            self._note(settings.name, str(error))
            return None

    def need(self, settings: DetectorSettings) -> SharedDetector:
        """As :meth:`get`; one whose settings changed is opened anew and takes over.

        Raises:
            ModelError: it cannot be opened; what there was stays in use.
        """
        name = settings.name
        shared = self._shared.get(name)
        if shared is None:
            turns = self._turns.setdefault(settings.device, Turns(self._now))
            opened = self._open(settings)
            shared = self._shared[name] = SharedDetector(opened, self._now, turns)
        elif self._settings[name] != settings:
            shared.use(self._open(settings))
        self._settings[name] = settings
        self._faults.pop(name, None)
        return shared

    def keep_only(self, names: set[str]) -> None:
        """Close those that no settings name any more; no camera may use them by now."""
        for name in self._shared.keys() - names:
            self._shared.pop(name).close()
        self._faults = {name: text for name, text in self._faults.items() if name in names}

    def failed(self, name: str) -> bool:
        return name in self._faults

    def faults(self) -> tuple[str, ...]:
        """Why one could not be opened."""
        return tuple(self._faults.values())

    def stages(self, mono: float) -> list[Stage]:
        """For the watchdog."""
        found = []
        for name, shared in list(self._shared.items()):
            since = self._replacing.get(name)
            if since is None:
                stalled, limit, restart = (
                    shared.stalled_s(mono),
                    self._hang_s,
                    self._restarter(name),
                )
                said = fault(INFERENCE_HUNG, name)
                found.append(Stage(f"inference {name}", shared.done, stalled, limit, restart, said))
            else:  # opening the new one may hang as well
                found.append(Stage(f"inference {name}", shared.done, mono - since, OPEN_S))
        return found

    def _restarter(self, name: str) -> Callable[[], None]:
        return lambda: self.restart(name)

    def restart(self, name: str) -> None:
        """Open a new instance, in a thread of its own, and give the old one up."""
        with self._lock:
            if name in self._replacing:
                return
            self._replacing[name] = self._now().mono
            self.restarts[name] += 1
        threading.Thread(
            target=self._replace, args=(name,), name=f"detector-{name}", daemon=True
        ).start()

    def _replace(self, name: str) -> None:
        try:
            self._shared[name].give_up(self._open(self._settings[name]))
            self._faults.pop(name, None)
        except ModelError as error:
            self._note(name, str(error))
        except Exception as error:  # noqa: BLE001 - the thread's last resort; it is red and logged
            _log.exception("a detector could not be replaced", name=name)
            self._note(name, type(error).__name__)
        finally:
            self._shared[name].excuse()
            self._replacing.pop(name, None)

    def close(self) -> None:
        """Close them all."""
        for shared in self._shared.values():
            shared.close()

    def _note(self, name: str, reason: str) -> None:
        text = fault(MODEL_FAILED, f"{name}: {reason}")
        if self._faults.get(name) != text:
            _log.error("fault", code=MODEL_FAILED, reason=reason, said=explain(text, "en"))
        self._faults[name] = text
