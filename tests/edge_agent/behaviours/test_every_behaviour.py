"""What holds for every behaviour, whatever comes: times in order, each start with its one end."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.behaviours import BEHAVIOURS, Behaviour
from edge_agent.behaviours.line_crossing import line_crossing
from edge_agent.behaviours.settings import (
    IllegalParkingSettings,
    LineSettings,
    StallSettings,
)
from edge_agent.behaviours.stall import StallOccupyingRoad
from edge_agent.behaviours.standing import Standing
from edge_agent.types import Track
from tests.edge_agent.behaviours.scene_kit import guards
from tests.edge_agent.behaviours.story_kit import YARD, check_lives, check_pure, zone

ZONES: dict[str, dict[str, object]] = {
    "loitering": {},
    "ebike_indoors": {"labels": ["car"]},
    "stray_dog": {"labels": ["car"]},
    "fire_lane_blocked": {"memory": "3s"},
    "illegal_parking": {"memory": "20s"},
    "stall_occupying_road": {"labels": ["car"], "vendor_away": "2s", "memory": "4s"},
}
WATCHES = [{"type": kind, "dwell": "1s"} | more for kind, more in ZONES.items()]
LINE = {"line": [[0.2, 0.55], [0.8, 0.55]]}

places = st.sampled_from([0.1, 0.21, 0.3, 0.45, 0.5, 0.6, 0.79, 0.9])
things = st.builds(
    lambda x, y, id_, label, score: Track(id_, (x - 0.06, y - 0.15, x + 0.06, y), label, score),
    places,
    places,
    st.integers(-1, 4),
    st.sampled_from(["person", "car"]),
    st.sampled_from([0.3, 0.9]),
)
frames = st.lists(st.one_of(st.none(), st.lists(things, max_size=4)), min_size=1, max_size=80)


@pytest.mark.parametrize("watch", [*WATCHES, LINE], ids=lambda w: str(w.get("type", "line")))
@settings(deadline=None, max_examples=60)
@given(frames=frames, gap=st.sampled_from([0.1, 0.5, 1.0, 40.0]))
def test_every_start_has_one_end_and_times_are_in_order(
    watch: dict[str, object], frames: list[list[Track] | None], gap: float
) -> None:
    check_lives(guards(watch)[0], frames, gap)


AREA = zone(polygon=YARD)
PURE = {
    "standing": Standing(
        IllegalParkingSettings(type="illegal_parking", dwell="1s"), AREA, str, "illegal_parking"
    ),
    "stall": StallOccupyingRoad(
        StallSettings(type="stall_occupying_road", labels=["car"], dwell="1s"), AREA, str
    ),
    "line": line_crossing(LineSettings(name="yard", line=LINE["line"]), str),
}


@pytest.mark.parametrize("behaviour", PURE.values(), ids=PURE)
@settings(deadline=None, max_examples=60)
@given(frames=frames)
def test_the_same_state_and_tracks_give_the_same_answer(
    behaviour: Behaviour[Any], frames: list[list[Track] | None]
) -> None:
    check_pure(behaviour, frames)


def test_the_kinds_tested_here_and_elsewhere_are_all_there_are() -> None:
    elsewhere = {"intrusion", "crowd", "abandoned_object", "fall", "smoke_fire"}
    assert set(BEHAVIOURS) - elsewhere == set(ZONES)
