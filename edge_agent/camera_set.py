"""All cameras of a device with the detectors they share and the one door for pictures.

Opening takes time (models are compiled), so a thread of its own does it: the device is online,
and can be stopped, meanwhile. A camera whose model failed is red; the others run.
"""

import threading
import time
from collections.abc import Callable

import structlog

from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Moment
from edge_agent.detector_set import DetectorSet, Open
from edge_agent.detectors import ModelError, open_detector
from edge_agent.evidence import Door, ShutDoor, Withheld, open_door
from edge_agent.faults import FLOW_FAILED, HOLIDAYS_UNKNOWN, MODEL_FAILED, PRIVACY_FAILED
from edge_agent.polygons import Polygon
from edge_agent.replaceable import SharedDetector
from edge_agent.settings import Configuration
from edge_agent.station import RECONFIGURED, Station
from edge_agent.types import Observed
from edge_agent.watchdog import Stage
from linli_contract.faults import explain, fault
from linli_contract.payloads import CameraHealth, Picture

PICTURE_S = 10.0
"""Longest wait for the frame of a snapshot, and for what the detector sees in it."""
_ENDED_S = 15.0
_log = structlog.get_logger(__name__)


class NoPicture(Exception):  # noqa: N818 - the answer to a request, not a defect
    """A snapshot that cannot be had; the text says why."""


