"""Falls as stories: who is upright, who lies, and what lay there before."""

from collections.abc import Sequence

import pytest

from edge_agent.types import FALLEN, Track
from linli_contract.payloads import Phase
from tests.edge_agent.behaviours.story_kit import Story, brief, guard, play

FALL = {"type": "fall", "hold": "3s", "grace": "2s"}


def upright(x: float = 0.5, id: int = 1) -> Track:
    return Track(id, (x - 0.05, 0.3, x + 0.05, 0.7), "person", 0.8)


def lying(x: float = 0.5, id: int = 1, posture: str = FALLEN) -> Track:
    return Track(id, (x - 0.2, 0.6, x + 0.2, 0.74), "person", 0.7, posture)


def sitting(x: float = 0.5, id: int = 1) -> Track:
    return Track(id, (x - 0.07, 0.5, x + 0.07, 0.64), "person", 0.8)


def then(second: float, before: Sequence[Track], after: Sequence[Track]) -> Story:
    return lambda at: before if at < second else after


STORIES: dict[str, tuple[Story, list[tuple[str, str, float]]]] = {
    "stands, falls and stays down": (then(4, [upright()], [lying()]), [("start", "o1", 7)]),
    "the model sees no posture, but the box is low and wide": (
        then(4, [upright()], [lying(posture="")]),
        [("start", "o1", 7)],
    ),
    "lies from the first frame on": (lambda _: [lying()], []),
    "stands": (lambda _: [upright()], []),
    "sits down": (then(4, [upright()], [sitting()]), []),
    "bends down for two seconds": (
        lambda at: [lying()] if 4 <= at < 6 else [upright()],
        [],
    ),
    "is taken for lying every second frame": (
        lambda at: [Track(1, upright().box, "person", 0.8, FALLEN if at % 0.4 < 0.2 else "")],
        [],
    ),
    "gets a new id while falling": (then(4, [upright()], [lying(id=7)]), [("start", "o1", 7)]),
    "is lost for a second while lying": (
        lambda at: [] if 5 <= at < 6 else [upright()] if at < 4 else [lying()],
        [("start", "o1", 7)],
    ),
    "gets up again": (
        lambda at: [lying()] if 4 <= at < 9 else [upright()],
        [("start", "o1", 7), ("end", "o1", 8.8)],
    ),
    "falls twice": (
        lambda at: [lying()] if 4 <= at < 9 or at >= 13 else [upright()],
        [("start", "o1", 7), ("end", "o1", 8.8), ("start", "o2", 16)],
    ),
    "walks past something still that the model takes for someone lying": (
        lambda at: [*([upright(0.2 + 0.05 * at)] if at < 6 else []), lying(0.5, id=9)],
        [],
    ),
    "gives its track to something that lay there before": (
        lambda at: [upright(0.2 + 0.05 * at), lying(0.5, id=9)] if at < 6 else [lying(0.5, id=1)],
        [],
    ),
    "is lost beside something that lay there before and is seen again then": (
        lambda at: (
            [lying(0.5, id=9)]
            if at < 3
            else []
            if at < 6
            else [upright()]
            if at < 9
            else [lying(0.5, id=10)]
        ),
        [],
    ),
    "goes to bed slowly": (
        lambda at: [upright()] if at < 4 else [sitting()] if at < 16 else [lying()],
        [],
    ),
    "walks out at the frame's lower edge": (
        lambda at: [Track(1, (0.4, 0.3 + 0.1 * at, 0.6, min(1.0, 0.7 + 0.1 * at)), "person", 0.8)],
        [],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    story, expected = STORIES[name]
    until = 6.8 if "walks out" in name else 20
    assert brief(play(guard(**FALL), story, until)) == expected


def test_who_slept_rises_and_falls_where_they_lay() -> None:
    story: Story = lambda at: [upright()] if 3 <= at < 8 else [lying()]  # noqa: E731
    assert brief(play(guard(**FALL), story, 12)) == [("start", "o1", 11)]


def test_someone_lying_for_long_is_renewed_every_minute() -> None:
    said = play(guard(**FALL), then(4, [upright()], [lying()]), 140)
    assert [one.phase for one in said] == [Phase.START, Phase.UPDATE, Phase.UPDATE]
    assert {one.observation_id for one in said} == {"o1"}
    assert {(one.label, one.zone, one.tracks) for one in said} == {("person", "yard", (1,))}


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_at_any_rate_the_hold_is_in_seconds(fps: float) -> None:
    (start,) = play(guard(**FALL), then(4, [upright()], [lying()]), 12, fps)
    assert start.dwell_s == pytest.approx(3, abs=1 / fps)
