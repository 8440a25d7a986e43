"""Smoke and fire as stories: in how many frames of two seconds it is seen."""

from datetime import timedelta

import pytest

from edge_agent.types import Track
from tests.edge_agent.behaviours.story_kit import T0, Story, brief, guard, play

FIRE = {"type": "smoke_fire"}


def fire(label: str = "fire", score: float = 0.8) -> Track:
    return Track(-1, (0.4, 0.4, 0.5, 0.6), label, score)


def seen(share: float, since: float = 10, until: float = 1e9, fps: float = 10) -> Story:
    """Evenly in ``share`` of the frames between two seconds."""

    def at_second(at: float) -> list[Track]:
        n = round(at * fps)
        hit = int((n + 1) * share + 1e-9) > int(n * share + 1e-9)
        return [fire()] if hit and since <= at < until else []

    return at_second


def test_most_frames_show_it() -> None:
    (start,) = play(guard(**FIRE), seen(0.8), 20, 10)
    assert 11 <= (start.triggered_at - T0).total_seconds() <= 12
    assert (start.started_at - T0).total_seconds() >= 10
    assert start.label == "fire"


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_too_few_frames_show_it(share: float) -> None:
    assert play(guard(**FIRE), seen(share), 30, 10) == []


def test_two_frames_are_not_enough_however_few_there_are() -> None:
    story: Story = lambda at: [fire()] if 3 <= at < 5 else []  # noqa: E731
    assert play(guard(**FIRE), story, 12, 1) == []
    story = lambda at: [fire()] if 3 <= at < 6 else []  # noqa: E731
    assert brief(play(guard(**FIRE), story, 12, 1)) == [("start", "o1", 5)]


def test_a_slow_camera_is_judged_by_its_last_three_frames() -> None:
    story: Story = lambda at: [fire()] if at >= 6 else []  # noqa: E731
    assert brief(play(guard(**FIRE), story, 20, 0.5)) == [("start", "o1", 10)]


def test_smoke_and_fire_are_one_and_others_are_none() -> None:
    story: Story = lambda at: [fire("smoke" if at < 5 else "fire"), fire("car")]  # noqa: E731
    (start,) = play(guard(**FIRE), story, 30, 5)
    assert start.label == "smoke"
    assert start.count == 1
    assert play(guard(**FIRE), lambda _: [fire("car")], 10) == []


def test_it_goes_on_while_it_flickers_and_ends_after_the_grace() -> None:
    story: Story = lambda at: [fire()] if at < 4 or 12 <= at < 13 else []  # noqa: E731
    said = play(guard(**FIRE), story, 40, 5)
    assert [row[:2] for row in brief(said)] == [("start", "o1"), ("end", "o1")]
    assert brief(said)[1][2] == 12.8
    assert said[1].cause == "left"


def test_weak_boxes_do_not_count() -> None:
    assert play(guard(**FIRE), lambda _: [fire(score=0.3)], 10) == []


def test_closing_ends_it() -> None:
    watcher = guard(**FIRE)
    play(watcher, lambda _: [fire()], 5)
    (end,) = watcher.close(T0 + timedelta(seconds=5), "disarmed")
    assert (end.cause, end.phase.value) == ("disarmed", "end")
