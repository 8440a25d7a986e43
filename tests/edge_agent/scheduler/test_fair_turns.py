"""Fairness under overload, in virtual time and as a property of the order itself."""

import itertools
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.turns import FairOrder
from tests.edge_agent.scheduler.accelerator_model import Feed, FirstCome, run

SERVICE, SLOTS = 0.018, 2
EIGHT = [Feed(1 / fps, offset=0.003 * n) for n, fps in enumerate((9, 10, 12, 15, 20, 25, 25, 25))]
"""141 frames a second at a device that does 55: 6.9 each."""


def test_eight_cameras_of_different_rates_get_the_same() -> None:
    out = run(EIGHT, FairOrder(), SERVICE, seconds=60)
    assert sum(out.looked.values()) > 0.99 * 60 / SERVICE
    assert out.spread() <= 1.05


def test_no_frame_grows_old_in_the_queue() -> None:
    """From capture to answer: one interval, and the frames that the device has before it. That is
    within two intervals of its camera wherever the device does a frame in half of one."""
    out = run(EIGHT, FairOrder(), SERVICE, seconds=60, slots=SLOTS)
    for number, feed in enumerate(EIGHT):
        oldest = max(out.ages[f"c{number}"])
        assert oldest <= feed.interval + SLOTS * SERVICE + 1e-9, number
        assert oldest <= 2 * feed.interval, number


def test_frames_chosen_when_they_ask_would_be_older() -> None:
    """The control: this is why the frame is chosen when the turn comes."""
    out = run(EIGHT, FairOrder(), SERVICE, seconds=60, late=False)
    fast = EIGHT[7].interval
    assert max(out.ages["c7"]) > 4 * fast


def test_every_frame_is_looked_at_or_counted_as_dropped() -> None:
    out = run(EIGHT, FairOrder(), SERVICE, seconds=60)
    for name, came in out.came.items():
        assert 0 <= came - out.looked[name] - out.dropped[name] <= 3, name  # under way at the end


WORKING = [Feed(0.04, after=0.0), *(Feed(0.04, after=0.005) for _ in range(6)), Feed(0.04, 0.08)]
"""The last one makes a picture of every frame."""


def test_a_camera_that_works_after_its_frame_loses_nothing() -> None:
    assert run(WORKING, FairOrder(), SERVICE, seconds=60).spread() <= 1.2


def test_first_come_first_served_would_be_unfair_to_it() -> None:
    """The control: the plain queue of before."""
    assert run(WORKING, FirstCome(), SERVICE, seconds=60).spread() > 1.2


def test_a_camera_slower_than_its_share_keeps_its_rate() -> None:
    out = run([Feed(0.5), *EIGHT], FairOrder(), SERVICE, seconds=60)
    assert out.looked["c0"] >= 119


def with_regions(feeds: list[Feed], cameras: int, parts: int) -> list[Feed]:
    """The first ``cameras`` look at ``parts`` regions of each frame as well."""
    return [replace(f, parts=parts) if n < cameras else f for n, f in enumerate(feeds)]


@pytest.mark.parametrize(("cameras", "parts"), [(1, 2), (4, 2), (8, 2), (2, 4)])
def test_regions_come_out_of_their_cameras_share(cameras: int, parts: int) -> None:
    """A camera that looks closely looks at fewer frames; nobody else does."""
    out = run(with_regions(EIGHT, cameras, parts), FairOrder(), SERVICE, seconds=60)
    assert out.spread() <= 1.2
    plain = run(EIGHT, FairOrder(), SERVICE, seconds=60)
    for number in range(cameras, 8):
        name = f"c{number}"
        assert out.looked[name] >= 0.97 * plain.looked[name], name
        oldest = max(out.ages[name])
        assert oldest <= EIGHT[number].interval + SLOTS * SERVICE + 1e-9, name


def test_a_frame_looked_at_closely_is_no_older_than_two_intervals_of_its_camera() -> None:
    """Its camera's interval is the time from one look to the next."""
    out = run(with_regions(EIGHT, 4, 2), FairOrder(), SERVICE, seconds=60)
    for number in range(4):
        name = f"c{number}"
        assert out.turns[name] >= 3 * out.looked[name]
        assert max(out.ages[name]) <= 2 * 60 / out.looked[name], name


@settings(max_examples=60, deadline=None)
@given(
    intervals=st.lists(st.floats(0.02, 0.1), min_size=6, max_size=12),
    after=st.lists(st.floats(0.0, 0.05), min_size=12, max_size=12),
    offsets=st.lists(st.floats(0.0, 0.1), min_size=12, max_size=12),
    slots=st.integers(1, 3),
)
def test_whatever_the_cameras_their_rates_are_alike_under_overload(
    intervals: list[float], after: list[float], offsets: list[float], slots: int
) -> None:
    """Each could use its share: its frames come, and it is back in time, faster than its turn."""
    service = 0.06
    feeds = [
        Feed(interval, rest, offset)
        for interval, rest, offset in zip(intervals, after, offsets, strict=False)
    ]
    out = run(feeds, FairOrder(), service, seconds=60, slots=slots)
    assert out.spread() <= 1.2


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=80),
    st.integers(1, 40),
)
def test_those_who_always_wait_differ_by_one_turn(
    others: list[tuple[str, bool]], turns: int
) -> None:
    """Whatever others do: two cameras that wait all the time get as many turns."""
    order, had = FairOrder(), Counter[str]()
    doings = itertools.chain(others, itertools.repeat(None))
    for doing in itertools.islice(doings, turns + len(others)):
        if doing is not None:
            (order.join if doing[1] else order.leave)(doing[0])
        order.join("x")
        order.join("y")
        given = order.give()
        assert given is not None
        had[given] += 1
    assert abs(had["x"] - had["y"]) <= 1
    assert had["x"] >= max((had[name] for name in "abcde"), default=0) - 1


def test_who_was_away_for_long_gets_nothing_back() -> None:
    order = FairOrder()
    order.join("a")
    order.give()
    for _ in range(100):
        order.join("b")
        order.give()
    said = []
    for _ in range(10):
        order.join("a")
        order.join("b")
        said.append(order.give())
    assert said.count("a") == said.count("b")


def test_who_left_has_no_turn() -> None:
    order = FairOrder()
    order.join("a")
    order.join("b")
    order.leave("a")
    assert order.give() == "b"
    assert order.give() is None


@pytest.mark.parametrize("again", [1, 5])
def test_asking_again_keeps_the_place(again: int) -> None:
    order = FairOrder()
    order.join("a")
    order.join("b")
    for _ in range(again):
        order.join("a")
    assert order.give() == "a"
