"""Tracking: with made-up walkers, and with a recording whose truth is known."""

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_agent.tracking import UNKNOWN, byte_tracker
from edge_agent.types import Detections, Track

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SIZE = (768, 576)
PixelBox = tuple[float, float, float, float]


def seen(boxes: list[PixelBox], score: float = 0.8, label: str = "person") -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), score, np.float32),
        (label,) * len(boxes),
        SIZE,
    )


def walker(at: float, start: float = 50, speed: float = 45, y: float = 200) -> PixelBox:
    """30 x 80 pixels; 45 pixels a second is a brisk walk at that size."""
    x = start + speed * at
    return x, y, x + 30, y + 80


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_boxes_become_fractions_and_stay_within_the_frame() -> None:
    tracker = byte_tracker()
    tracks = tracker.update(seen([(-10, 288, 384, 600)]), T0)
    box = (0.0, 0.5, 0.5, 1.0)
    assert tracks == [Track(UNKNOWN, box, "person", pytest.approx(0.8), aspect=4 / 3)]
    assert tracks[0].tallness == pytest.approx(0.75)


@pytest.mark.parametrize("fps", [2, 3, 5, 10, 30])
def test_a_walker_keeps_the_id_at_any_rate(fps: float) -> None:
    tracker = byte_tracker()
    ids = []
    for index in range(round(10 * fps)):
        at = index / fps
        tracks = tracker.update(seen([walker(at), walker(at, 500, -40, 400)]), after(at))
        ids.append(tuple(track.id for track in sorted(tracks, key=lambda t: t.box[1])))
    assert ids[0] == (UNKNOWN, UNKNOWN)
    assert set(ids[1:]) == {ids[1]}
    assert UNKNOWN not in ids[1]


def test_frames_of_uneven_spacing() -> None:
    tracker = byte_tracker()
    moments = np.cumsum([0.1, 0.1, 0.4, 0.033, 0.5, 0.1, 0.3, 0.05, 0.5, 0.5])
    ids = [tracker.update(seen([walker(at)]), after(at))[0].id for at in moments]
    assert len(set(ids[1:])) == 1


def test_a_track_lost_for_longer_than_its_buffer_is_new() -> None:
    tracker = byte_tracker(lost_s=2)
    for index in range(10):
        before = tracker.update(seen([walker(0)]), after(index / 10))
    again = [tracker.update(seen([walker(0)]), after(4 + index / 10))[0].id for index in range(3)]
    assert again[1] not in (before[0].id, UNKNOWN)
    for index in range(10):
        before = tracker.update(seen([walker(0)]), after(5 + index / 10))
    assert tracker.update(seen([]), after(6.5)) == []
    assert tracker.update(seen([walker(0)]), after(7))[0].id == before[0].id


def test_a_weak_box_continues_a_track_but_begins_none() -> None:
    tracker = byte_tracker(activation=0.4)
    assert tracker.update(seen([walker(0)], score=0.3), T0) == []
    first = [tracker.update(seen([walker(0)]), after(0.1 + n / 10)) for n in range(3)][-1]
    weak = tracker.update(seen([walker(0)], score=0.3), after(0.5))
    assert weak[0].id == first[0].id
    assert weak[0].score == pytest.approx(0.3)


def test_a_clock_set_back_makes_identities_new_and_nothing_fails() -> None:
    tracker = byte_tracker()
    for index in range(5):
        tracker.update(seen([walker(0)]), after(100 + index / 10))
    assert tracker.update(seen([walker(0)]), T0)[0].id == UNKNOWN
    assert tracker.update(seen([walker(0)]), after(0.1))[0].id != UNKNOWN


@pytest.mark.parametrize(("every", "switches"), [(1, 0), (3, 4), (5, 16)])
def test_people_of_a_real_recording_keep_their_ids(shared: Path, every: int, switches: int) -> None:
    """19 people cross a campus; boxes from the truth, every n-th of 10 frames a second."""
    truth = _truth(shared / "media" / "vtest-truth-mot15.txt")
    tracker, ids, changes = byte_tracker(), dict[int, int](), 0
    for number in range(1, 796, every):
        people = truth[number]
        tracks = tracker.update(seen([box for _, box in people]), after(number / 10))
        assert len(tracks) >= len(people)  # and those who are missed for a moment
        for person, box in people:
            left = min(max(box[0] / SIZE[0], 0), 1)
            track = min(tracks, key=lambda t: abs(t.box[0] - left) + abs(t.box[1] - box[1] / 576))
            changes += track.id != UNKNOWN and ids.get(person, track.id) != track.id
            if track.id != UNKNOWN:
                ids[person] = track.id
    assert len(ids) == 19
    assert changes <= switches


def _truth(file: Path) -> dict[int, list[tuple[int, PixelBox]]]:
    frames: dict[int, list[tuple[int, PixelBox]]] = defaultdict(list)
    with file.open() as lines:
        for row in csv.reader(lines):
            left, top, width, height = (float(value) for value in row[2:6])
            frames[int(row[0])].append((int(row[1]), (left, top, left + width, top + height)))
    return frames
