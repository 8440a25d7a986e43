"""What a crossing is that is undone at once: one definition, for the agent and for a truth."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.behaviours import watchers
from edge_agent.behaviours.settings import LineSettings
from edge_agent.evaluate.implied import Expected, crossings, settled
from edge_agent.evaluate.truth import Truth
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.behaviours.scene_kit import T0, seconds

LINE = ((0.2, 0.5), (0.8, 0.5))
FPS = 10


def test_the_default_is_a_second() -> None:
    line = LineSettings.model_validate({"name": "kerb", "line": LINE})
    assert line.settle == 1.0


def someone(y: float) -> Track:
    return Track(1, (0.45, y - 0.2, 0.55, y), "person", 0.9)


def told(ys: list[float | None], settle: str) -> list[Observation]:
    """What the agent says of one person at those heights, ten a second, and then nobody."""
    numbers = count(1)
    line = LineSettings.model_validate({"name": "kerb", "line": LINE, "settle": settle})
    (guard,) = watchers([], lambda: f"o{next(numbers)}", [line])
    said: list[Observation] = []
    for index, y in enumerate([*ys, *[None] * 30]):
        tracks = [] if y is None else [someone(y)]
        said += guard.step(tracks, T0 + timedelta(seconds=index / FPS))
    said += guard.close(T0 + timedelta(seconds=(len(ys) + 31) / FPS), "restart")
    return [one for one in said if one.phase is Phase.START]


stretches = st.lists(
    st.tuples(st.sampled_from([0.42, 0.58]), st.integers(1, 25)), min_size=1, max_size=8
)
"""Heights clearly above or below the line, each for some frames."""


@given(stretches, st.sampled_from([0.0, 0.5, 1.0, 2.0]))
def test_agent_and_truth_agree_on_what_is_no_matter_of_sight(
    stretches: list[tuple[float, int]], settle: float
) -> None:
    ys = [y for y, frames in stretches for _ in range(frames)]
    truth = Truth({index: (someone(y),) for index, y in enumerate(ys)})
    due = crossings(truth, FPS, LINE, settle_s=settle)
    said = told([*ys], f"{settle}s")
    assert [one.direction for one in said] == [
        "a_to_b" if event.towards > 0 else "b_to_a" for event in due
    ]
    for one, event in zip(said, due, strict=True):
        # the truth's moment lies between two frames, the agent's is the later of them
        assert seconds(one.started_at) == pytest.approx(event.at, abs=1 / FPS)
        assert one.triggered_at - one.started_at >= timedelta(seconds=settle)


def test_undone_just_in_time_and_just_too_late() -> None:
    there, back, again = Expected(1.0, towards=1), Expected(1.9, towards=-1), Expected(2.0)
    assert settled([there, back], 1.0) == []
    assert settled([there, Expected(2.0, towards=-1)], 1.0) == [there, Expected(2.0, towards=-1)]
    assert settled([there, back], 0.0) == [there, back]
    assert settled([there, Expected(1.5, towards=1)], 1.0) == [there, Expected(1.5, towards=1)]
    assert settled([there, back, Expected(2.2, towards=1)], 1.0) == [Expected(2.2, towards=1)]
    assert settled([], 1.0) == [] != settled([again], 1.0)


def test_what_waits_is_told_when_the_watch_ends() -> None:
    line = LineSettings.model_validate({"name": "kerb", "line": LINE})
    (guard,) = watchers([], lambda: "o", [line])
    for index, y in enumerate([0.42] * 5 + [0.58] * 5):
        assert guard.step([someone(y)], T0 + timedelta(seconds=index / FPS)) == []
    said = guard.close(T0 + timedelta(seconds=1), "disarmed")
    assert [one.phase for one in said] == [Phase.START, Phase.END]
    assert guard.close(T0 + timedelta(seconds=2), "restart") == []
