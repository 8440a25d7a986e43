"""Half of the frames lost at random: every dwell moves by less than one interval of those left."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_agent.behaviours import BEHAVIOURS
from edge_agent.types import FALLEN, UNKNOWN_KIND, Track
from linli_contract.payloads import Phase
from tests.edge_agent.behaviours.story_kit import Story, guard, play, second

FPS, SECONDS = 10, 45
DWELL = 20.0
LIES_AT, LEFT_AT = 6.0, 8.0


def thing(label: str, x: float = 0.5, id: int = 1, size: tuple[float, float] = (0.1, 0.3)) -> Track:
    return Track(id, (x - size[0] / 2, 0.7 - size[1], x + size[0] / 2, 0.7), label, 0.9)


def there(*things: Track) -> Story:
    return lambda _: things


def falls(at: float) -> Sequence[Track]:
    if at < LIES_AT:
        return [thing("person")]
    return [Track(1, (0.3, 0.6, 0.7, 0.72), "person", 0.8, FALLEN)]


def leaves_it(at: float) -> Sequence[Track]:
    """Beside a bag, and gone from one frame to the next."""
    bag = thing(UNKNOWN_KIND, 0.55, 50, (0.04, 0.04))
    owner = [thing("person", 0.5)] if at <= LEFT_AT else []
    return [*owner, bag] if at >= 2 else owner


STORIES: dict[str, tuple[dict[str, object], Story]] = {
    "intrusion": ({}, there(thing("person"))),
    "loitering": ({}, there(thing("person"))),
    "crowd": ({"count": 3}, there(*(thing("person", 0.2 * n, n) for n in (1, 2, 3)))),
    "stray_dog": ({}, there(thing("dog"))),
    "ebike_indoors": ({}, there(thing("motorcycle"))),
    "fire_lane_blocked": ({}, there(thing("car"))),
    "illegal_parking": ({}, there(thing("car"))),
    "stall_occupying_road": ({}, there(thing("umbrella", 0.5, 7), thing("person", 0.55))),
    "abandoned_object": ({}, leaves_it),
    "fall": ({}, falls),
}
BEGINS = {"fall": LIES_AT}
"""When what lasts begins; the others from the first frame on."""
ENDED = {"abandoned_object": LEFT_AT}
"""What lasts here began when this was last seen: the owner beside it."""


def test_every_behaviour_that_waits_for_something_to_last_is_here() -> None:
    # smoke_fire judges the share of a window's frames; a line's crossing has no length
    assert set(BEHAVIOURS) - {"smoke_fire"} == set(STORIES)


def told(kind: str, lost: frozenset[int]) -> tuple[float, float]:
    """(second from which it is counted, second of the trigger)."""
    more, story = STORIES[kind]
    watched = guard(type=kind, **{"hold" if kind == "fall" else "dwell": f"{DWELL:g}s"}, **more)
    left: Story = lambda at: None if round(at * FPS) in lost else story(at)  # noqa: E731
    (start,) = (o for o in play(watched, left, SECONDS, FPS) if o.phase is Phase.START)
    return second(start.started_at), second(start.triggered_at)


@pytest.mark.parametrize("kind", STORIES)
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 100_000))
def test_half_of_the_frames_lost_move_a_dwell_by_less_than_an_interval(
    kind: str, seed: int
) -> None:
    dice = Random(seed)
    lost = frozenset(n for n in range(SECONDS * FPS + 1) if dice.random() < 0.5)
    seen = [n / FPS for n in range(SECONDS * FPS + 1) if n not in lost]
    # the shortest grace is 2 s: who is not seen for longer has left, and rightly
    assume(max(later - sooner for sooner, later in pairwise(seen)) < 2)
    began, triggered = told(kind, lost)
    if kind in ENDED:
        assert began == max(at for at in seen if at <= ENDED[kind])
    else:
        assert began == min(at for at in seen if at >= BEGINS.get(kind, 0.0))
    assert triggered == min(at for at in seen if at - began >= DWELL - 1e-6)


@pytest.mark.parametrize("kind", STORIES)
def test_without_loss_it_is_told_when_it_is_due(kind: str) -> None:
    due = {**BEGINS, **ENDED}.get(kind, 0.0)
    assert told(kind, frozenset()) == (due, pytest.approx(due + DWELL, abs=1 / FPS))
