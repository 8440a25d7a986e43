"""All cameras of a device with the detectors they share and the one door for pictures.

Opening takes time (models are compiled), so a thread of its own does it: the device is online,
and can be stopped, meanwhile. A camera whose model failed is red; the others run.
"""

import random
import threading
import time
from collections.abc import Callable

import structlog

from edge_agent.behaviours import watchers
from edge_agent.cameras import Surroundings, camera
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Moment, new_id
from edge_agent.detectors import Detector, ModelError, open_detector
from edge_agent.evidence import Door, ShutDoor, open_door
from edge_agent.faults import FLOW_FAILED, MODEL_FAILED, PRIVACY_FAILED
from edge_agent.flow import CameraFlow
from edge_agent.settings import Configuration
from edge_agent.tracking import byte_tracker
from edge_agent.types import Observed
from linli_contract.faults import explain, fault
from linli_contract.payloads import CameraHealth

_log = structlog.get_logger(__name__)


class CameraSet:
    """Opens, watches and closes them.

    Args:
        configuration: cameras, detectors, evidence and folders.
        emit: takes an observation for good.
        now: the clock.
    """

    def __init__(
        self,
        configuration: Configuration,
        emit: Callable[[Observed], None],
        now: Callable[[], Moment],
    ) -> None:
        self._configuration = configuration
        self._emit = emit
        self._now = now
        self._cameras = configuration.settings.cameras
        self._detectors: dict[str, Detector] = {}
        self._flows: dict[str, CameraFlow] = {}
        self._failed_detectors: set[str] = set()
        self._failed: set[str] = set()  # cameras whose detector failed
        self._faults: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._opener = threading.Thread(target=self._open, name="open-cameras", daemon=True)

    def start(self) -> None:
        if self._cameras:
            self._opener.start()

    @property
    def opening(self) -> bool:
        """Whether models are still being loaded."""
        return self._opener.is_alive()

    def health(self) -> tuple[CameraHealth, ...]:
        """Every camera of the settings, opened or not."""
        return tuple(self._health(row) for row in self._cameras)

    def _health(self, settings: CameraSettings) -> CameraHealth:
        if flow := self._flows.get(settings.name):
            return flow.health()
        if settings.name in self._failed:
            return CameraHealth(settings.name, "fault", MODEL_FAILED)
        return CameraHealth(settings.name, "starting")

    def faults(self) -> tuple[str, ...]:
        """Why a model or the door failed, with its reason."""
        return tuple(self._faults)

    def stop(self, timeout: float) -> None:
        """End all flows at once, then the detectors, within about ``timeout`` seconds."""
        self._stop.set()
        limit = time.monotonic() + timeout
        with self._lock:  # no flow starts from here on
            flows = list(self._flows.values())
        for flow in flows:
            flow.stop()
        ended = [flow.join(max(0.0, limit - time.monotonic())) for flow in flows]
        if all(ended):
            for detector in self._detectors.values():
                detector.close()
        else:
            _log.error("a camera did not end in time", count=ended.count(False))

    def _open(self) -> None:
        try:
            door = self._door()
            for settings in self._cameras:
                if self._stop.is_set():
                    return
                self._open_camera(settings, door)
        except Exception as error:  # noqa: BLE001 - the thread's last resort; all of it is red
            _log.exception("cameras could not be opened")
            self._faults.append(fault(FLOW_FAILED, type(error).__name__))

    def _door(self) -> Door | ShutDoor:
        rows = self._cameras
        if not any(row.evidence.pictures for row in rows):
            return ShutDoor("no camera takes pictures")
        chosen = self._configuration
        try:
            privacy = {row.name: row.privacy for row in rows}
            return open_door(privacy, chosen.data_dir, chosen.settings.evidence)
        except ModelError as error:
            self._note(PRIVACY_FAILED, str(error))
            return ShutDoor(str(error))

    def _open_camera(self, settings: CameraSettings, door: Door | ShutDoor) -> None:
        detector = self._detector(settings.detector)
        if detector is None:
            self._failed.add(settings.name)
            return
        around = Surroundings(self._now, random.random, self._configuration.base)
        flow = CameraFlow(
            settings,
            camera(settings, around),
            detector,
            byte_tracker(),
            watchers(settings.zones, new_id),
            door,
            self._emit,
            self._now,
            random.random,
        )
        with self._lock:
            if not self._stop.is_set():
                flow.start()
                self._flows[settings.name] = flow

    def _detector(self, name: str) -> Detector | None:
        """The detector of that name, opened once; None when it failed."""
        if name not in self._detectors and name not in self._failed_detectors:
            settings = next(d for d in self._configuration.settings.detectors if d.name == name)
            try:
                self._detectors[name] = open_detector(self._configuration.detector(settings))
            except ModelError as error:
                self._failed_detectors.add(name)
                self._note(MODEL_FAILED, f"{name}: {error}")
        return self._detectors.get(name)

    def _note(self, code: str, reason: str) -> None:
        text = fault(code, reason)
        _log.error("fault", code=code, reason=reason, said=explain(text, "en"))
        self._faults.append(text)
