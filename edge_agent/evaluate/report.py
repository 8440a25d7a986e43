"""One evaluation: a clip, its truth, the agent's path; and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from edge_agent.behaviours import watchers
from edge_agent.behaviours.settings import IntrusionSettings, LineSettings, ZoneSettings
from edge_agent.evaluate.areas import Areas, draw_areas, read_areas, with_settle
from edge_agent.evaluate.clip import BEGIN, Clip, open_clip
from edge_agent.evaluate.implied import Expected, crossings, intrusions
from edge_agent.evaluate.matching import Count, match
from edge_agent.evaluate.replay import Raised, Replay, Seen, replay
from edge_agent.evaluate.scores import Scores, score
from edge_agent.evaluate.truth import Truth, read_truth
from edge_agent.scheduler import Detector
from edge_agent.tracking import UNKNOWN, Tracker, byte_tracker
from edge_agent.types import Track

TOLERANCE_S = 1.0
"""Between an event due and one raised."""
SLACK_S = 0.5
"""A stay whose length is so near the dwell could be judged either way."""
COUNTS = 0.4
"""Score from which a box counts by itself, in tracking and in behaviours; weaker ones only
continue a track, so they are no detections here either."""


@dataclass(frozen=True)
class Drawn:
    """Zones and lines that are drawn instead of given."""

    seed: int = 1
    zones: int = 40
    lines: int = 20


@dataclass(frozen=True)
class Report:
    """What came of it."""

    frames: int
    """of the clip"""
    looked_at: int
    fps: float
    """of the clip"""
    rate: float
    """frames looked at per second"""
    scores: Scores
    intrusion: Count
    line_crossing: Count
    settle_s: tuple[float, ...]
    """what the lines' ``settle`` is: a crossing undone sooner counts on neither side"""

    def as_json(self) -> dict[str, object]:
        """For programs; names of the fields, and recall and precision of the events."""
        events = {"intrusion": self.intrusion, "line_crossing": self.line_crossing}
        rows = {
            name: asdict(n) | {"recall": n.recall, "precision": n.precision}
            for name, n in events.items()
        }
        return asdict(self) | rows


def evaluate(
    clip: Path,
    truth: Path,
    detector: Detector,
    areas: Path | Drawn,
    rate: float | None = None,
    labels: Sequence[str] = ("person",),
    tracker: Tracker | None = None,
    settle: float | None = None,
) -> Report:
    """Run ``clip`` through the agent's path and compare it with ``truth``.

    Args:
        truth: MOTChallenge form.
        areas: zones and lines, or how to draw them.
        rate: frames looked at per second; None: all of them.
        labels: what the truth holds; its boxes are taken to be of the first.
        tracker: to compare; None: the agent's own.
        settle: of all lines, seconds; None: each line's own.

    Raises:
        CameraError: the clip cannot be opened.
        ConfigError: the truth or the areas cannot be used.
        ModelError: the detector failed.
    """
    with open_clip(clip) as opened:
        known = read_truth(truth, opened.size, labels[0])
        chosen = with_settle(_areas(areas, known, labels), settle)
        numbers = count(1)
        watching = watchers(chosen.zones, lambda: f"o{next(numbers)}", chosen.lines)
        frames = opened.frames(rate)
        done = replay(frames, detector, tracker or byte_tracker(), watching)
        return _report(opened, known, chosen, done, labels)


def _areas(areas: Path | Drawn, truth: Truth, labels: Sequence[str]) -> Areas:
    if isinstance(areas, Path):
        return read_areas(areas)
    return draw_areas(truth, areas.seed, areas.zones, areas.lines, labels)


def _report(clip: Clip, truth: Truth, areas: Areas, done: Replay, labels: Sequence[str]) -> Report:
    intrusion = done.of("intrusion")
    crossing = done.of("line_crossing")
    return Report(
        clip.length,
        len(done.frames),
        clip.fps,
        clip.fps * len(done.frames) / max(clip.length, 1),
        _scores(truth, done.frames, labels),
        sum((_zone(z, truth, clip.fps, intrusion.get(z.name, [])) for z in areas.zones), Count()),
        sum((_line(x, truth, clip.fps, crossing.get(x.name, [])) for x in areas.lines), Count()),
        tuple(sorted({line.settle for line in areas.lines})),
    )


def _scores(truth: Truth, frames: Mapping[int, Seen], labels: Sequence[str]) -> Scores:
    def wanted(tracks: Sequence[Track]) -> list[Track]:
        return [track for track in tracks if track.label in labels]

    detected = {
        index: [track for track in wanted(seen.detected) if track.score >= COUNTS]
        for index, seen in frames.items()
    }
    tracked = {
        index: [track for track in wanted(seen.tracks) if track.id != UNKNOWN]
        for index, seen in frames.items()
    }
    return score(truth, detected, tracked)


def _zone(zone: ZoneSettings, truth: Truth, fps: float, raised: Sequence[Raised]) -> Count:
    """Of the zone's first intrusion; its other behaviours are not judged."""
    settings = next((b for b in zone.behaviours if isinstance(b, IntrusionSettings)), None)
    if settings is None:
        return Count()
    due = intrusions(truth, fps, zone, settings, SLACK_S)
    stays = [
        Expected(_seconds(one.triggered_at), (one.ended_at - one.started_at).total_seconds())
        for one in raised
    ]
    return match(due, stays, TOLERANCE_S, settings.dwell, SLACK_S)


def _line(line: LineSettings, truth: Truth, fps: float, raised: Sequence[Raised]) -> Count:
    due = [
        event
        for event in crossings(truth, fps, line.line, settle_s=line.settle)
        if line.direction in ("both", _WAYS[event.towards])
    ]
    ways = {name: towards for towards, name in _WAYS.items()}
    went = [Expected(_seconds(one.started_at), towards=ways[one.direction]) for one in raised]
    return match(due, went, TOLERANCE_S)


_WAYS = {1: "a_to_b", -1: "b_to_a"}


def _seconds(time: datetime) -> float:
    return (time - BEGIN).total_seconds()