class CameraSet:
    """Opens, watches, changes and closes them; thread-safe.

    Args:
        configuration: cameras, detectors, evidence and folders.
        emit: takes an observation for good.
        now: the clock.
        open_: opens a detector.
    """

    def __init__(
        self,
        configuration: Configuration,
        emit: Callable[[Observed], None],
        now: Callable[[], Moment],
        open_: Open = open_detector,
    ) -> None:
        self._configuration = configuration
        self._emit = emit
        self._now = now
        self.detectors = DetectorSet(now, open_)
        self._privacy: dict[str, list[Polygon]] = {}  # the door's; changes with the cameras
        self._door: Door | ShutDoor | None = None
        self._stations: dict[str, Station] = {}
        self._faults: list[str] = []
        self._stop = threading.Event()
        self._changing = threading.RLock()
        """Held while cameras are opened or changed, which may take minutes."""
        self._lock = threading.Lock()
        """Held for a look at or a change of the list of stations."""
        self._opener = threading.Thread(target=self._open_all, name="open-cameras", daemon=True)

    def start(self) -> None:
        if self._configuration.settings.cameras:
            self._opener.start()

    @property
    def opening(self) -> bool:
        """Whether models are still being loaded."""
        return self._opener.is_alive()

    @property
    def left_behind(self) -> bool:
        """Whether a thread hangs in a library, so that the program cannot end by itself."""
        stations = list(self._stations.values())
        return any(self.detectors.restarts.values()) or any(s.left_behind for s in stations)

    def names(self) -> tuple[str, ...]:
        """Every camera of the settings, opened or not."""
        return tuple(row.name for row in self._configuration.settings.cameras)

    def health(self) -> tuple[CameraHealth, ...]:
        """Every camera of the settings, opened or not."""
        return tuple(self._health(row) for row in self._configuration.settings.cameras)

    def _health(self, settings: CameraSettings) -> CameraHealth:
        if station := self._stations.get(settings.name):
            restarts = sum(self.detectors.restarts[name] for name in settings.detector_names)
            return station.health(restarts)
        if any(self.detectors.failed(name) for name in settings.detector_names):
            return CameraHealth(settings.name, "fault", MODEL_FAILED)
        return CameraHealth(settings.name, "starting")

    def faults(self) -> tuple[str, ...]:
        """Why a model or the door failed, with its reason; years whose holidays are missing."""
        with self._lock:
            stations = list(self._stations.values())
        years = sorted({year for station in stations for year in station.unknown_years()})
        missing = [fault(HOLIDAYS_UNKNOWN, str(year)) for year in years]
        return (*self._faults, *self.detectors.faults(), *missing)

    def stages(self, mono: float) -> list[Stage]:
        """Every decoder, flow and detector, for the watchdog."""
        with self._lock:
            stations = list(self._stations.values())
        rows = [stage for station in stations for stage in station.stages(mono)]
        return rows + self.detectors.stages(mono)

    def stop(self, timeout: float) -> None:
        """End all flows at once, then the detectors, within about ``timeout`` seconds."""
        self._stop.set()
        limit = time.monotonic() + timeout
        with self._lock:  # no flow starts from here on
            stations = list(self._stations.values())
        for station in stations:
            station.stop()
        ended = [station.join(max(0.0, limit - time.monotonic())) for station in stations]
        if all(ended):
            self.detectors.close()
        else:
            _log.error("a camera did not end in time", count=ended.count(False))

    def reconnect(self, name: str) -> bool:
        """Connect a camera anew; tracks and observations go on. False when it is not open."""
        station = self._stations.get(name)
        if station is not None and station.ended:
            with self._changing:  # a recording at its end begins again
                self._end([name])
                self._open_camera(station.settings)
        elif station is not None:
            station.reconnect()
        return station is not None

    def snapshot(self, name: str) -> Picture:
        """A picture of what the camera shows now, through the door.

        Raises:
            NoPicture: no frame came, the detector did not answer, or the door withheld it.
        """
        station = self._stations.get(name)
        if station is None:
            raise NoPicture(f"{name} is not open yet, or its model failed")
        try:
            door = self._door or self._new_door()
            frame, seen = station.look(PICTURE_S)
            return door.evidence(frame, seen, "reference")
        except (TimeoutError, ModelError, Withheld) as error:
            raise NoPicture(f"{name}: {error}") from error

    def apply(self, configuration: Configuration) -> None:
        """Put other cameras and detectors in force; those whose settings stay go on untouched.

        Raises:
            ModelError: a model cannot be opened; nothing was changed.
        """
        with self._changing:
            wanted = {row.name: row for row in configuration.settings.cameras}
            used = {name for row in wanted.values() for name in row.detector_names}
            for row in configuration.settings.detectors:
                if row.name in used:
                    self.detectors.need(configuration.detector(row))
            self._end([name for name in self._stations if not self._stays(name, wanted)])
            self._configuration = configuration
            for settings in wanted.values():
                self._change_or_open(settings)
            self.detectors.keep_only(used)

    def _stays(self, name: str, wanted: dict[str, CameraSettings]) -> bool:
        """Whether the running station can go on with what is wanted of it."""
        settings, station = wanted.get(name), self._stations[name]
        return settings is not None and station.fits(settings) and not station.ended

    def _end(self, names: list[str]) -> None:
        """Their observations end before anything new begins."""
        with self._lock:
            ending = [self._stations.pop(name) for name in names]
        for station in ending:
            station.stop(RECONFIGURED)
        limit = time.monotonic() + _ENDED_S
        for station in ending:
            if not station.join(max(0.0, limit - time.monotonic())):
                _log.error("a camera did not end in time", camera=station.settings.name)

    def _change_or_open(self, settings: CameraSettings) -> None:
        station = self._stations.get(settings.name)
        if station is None:
            self._open_camera(settings)
        elif station.settings != settings:
            station.change(settings)

    def _open_all(self) -> None:
        try:
            with self._changing:
                for settings in self._configuration.settings.cameras:
                    if self._stop.is_set():
                        return
                    if settings.name not in self._stations:
                        self._open_camera(settings)
        except Exception as error:  # noqa: BLE001 - the thread's last resort; all of it is red
            _log.exception("cameras could not be opened")
            self._faults.append(fault(FLOW_FAILED, type(error).__name__))

    def _open_camera(self, settings: CameraSettings) -> None:
        found = [self._detector(name) for name in settings.detector_names]
        detectors = [detector for detector in found if detector is not None]
        if len(detectors) < len(found):
            return
        self._privacy[settings.name] = list(settings.privacy)
        chosen = self._configuration
        station = Station(
            settings,
            detectors,
            self._door_of(settings),
            self._emit,
            self._now,
            chosen.base,
            chosen.duty(),
        )
        with self._lock:
            if not self._stop.is_set():
                station.start()
                self._stations[settings.name] = station

    def _detector(self, name: str) -> SharedDetector | None:
        chosen = self._configuration
        row = next(row for row in chosen.settings.detectors if row.name == name)
        return self.detectors.get(chosen.detector(row))

    def _door_of(self, settings: CameraSettings) -> Door | ShutDoor:
        """The door, opened with the first camera that takes pictures; shut where its model failed,
        which is said."""
        if not settings.evidence.pictures:
            return ShutDoor(f"{settings.name} takes no pictures")
        try:
            return self._door or self._new_door()
        except ModelError as error:
            self._note(PRIVACY_FAILED, str(error))
            self._door = ShutDoor(str(error))
            return self._door

    def _new_door(self) -> Door:
        """The one door, for all cameras.

        Raises:
            ModelError: the face model is not here or does not run.
        """
        chosen = self._configuration
        door = open_door(self._privacy, chosen.data_dir, chosen.settings.evidence)
        self._door = door
        return door

    def _note(self, code: str, reason: str) -> None:
        text = fault(code, reason)
        _log.error("fault", code=code, reason=reason, said=explain(text, "en"))
        self._faults.append(text)
