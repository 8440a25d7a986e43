"""Abandoned objects as stories: who puts it down, who stays, who only passes."""

from datetime import timedelta

import pytest

from edge_agent.types import UNKNOWN_KIND, Track
from linli_contract.payloads import Phase
from tests.edge_agent.behaviours.story_kit import T0, Story, brief, guard, play

LEFT = {"type": "abandoned_object", "dwell": "10s"}


def person(x: float, id: int = 1, y: float = 0.7) -> Track:
    return Track(id, (x - 0.04, y - 0.3, x + 0.04, y), "person", 0.9)


def bag(label: str = UNKNOWN_KIND, id: int = 50, size: float = 0.05) -> Track:
    return Track(id, (0.55 - size / 2, 0.7 - size, 0.55 + size / 2, 0.7), label, 0.8)


def owner(at: float, leaves: float = 8) -> list[Track]:
    """Stands beside it from 2 s on, and walks away at ``leaves`` by 0.1 of the frame a second."""
    x = 0.5 if at < leaves else 0.5 - 0.1 * (at - leaves)
    return [person(x)] if at >= 2 and x > 0.05 else []


def put_down(at: float, since: float = 6, label: str = UNKNOWN_KIND) -> list[Track]:
    return [bag(label)] if at >= since else []


# near is 3 widths of the person beside the box: 0.24 + half of each box
AWAY_AT = 8 + (0.24 + 0.04 + 0.025 - 0.05) / 0.1


def stays_with(at: float) -> list[Track]:
    return [*owner(at, leaves=1000), *put_down(at)]


def leaves_it(at: float) -> list[Track]:
    return [*owner(at), *put_down(at)]


STORIES: dict[str, tuple[Story, list[str]]] = {
    "its owner leaves": (leaves_it, ["start"]),
    "its owner stays": (stays_with, []),
    "nobody owns a patch of light": (lambda at: put_down(at), []),
    "something appears far from everybody": (lambda at: [person(0.1), *put_down(at)], []),
    "a bag that a detector knows lies there alone": (
        lambda at: put_down(at, label="suitcase"),
        ["start"],
    ),
    "a person who stands still is no thing of their own": (
        lambda at: [*owner(at), *([bag(size=0.2)] if at >= 6 else [])],
        [],
    ),
    "others pass by": (
        lambda at: [*leaves_it(at), *([person(0.05 * (at - 9), id=7)] if 9 < at < 28 else [])],
        ["start"],
    ),
    "the owner gets a new id where they stand": (
        lambda at: [person(0.5, id=1 if at < 9 else 9), *put_down(at)] if at >= 2 else [],
        [],
    ),
    "the owner takes it away in time": (
        lambda at: owner(at, 12) if at > 12 else [*owner(at, 12), *put_down(at)],
        [],
    ),
    "it is hidden by passers-by for some seconds": (
        lambda at: owner(at) if 13 <= at < 16 else leaves_it(at),
        ["start"],
    ),
    "it is carried": (
        lambda at: [
            person(0.05 * at),
            Track(50, (0.05 * at, 0.6, 0.05 * at + 0.03, 0.66), "handbag", 0.8),
        ],
        [],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    story, expected = STORIES[name]
    until = 18 if "carried" in name else 30
    said = play(guard(**LEFT), story, until)
    assert [one.phase.value for one in said] == expected
    if name == "its owner leaves":
        (start,) = said
        assert (start.started_at - T0).total_seconds() == pytest.approx(AWAY_AT, abs=0.4)
        assert start.dwell_s == pytest.approx(10, abs=0.2)
        assert (start.label, start.boxes) == (UNKNOWN_KIND, (bag().box,))


def test_whoever_was_near_before_it_was_seen_to_stand_is_its_owner() -> None:
    story: Story = lambda at: [*owner(at, leaves=4), *put_down(at, since=7)]  # noqa: E731
    (start,) = play(guard(**LEFT), story, 30)
    assert (start.started_at - T0).total_seconds() == pytest.approx(AWAY_AT - 4, abs=0.6)


def test_its_owner_returns_and_leaves_again() -> None:
    def story(at: float) -> list[Track]:
        here = owner(at, 8) if at < 25 else [person(0.5)] if at < 30 else []
        return [*here, *put_down(at)]

    def keeps_the_id(at: float) -> list[Track]:
        away = [person(0.1)] if 12 < at < 25 or at >= 30 else []
        return [*story(at), *away] if at < 12 or at >= 12 else []

    said = brief(play(guard(**LEFT), keeps_the_id, 45))
    assert [row[:2] for row in said] == [("start", "o1"), ("end", "o1"), ("start", "o2")]
    assert said[1][2] == 25.0


def test_someone_passing_whom_no_track_holds_yet_is_no_owner() -> None:
    """A tracker knows nobody in their first frame, the owner neither."""

    def story(at: float) -> list[Track]:
        unknown = [person(0.5, id=-1)] if at == 6 or 18 <= at < 19 else []
        return [*(owner(at) if at != 6 else []), *unknown, *put_down(at)]

    (start,) = play(guard(**LEFT), story, 25)
    assert (start.started_at - T0).total_seconds() == pytest.approx(AWAY_AT, abs=0.4)


def test_it_is_renewed_and_ends_when_it_is_gone() -> None:
    said = play(guard(**LEFT), lambda at: leaves_it(at) if at < 100 else [], 200)
    assert [one.phase for one in said] == [Phase.START, Phase.UPDATE, Phase.UPDATE, Phase.END]
    assert {one.observation_id for one in said} == {"o1"}
    assert len({one.started_at for one in said}) == 1
    assert said[-1].cause == "left"
    assert (said[-1].ended_at or T0) < T0 + timedelta(seconds=100)


def test_a_closed_one_ends_with_its_cause() -> None:
    watcher = guard(**LEFT)
    play(watcher, leaves_it, 30)
    (end,) = watcher.close(T0 + timedelta(seconds=30), "disarmed")
    assert (end.phase, end.cause) == (Phase.END, "disarmed")
    assert watcher.close(T0 + timedelta(seconds=30), "disarmed") == []
