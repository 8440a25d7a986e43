"""One camera's journey: camera → detector → tracking → behaviours → evidence → emit.

One thread a camera and one frame in flight in each; whose frame is next the turns decide. A stage
that fails makes the camera red with its code and is tried again; nothing dies quietly.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from edge_agent import faults
from edge_agent.backoff import Backoff
from edge_agent.behaviours import Watcher
from edge_agent.cameras import NO_FRAMES, Camera, CameraCounters
from edge_agent.cameras.settings import CameraSettings, MotionSettings
from edge_agent.clock import Moment
from edge_agent.evidence.strip import Strip
from edge_agent.motion import MotionGate
from edge_agent.motion_regions import MotionRegions
from edge_agent.picturing import Door, Picturing
from edge_agent.pulse import Pulse
from edge_agent.scheduler import POLL_S, Detector, OneInFlight
from edge_agent.seeing import Seeing
from edge_agent.tracking import Tracker
from edge_agent.turns import Turns
from edge_agent.types import Frame, Observed
from edge_agent.watching import Watching
from linli_contract.payloads import CameraHealth

DEAD_S = 5.0
"""A stream without a frame for so long is dead."""
START_S = 15.0
"""Longest time to the first frame: connecting may take its whole timeout."""


class CameraFlow:
    """Runs one camera.

    Args:
        settings: the camera's.
        camera: not opened yet; the flow opens and closes it.
        detector: shared with other cameras.
        tracker: this camera's own.
        behaviours: watchers of this camera's zones.
        door: makes pictures.
        emit: takes an observation for good; when it raises, the flow tries again before it looks
            at the next frame.
        now: reads the clocks.
        random: numbers 0-1, for jitter.
        strip: pictures before and after an observation's start; None: none.
        gate: says which frames show nothing new; without one the detector looks at every frame.
        turns: at the accelerator that cameras share; without it this one has it for itself.
        regions: parts of the frame around motion to look at as well; None: none.
    """

    def __init__(
        self,
        settings: CameraSettings,
        camera: Camera,
        detector: Detector,
        tracker: Tracker,
        behaviours: Sequence[Watcher],
        door: Door,
        emit: Callable[[Observed], None],
        now: Callable[[], Moment],
        random: Callable[[], float],
        gate: MotionGate | None = None,
        turns: Turns | None = None,
        strip: Strip | None = None,
        regions: MotionRegions | None = None,
    ) -> None:
        self._settings = settings
        self._camera = camera
        self._now = now
        self._backoff = Backoff(random)
        self._faults = faults.Faults(settings.name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"flow-{settings.name}", daemon=True)
        self._log = structlog.get_logger(__name__).bind(camera=settings.name)
        self._cause = "restart"
        self.pulse = Pulse()
        self._drops: Counter[str] = Counter()
        self._seeing = Seeing(
            OneInFlight(detector, now, self._stop, turns),
            tracker,
            gate or MotionGate(MotionSettings(enabled=False), ()),
            regions,
            self._faults,
            self._drops,
            now,
        )
        wanted = settings.evidence.pictures
        self._picturing = Picturing(door, strip, wanted, self._faults, self._drops)
        self._watching = Watching(
            settings.name, behaviours, self._picturing, wanted, emit, self._faults
        )
        self._started: float | None = None

    def start(self) -> None:
        """Open the camera and begin."""
        self._started = self._now().mono
        self._camera.open()
        self._thread.start()

    def stop(self, cause: str = "restart") -> None:
        """Ask the flow to end; open observations end with ``cause``."""
        self._cause = cause
        self._stop.set()

    def change(self, watchers: Sequence[Watcher], ended: Sequence[tuple[Watcher, str]]) -> None:
        """Watch with ``watchers`` from the next frame on; no frame is lost.

        Args:
            ended: those no longer among them, each with the cause that its open observations
                end with.
        """
        self._watching.change(watchers, ended)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it came within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def health(self) -> CameraHealth:
        """How this camera is; from any thread."""
        counters = self._camera.health()
        mono = self._now().mono
        fault = self._fault(counters, mono)
        working = self._watching.last is not None and counters.state == "ok"
        return CameraHealth(
            name=self._settings.name,
            state="fault" if fault else "ok" if working else "starting",
            fault=fault,
            fps_in=round(counters.fps, 2),
            fps_decoded=round(counters.fps_decoded, 2),
            fps_inferred=round(self._seeing.rate.per_second(mono), 2),
            frame_age_s=counters.frame_age_s,
            drops=counters.drops | dict(self._drops),
        )

    def _fault(self, counters: CameraCounters, mono: float) -> str:
        if counters.state == "fault":
            return counters.code
        waited = 0.0 if self._started is None else mono - self._started
        if counters.frame_age_s is None and waited > START_S:
            return NO_FRAMES
        patience = max(DEAD_S, counters.patience_s)
        if counters.frame_age_s is not None and counters.frame_age_s > patience:
            return NO_FRAMES
        if self._seeing.overdue(mono):
            return faults.MODEL_FAILED
        return self._faults.first()

    def _run(self) -> None:
        while not self._stop.is_set() and not self._camera.health().ended:
            try:
                self._turn()
                self._faults.clear(faults.FLOW_FAILED)
            except faults.StageError:
                self._stop.wait(self._backoff.next())
            except Exception as error:  # noqa: BLE001 - a camera never dies quietly
                self._faults.note(faults.FLOW_FAILED, error)
                self._stop.wait(self._backoff.next())
        self._finish(self._cause if self._stop.is_set() else "unknown")

    def _turn(self) -> None:
        self.pulse.beat(self._now().mono)
        self._watching.take_changes()
        self._watching.send()
        frame = self._camera.read(POLL_S)
        if frame is not None:
            self._look(frame)
            self._backoff.reset()

    def _look(self, frame: Frame) -> None:
        """The list of the stages."""
        self._begin_anew_if_clock_went_back(frame.time)
        held = self._seeing.held(frame)
        fresh = frame if held else self._newest_at_turn(frame)
        seen = held or (self._seeing.see(fresh) if fresh else None)
        if fresh is None or seen is None:
            return
        frame, (detections, tracks) = fresh, seen
        if not held:
            self._picturing.see(frame, detections)
        found = self._watching.observe(tracks, frame.time)
        anew = held and self._watching.takes_picture(found)
        own = self._seeing.for_picture(frame) if anew else detections
        self._watching.keep(found, frame, own)

    def _begin_anew_if_clock_went_back(self, time: datetime) -> None:
        last = self._watching.last
        if last is not None and time < last:
            self._log.warning("the clock went back", last=last, now=time)
            self._watching.close("unknown")
            self._watching.last = None
            self._seeing.begin_anew()

    def _newest_at_turn(self, frame: Frame) -> Frame | None:
        fresh = self._seeing.newest_at_turn(frame, self._newer)
        if fresh is not None:
            self._begin_anew_if_clock_went_back(fresh.time)
        return fresh

    def _newer(self) -> Frame | None:
        """A frame that came meanwhile. A recording that is to be seen whole has none."""
        whole = getattr(self._settings.source, "realtime", True) is False
        return None if whole else self._camera.read(0.0)

    def _finish(self, cause: str) -> None:
        self._camera.close()
        self._seeing.leave(self._settings.name)
        self._watching.close(cause)
        try:
            self._watching.send()
        except faults.StageError:
            self._log.error("observations not kept at the end", count=self._watching.waiting)
