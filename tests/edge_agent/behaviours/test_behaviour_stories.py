"""Intrusion and crowd as stories in virtual time: who stands where at which second."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.behaviours import BEHAVIOURS, Watcher
from edge_agent.behaviours.intrusion import intrusion
from edge_agent.behaviours.settings import IntrusionSettings
from edge_agent.types import Track
from linli_contract.event_types import EVENT_TYPES
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.behaviours.story_kit import (
    T0,
    YARD,
    check_lives,
    check_pure,
    guard_of,
    play,
    zone,
)

Said = tuple[float, str, str]
"""second, phase, observation id"""


def armed(**behaviour: object) -> Watcher:
    return guard_of(zone(behaviour, polygon=YARD))


def someone(
    x: float = 0.5, id: int = 1, y: float = 0.8, label: str = "person", score: float = 0.9
) -> Track:
    """Who stands at (x, y): 0.06 wide, 0.2 tall."""
    return Track(id, (x - 0.03, y - 0.2, x + 0.03, y), label, score)


def brief(said: Sequence[Observation]) -> list[Said]:
    """(second on which it was said, phase, id)."""
    return [
        (round((o.started_at - T0).total_seconds() + o.dwell_s, 3), o.phase.value, o.observation_id)
        for o in said
    ]


INTRUSION = {"type": "intrusion", "dwell": "5s", "grace": "2s"}
CROWD = {"type": "crowd", "count": 3, "dwell": "10s", "grace": "2s"}


@pytest.mark.parametrize("fps", [2, 3, 10, 30])
def test_five_seconds_inside_is_an_intrusion(fps: float) -> None:
    scene = lambda at: [someone()] if 1 <= at < 9 else []  # noqa: E731 - a scene a line
    start, end = play(armed(**INTRUSION), scene, 20, fps)
    step = 1 / fps
    assert start.phase is Phase.START
    assert (start.started_at - T0).total_seconds() == pytest.approx(1, abs=step)
    assert (start.triggered_at - start.started_at).total_seconds() == pytest.approx(5, abs=step)
    assert start.boxes == (someone().box,)
    assert (end.phase, end.cause) == (Phase.END, "left")
    assert end.ended_at is not None
    assert (end.ended_at - T0).total_seconds() == pytest.approx(9, abs=step)
    assert end.observation_id == start.observation_id
    assert end.triggered_at == start.triggered_at


SCENES: dict[str, tuple[dict[str, object], Callable[[float], Sequence[Track]], list[Said]]] = {
    "outside all the time": (INTRUSION, lambda _: [someone(x=0.1)], []),
    "inside too shortly": (INTRUSION, lambda at: [someone()] if at < 4.9 else [], []),
    "a bicycle is no person": (INTRUSION, lambda _: [someone(label="bicycle")], []),
    "too unsure": (INTRUSION, lambda _: [someone(score=0.39)], []),
    "too small": (INTRUSION | {"min_height": "21%"}, lambda _: [someone()], []),
    "away for less than the grace": (
        INTRUSION,
        lambda at: [] if 3 < at < 4.5 else [someone()],
        [(5, "start", "o1")],
    ),
    "away for longer than the grace begins anew": (
        INTRUSION,
        lambda at: [] if 3 < at < 5.5 else [someone()],
        [(10.5, "start", "o1")],
    ),
    "a new identity every second": (
        INTRUSION,
        lambda at: [someone(id=int(at))],
        [(5, "start", "o1")],
    ),
    "no identity at all": (INTRUSION, lambda _: [someone(id=-1)], [(5, "start", "o1")]),
    "walking without an identity": (
        INTRUSION,
        lambda at: [someone(x=0.25 + 0.04 * at, id=-1)],
        [(5, "start", "o1")],
    ),
    "no grace does not mean that a slow detector sees nobody": (
        INTRUSION | {"grace": "0s"},
        lambda _: [someone()],
        [(5, "start", "o1")],
    ),
    "a frame without anyone ends a stay without grace": (
        INTRUSION | {"grace": "0s"},
        lambda at: [] if at == 3 else [someone()],
        [(8.5, "start", "o1")],
    ),
    "no grace for a crowd either": (
        CROWD | {"grace": "0s"},
        lambda _: [someone(x=0.3 + 0.1 * n, id=n) for n in range(3)],
        [(10, "start", "o1")],
    ),
    "lost and found nearby under a new id": (
        INTRUSION,
        lambda at: [] if 3 < at < 4 else [someone(x=0.5 if at <= 3 else 0.6, id=int(at > 3))],
        [(5, "start", "o1")],
    ),
    "lost, and another appears far away": (
        INTRUSION,
        lambda at: [someone(x=0.25, id=1)] if at < 4 else [someone(x=0.75, id=2)],
        [(9, "start", "o1")],
    ),
    "one walks out as another walks in: nobody inherits": (
        INTRUSION,
        lambda at: (
            [someone(x=0.22, id=1)] if at < 4 else [someone(x=0.18, id=1), someone(x=0.23, id=2)]
        ),
        [(9, "start", "o1")],
    ),
    "two at once are two observations": (
        INTRUSION,
        lambda _: [someone(x=0.3, id=1), someone(x=0.6, id=2)],
        [(5, "start", "o1"), (5, "start", "o2")],
    ),
    "in and out of the outline by the same track": (
        INTRUSION,
        lambda at: [someone(x=0.21 if int(at) % 2 else 0.19)],
        [(7, "start", "o1")],
    ),
    "three for ten seconds are a crowd": (
        CROWD,
        lambda _: [someone(x=0.3 + 0.1 * n, id=n) for n in range(3)],
        [(10, "start", "o1")],
    ),
    "two are not": (CROWD, lambda _: [someone(x=0.3 + 0.1 * n, id=n) for n in range(2)], []),
    "one missed now and then": (
        CROWD,
        lambda at: [someone(x=0.3 + 0.1 * n, id=n) for n in range(2 if int(at) % 3 == 1 else 3)],
        [(11, "start", "o1")],
    ),
    "another three each second are still a crowd": (
        CROWD,
        lambda at: [someone(x=0.3 + 0.1 * n, id=10 * int(at) + n) for n in range(3)],
        [(10, "start", "o1")],
    ),
    "the crowd thins for too long": (
        CROWD,
        lambda at: [someone(x=0.3 + 0.1 * n, id=n) for n in range(1 if at >= 11 else 3)],
        [(10, "start", "o1"), (13, "end", "o1")],
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_scene(name: str) -> None:
    behaviour, scene, expected = SCENES[name]
    assert brief(play(armed(**behaviour), scene, 12 if "thin" not in name else 14, 2)) == expected


@pytest.mark.parametrize("behaviour", [INTRUSION, CROWD])
def test_an_open_observation_is_renewed_every_minute(behaviour: dict[str, object]) -> None:
    scene = lambda _: [someone(x=0.3 + 0.1 * n, id=n) for n in range(3)]  # noqa: E731
    said = [o for o in play(armed(**behaviour), scene, 200, 2) if o.observation_id == "o1"]
    trigger = 5 if behaviour is INTRUSION else 10
    assert brief(said) == [
        (trigger, "start", "o1"),
        *((trigger + 60 * n, "update", "o1") for n in (1, 2, 3)),
    ]


@pytest.mark.parametrize("behaviour", [INTRUSION, CROWD])
def test_nobody_is_said_to_have_left_while_nobody_looked(behaviour: dict[str, object]) -> None:
    crowd = [someone(x=0.3 + 0.1 * n, id=n) for n in range(3)]
    watcher = armed(**behaviour)
    said = play(watcher, lambda at: None if 20 < at < 40 else crowd, 41, 2)
    ends = [o for o in said if o.phase is Phase.END]
    assert {end.cause for end in ends} == {"unknown"}
    assert {(end.ended_at or T0) - T0 for end in ends} == {timedelta(seconds=20)}


@pytest.mark.parametrize("behaviour", [INTRUSION, CROWD])
def test_closing_ends_what_is_open_and_begins_anew(behaviour: dict[str, object]) -> None:
    crowd = [someone(x=0.3 + 0.1 * n, id=n) for n in range(3)]
    watcher = armed(**behaviour)
    started = play(watcher, lambda _: crowd, 11, 2)
    ended = watcher.close(T0 + timedelta(seconds=11), "restart")
    assert {o.observation_id for o in ended} == {o.observation_id for o in started}
    assert {(o.phase, o.cause) for o in ended} == {(Phase.END, "restart")}
    assert watcher.close(T0 + timedelta(seconds=11), "restart") == []


def test_every_behaviour_is_an_event_type_of_the_edge() -> None:
    for name in BEHAVIOURS:
        assert EVENT_TYPES[name].origin.value == "edge"
        assert armed(type=name).event_type == name


# What holds for every behaviour and whatever comes.

positions = st.sampled_from([0.1, 0.21, 0.3, 0.45, 0.6, 0.79, 0.9])
people = st.builds(someone, x=positions, id=st.integers(-1, 4), score=st.sampled_from([0.3, 0.9]))
frames = st.lists(st.one_of(st.none(), st.lists(people, max_size=5)), min_size=1, max_size=120)


@pytest.mark.parametrize(
    "behaviour",
    [
        INTRUSION,
        INTRUSION | {"dwell": "0s", "grace": "0s"},
        CROWD | {"dwell": "1s"},
        CROWD | {"count": 1, "dwell": "0s", "grace": "0s"},
    ],
)
@given(frames=frames, gap=st.sampled_from([0.1, 0.5, 1.0, 40.0]))
def test_every_start_has_one_end_and_times_are_in_order(
    behaviour: dict[str, object], frames: list[list[Track] | None], gap: float
) -> None:
    check_lives(armed(**behaviour), frames, gap)


@given(frames=frames)
def test_the_same_state_and_tracks_give_the_same_answer(frames: list[list[Track] | None]) -> None:
    settings = IntrusionSettings.model_validate(INTRUSION)
    check_pure(intrusion(settings, zone(INTRUSION, polygon=YARD), lambda: "o"), frames)
