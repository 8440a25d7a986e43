"""Can it happen in this recording? A quick look before a demonstration is built on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from edge_agent.behaviours.intrusion import intrusion
from edge_agent.behaviours.settings import IntrusionSettings, ZoneSettings
from edge_agent.cameras.file import open_video
from edge_agent.cameras.privacy import paint
from edge_agent.polygons import Polygon
from edge_agent.scheduler import Detector
from edge_agent.tracking import UNKNOWN, as_track
from edge_agent.types import Frame
from linli_contract.payloads import Phase

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)  # only differences count


@dataclass(frozen=True)
class Verdict:
    """Whether an intrusion can happen in a recording."""

    possible: bool
    reason: str
    """one English sentence that names the recording and the zone"""
    at_s: float | None = None
    """seconds into the recording at which it would be reported"""


def can_happen(
    path: Path,
    zone: ZoneSettings,
    detector: Detector,
    *,
    privacy: Sequence[Polygon] = (),
    sample_fps: float = 2.0,
    within_s: float | None = None,
) -> Verdict:
    """Whether someone stays in ``zone`` for the dwell of its first intrusion behaviour.

    Looks at ``sample_fps`` frames for each second of the recording and stops at the first
    success. Identities are not tracked: whoever is near counts as the same, as after a lost
    track.

    Args:
        privacy: painted before the detector sees a frame, as the camera would.
        within_s: look no further into the recording.

    Raises:
        CameraError: the recording cannot be opened.
        ValueError: the zone has no intrusion behaviour.
    """
    settings = _first_intrusion(zone)
    behaviour = intrusion(settings, zone, new_id=lambda: "prescan")
    state, seen, scanned = behaviour.initial, 0, 0.0
    for frame in _samples(path, privacy, sample_fps):
        scanned = (frame.time - _BEGIN).total_seconds()
        if within_s is not None and scanned > within_s:
            break
        found = detector.submit(frame).result()
        tracks = [as_track(found, row, UNKNOWN) for row in range(len(found))]
        seen += any(track.label in settings.labels for track in tracks)
        state, said = behaviour.step(state, tracks, frame.time)
        if any(observation.phase is Phase.START for observation in said):
            reason = f"{path.name}: someone is in {zone.name} for {settings.dwell:g} s"
            return Verdict(True, f"{reason} at {scanned:.1f} s", scanned)
    return Verdict(False, _why_not(path, zone, settings, seen, scanned))


def _first_intrusion(zone: ZoneSettings) -> IntrusionSettings:
    for behaviour in zone.behaviours:
        if isinstance(behaviour, IntrusionSettings):
            return behaviour
    raise ValueError(f"zone {zone.name}: expected an intrusion behaviour, it has none")


def _samples(path: Path, privacy: Sequence[Polygon], sample_fps: float) -> Iterator[Frame]:
    capture, fps = open_video(path)
    step = max(1, round(fps / sample_fps))
    try:
        for index in count():
            if not capture.grab():
                return
            image = capture.retrieve() if index % step == 0 else None
            if image is not None:
                paint(image, privacy)
                yield Frame("prescan", image, _BEGIN + timedelta(seconds=index / fps), index)
    finally:
        capture.release()


def _why_not(
    path: Path, zone: ZoneSettings, settings: IntrusionSettings, seen: int, scanned: float
) -> str:
    looked = f"{path.name}: in {scanned:.0f} s nobody stays in zone {zone.name}"
    wanted = ", ".join(settings.labels)
    if not seen:
        return f"{looked}: no {wanted} is seen at all"
    return f"{looked} for {settings.dwell:g} s ({wanted} is seen in {seen} of the frames looked at)"
