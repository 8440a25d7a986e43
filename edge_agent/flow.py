"""One camera's journey: camera → detector → tracking → behaviours → evidence → emit.

One thread a camera and one frame in flight in each; whose frame is next the turns decide. A stage
that fails makes the camera red with its code and is tried again; nothing dies quietly.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from msgspec import structs

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
from edge_agent.types import Detections, Frame, Observed, Track
from linli_contract.payloads import CameraHealth, Observation, Phase

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
        self._watchers = behaviours
        self._emit = emit
        self._now = now
        self._backoff = Backoff(random)
        self._faults = faults.Faults(settings.name)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"flow-{settings.name}", daemon=True)
        self._log = structlog.get_logger(__name__).bind(camera=settings.name)
        self._cause = "restart"
        self._changes: deque[tuple[tuple[Watcher, ...], tuple[tuple[Watcher, str], ...]]] = deque()
        self._pending: deque[Observed] = deque()  # bounded: no frame while one waits
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
        self._started: float | None = None
        self._last: datetime | None = None

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
        self._changes.append((tuple(watchers), tuple(ended)))

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it came within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def health(self) -> CameraHealth:
        """How this camera is; from any thread."""
        counters = self._camera.health()
        mono = self._now().mono
        fault = self._fault(counters, mono)
        working = self._last is not None and counters.state == "ok"
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
        self._take_changes()
        self._send()
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
        found = self._observe(tracks, frame.time)
        own = self._seeing.for_picture(frame) if held and self._pictured(found) else detections
        self._pending.extend(self._with_evidence(found, frame, own))
        self._last = frame.time
        self._send()

    def _begin_anew_if_clock_went_back(self, time: datetime) -> None:
        if self._last is not None and time < self._last:
            self._log.warning("the clock went back", last=self._last, now=time)
            self._close("unknown")
            self._last = None
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

    def _observe(
        self, tracks: Sequence[Track], time: datetime
    ) -> list[tuple[Watcher, Observation]]:
        """A watcher that raises makes the camera red, and does not keep the others from theirs."""
        found: list[tuple[Watcher, Observation]] = []
        failed: Exception | None = None
        for watcher in self._watchers:
            try:
                found += [(watcher, observation) for observation in watcher.step(tracks, time)]
            except Exception as error:  # noqa: BLE001 - any bug of one behaviour; reported below
                failed = error
        if failed is None:
            self._faults.clear(faults.BEHAVIOUR_FAILED)
        else:
            self._faults.note(faults.BEHAVIOUR_FAILED, failed)
        return found

    def _pictured(self, found: Sequence[tuple[Watcher, Observation]]) -> bool:
        """Whether any of it takes a picture of its frame along."""
        starts = any(row.phase is Phase.START for _, row in found)
        return starts and self._settings.evidence.pictures

    def _with_evidence(
        self,
        found: Sequence[tuple[Watcher, Observation]],
        frame: Frame,
        detections: Detections | None,
    ) -> list[Observed]:
        """What starts takes a picture along; one frame makes one picture."""
        starts = [row for _, row in found if row.phase is Phase.START]
        pictures = self._picturing.at_start(frame, detections) if starts else ()
        for row in starts:
            self._picturing.begin(row, frame)
        return [
            Observed(
                frame.camera,
                watcher.event_type,
                frame.time,
                structs.replace(
                    observation,
                    pictures=pictures
                    if observation.phase is Phase.START
                    else self._picturing.later(observation),
                ),
            )
            for watcher, observation in found
        ]

    def _send(self) -> None:
        while self._pending:
            with self._faults.stage(faults.OUTBOX_FAILED):
                self._emit(self._pending[0])
            self._pending.popleft()

    def _take_changes(self) -> None:
        while self._changes:
            self._watchers, ended = self._changes.popleft()
            for watcher, cause in ended:
                self._end(watcher, cause)

    def _close(self, cause: str) -> None:
        """End what is open, at the time of the last frame."""
        for watcher in self._watchers:
            self._end(watcher, cause)

    def _end(self, watcher: Watcher, cause: str) -> None:
        if self._last is None:
            return
        self._pending += [
            Observed(
                self._settings.name,
                watcher.event_type,
                self._last,
                structs.replace(observation, pictures=self._picturing.later(observation)),
            )
            for observation in watcher.close(self._last, cause)
        ]

    def _finish(self, cause: str) -> None:
        self._camera.close()
        self._seeing.leave(self._settings.name)
        self._close(cause)
        try:
            self._send()
        except faults.StageError:
            self._log.error("observations not kept at the end", count=len(self._pending))
