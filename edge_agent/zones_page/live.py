"""One camera as it is seen now: masked picture, tracks and motion, while somebody looks.

The same stages as the agent's own flow, in a thread of their own, with the agent's one door for
the picture. Nobody looking, nothing is detected.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from edge_agent.cameras import Camera, Surroundings, camera
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
from edge_agent.detectors import Detector, ModelError, open_detector
from edge_agent.detectors.together import Looks
from edge_agent.evidence import Door, ShutDoor, Withheld, open_door
from edge_agent.looking import looking
from edge_agent.motion import small_grey
from edge_agent.settings import Configuration
from edge_agent.tracking import Tracker, byte_tracker, with_looks
from edge_agent.types import Frame, Track
from edge_agent.zones_page.motion import Cells, MotionMap
from linli_contract.faults import fault

LOOKED_S = 10.0
"""After so long without a question nobody looks any more."""
RATE_S = 0.2
"""Between two pictures: five a second are enough to draw by."""
_DETECT_S = 30.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class View:
    """What the page shows; ``number`` grows with every view."""

    number: int
    jpeg: bytes = b""
    """masked; empty when there is no picture"""
    size: tuple[int, int] = (16, 9)
    tracks: tuple[Track, ...] = ()
    motion: Cells | None = None
    fault: str = ""
    """``code: detail`` of why there is no picture"""


class Live:
    """Runs one camera for the page.

    Args:
        configuration: of the device; :meth:`show` takes a changed one.
        name: the camera's.
        env: where models are.
    """

    def __init__(self, configuration: Configuration, name: str, env: Mapping[str, str]) -> None:
        self._name = name
        self._env = env
        self._clock = Clock()
        self._changed = threading.Condition()
        self._configuration = configuration
        self._stale = False
        self._view = View(0)
        self._asked = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="zones-live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        self._stop.set()
        self._thread.join(timeout)

    def show(self, configuration: Configuration) -> None:
        """Go on with the camera's changed settings: a new privacy polygon holds from now on, so
        what was seen before is not shown any more."""
        with self._changed:
            self._configuration, self._stale = configuration, True
            self._view = View(self._view.number + 1, size=self._view.size)
            self._changed.notify_all()

    def view(self, after: int, timeout: float) -> View:
        """The newest view; waits up to ``timeout`` seconds for one newer than ``after``."""
        with self._changed:
            self._asked = time.monotonic()
            self._changed.wait_for(lambda: self._view.number > after, timeout)
            return self._view

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._session()
            except ModelError as error:
                self._say(fault("model_failed", str(error)))
                self._stop.wait(2.0)
            except Exception as error:  # noqa: BLE001 - the page must say it, not stop
                _log.exception("live view failed")
                self._say(fault("flow_failed", type(error).__name__))
                self._stop.wait(2.0)

    def _session(self) -> None:
        """Until the settings change."""
        with self._changed:
            configuration, self._stale = self._configuration, False
        settings = next(row for row in configuration.settings.cameras if row.name == self._name)
        opened = camera(settings, Surroundings(self._clock.now, random.random, configuration.base))
        detectors = [_detector(configuration, n, self._env) for n in settings.detector_names]
        try:
            opened.open()
            door = self._door(configuration, settings)
            eyes = _Eyes(looking(settings, detectors), byte_tracker(), door)
            while not (self._stop.is_set() or self._stale):
                self._look(opened, eyes)
        finally:
            opened.close()
            for detector in detectors:
                detector.close()

    def _door(self, configuration: Configuration, settings: CameraSettings) -> Door | ShutDoor:
        privacy = {settings.name: settings.privacy}
        try:
            chosen = configuration.settings.evidence
            return open_door(privacy, configuration.data_dir, chosen, self._env)
        except ModelError as error:
            return ShutDoor(str(error))

    def _look(self, opened: Camera, eyes: "_Eyes") -> None:
        begin = time.monotonic()
        frame = opened.read(0.5)
        health = opened.health()
        if frame is None:
            if health.state == "fault":
                self._say(fault(health.code, health.text))
            return
        if begin - self._asked > LOOKED_S:
            return
        self._put(lambda number: eyes.see(frame, number))
        self._stop.wait(max(0.0, RATE_S - (time.monotonic() - begin)))

    def _say(self, text: str) -> None:
        if text != self._view.fault:
            self._put(lambda number: View(number, size=self._view.size, fault=text))

    def _put(self, make: Callable[[int], View]) -> None:
        view = make(self._view.number + 1)
        with self._changed:
            if not self._stale:
                self._view = view
                self._changed.notify_all()


class _Eyes:
    """Detector, tracker and door for one session."""

    def __init__(self, detector: Looks, tracker: Tracker, door: Door | ShutDoor) -> None:
        self._detector, self._tracker, self._door = detector, tracker, door
        self._motion = MotionMap()

    def see(self, frame: Frame, number: int) -> View:
        seen = self._detector.submit(frame).result(timeout=_DETECT_S)
        tracks = tuple(self._tracker.update(with_looks(seen, frame.image), frame.time))
        small = small_grey(frame.image) if frame.small is None else frame.small
        cells = self._motion.cells(small)
        try:
            jpeg, said = self._door.preview(frame, seen), ""
        except Withheld as error:
            jpeg, said = b"", fault("privacy_failed", str(error))
        return View(number, jpeg, frame.size, tracks, cells, said)


def _detector(configuration: Configuration, name: str, env: Mapping[str, str]) -> Detector:
    row = next(row for row in configuration.settings.detectors if row.name == name)
    return open_detector(configuration.detector(row), env)
