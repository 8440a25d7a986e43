"""What holds for abandoned objects, falls, smoke and fire, whatever comes."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.behaviours import Behaviour
from edge_agent.behaviours.abandoned_object import abandoned_object
from edge_agent.behaviours.emergency_settings import (
    AbandonedObjectSettings,
    FallSettings,
    SmokeFireSettings,
)
from edge_agent.behaviours.fall import fall
from edge_agent.behaviours.smoke_fire import smoke_fire
from edge_agent.types import FALLEN, UNKNOWN_KIND, Track
from tests.edge_agent.behaviours.story_kit import T0, check_lives, check_pure, guard, zone

WATCHES: tuple[dict[str, object], ...] = (
    {"type": "abandoned_object", "dwell": "1s", "memory": "3s"},
    {"type": "fall", "hold": "1s", "grace": "2s"},
    {"type": "smoke_fire", "grace": "2s"},
)
AREA = zone()
PURE: dict[str, Behaviour[Any]] = {
    "abandoned_object": abandoned_object(
        AbandonedObjectSettings(type="abandoned_object", dwell="1s"), AREA, lambda: "o"
    ),
    "fall": fall(FallSettings(type="fall", hold="1s"), AREA, lambda: "o"),
    "smoke_fire": smoke_fire(SmokeFireSettings(type="smoke_fire"), AREA, lambda: "o"),
}


def _track(x: float, form: tuple[float, float], id_: int, label: str, posture: str) -> Track:
    width, height = form
    box = (x - width / 2, 0.7 - height, x + width / 2, 0.7)
    return Track(id_, box, label, 0.9, posture if label == "person" else "")


things = st.builds(
    _track,
    st.sampled_from([0.3, 0.4, 0.5]),
    st.sampled_from([(0.08, 0.3), (0.3, 0.1), (0.05, 0.05)]),
    st.integers(-1, 3),
    st.sampled_from(["person", "person", UNKNOWN_KIND, "suitcase", "fire"]),
    st.sampled_from(["", FALLEN]),
)
runs = st.lists(
    st.tuples(st.one_of(st.none(), st.lists(things, max_size=3)), st.integers(1, 20)),
    min_size=1,
    max_size=12,
).map(lambda rows: [tracks for tracks, times in rows for _ in range(times)])
"""Frames; what is there stays for some of them, so that conditions complete."""


@pytest.mark.parametrize("watch", WATCHES, ids=lambda w: str(w["type"]))
@given(frames=runs, gap=st.sampled_from([0.1, 0.5, 1.0, 40.0]))
def test_every_start_has_one_end_and_times_are_in_order(
    watch: dict[str, object], frames: list[list[Track] | None], gap: float
) -> None:
    check_lives(guard(**watch), frames, gap)


@pytest.mark.parametrize("kind", PURE)
@given(frames=runs)
def test_the_same_state_and_tracks_give_the_same_answer(
    kind: str, frames: list[list[Track] | None]
) -> None:
    check_pure(PURE[kind], frames)


@given(frames=runs)
def test_nobody_falls_who_was_never_upright(frames: list[list[Track] | None]) -> None:
    watcher, now = guard(**WATCHES[1]), T0
    for tracks in frames:
        now += timedelta(seconds=0.2)
        low = [track for track in tracks or [] if track.tallness < 1.2]
        assert watcher.step(low, now) == []


@given(frames=runs)
def test_nothing_is_abandoned_while_who_was_there_first_stands_by(
    frames: list[list[Track] | None],
) -> None:
    watcher, now = guard(**WATCHES[0]), T0
    owner = _track(0.4, (0.08, 0.3), 9, "person", "")
    for tracks in frames:
        now += timedelta(seconds=0.2)
        things = [track for track in tracks or [] if track.label != "person"]
        assert watcher.step([owner, *things], now) == []
