"""What holds for every behaviour, whatever comes: times in order, each start with its one end."""

from datetime import datetime, timedelta
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
    ZoneSettings,
)
from edge_agent.behaviours.stall import StallOccupyingRoad
from edge_agent.behaviours.standing import Standing
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.behaviours.scene_kit import T0, YARD, guards

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
    guard, now = guards(watch)[0], T0
    said: list[tuple[datetime, Observation]] = []
    for tracks in frames:
        now += timedelta(seconds=gap)
        if tracks is not None:
            said += [(now, one) for one in guard.step(tracks, now)]
    said += [(now, one) for one in guard.close(now, "restart")]
    lives: dict[str, list[tuple[datetime, Observation]]] = {}
    for at, one in said:
        lives.setdefault(one.observation_id, []).append((at, one))
    for life in lives.values():
        phases = [one.phase for _, one in life]
        assert phases == [Phase.START, *[Phase.UPDATE] * (len(life) - 2), Phase.END]
        for at, one in life:
            assert T0 <= one.started_at <= one.triggered_at <= at
            assert one.dwell_s == (at - one.started_at).total_seconds()
            assert one.started_at == life[0][1].started_at
            assert (one.ended_at is not None) == (one.phase is Phase.END)
            assert one.zone == "yard"
            assert one.boxes
        ended = life[-1][1].ended_at
        assert ended is not None
        assert life[0][1].triggered_at <= ended <= life[-1][0]


AREA = ZoneSettings.model_validate({"name": "yard", "polygon": YARD})
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
    """Behaviours keep nothing to themselves: a step repeated from the same state repeats."""
    state, now = behaviour.initial, T0
    for tracks in frames:
        now += timedelta(seconds=0.5)
        first = behaviour.step(state, tracks or [], now)
        assert behaviour.step(state, tracks or [], now) == first
        state = first[0]


def test_the_kinds_tested_here_and_elsewhere_are_all_there_are() -> None:
    elsewhere = {"intrusion", "crowd", "abandoned_object", "fall", "smoke_fire"}
    assert set(BEHAVIOURS) - elsewhere == set(ZONES)
