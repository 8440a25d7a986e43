"""Cameras that share a slow accelerator, in virtual time: what each got, and how old it was."""

import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Order(Protocol):
    """What decides who is next."""

    def join(self, name: str) -> None: ...
    def give(self) -> str | None: ...


class FirstCome:
    """The control: whoever asked first."""

    def __init__(self) -> None:
        self._queue: list[str] = []

    def join(self, name: str) -> None:
        if name not in self._queue:
            self._queue.append(name)

    def give(self) -> str | None:
        return self._queue.pop(0) if self._queue else None


@dataclass(frozen=True)
class Feed:
    """One camera."""

    interval: float
    """seconds between frames"""
    after: float = 0.0
    """seconds from the answer until it can ask again: tracking, behaviours, a picture"""
    offset: float = 0.0
    """when its first frame comes"""
    parts: int = 0
    """regions of each frame that are looked at after the whole of it, each a turn"""


@dataclass
class Outcome:
    """What came of it."""

    looked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    turns: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """frames and regions looked at"""
    dropped: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    came: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ages: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """seconds from a frame's capture to its answer"""

    def spread(self) -> float:
        """Largest rate of a camera through the smallest; a region counts as a frame does."""
        return max(self.turns.values()) / max(1, min(self.turns.values()))


class _Run:
    def __init__(
        self, feeds: Mapping[str, Feed], order: Order, service: float, slots: int, late: bool
    ) -> None:
        self.feeds, self.order, self.service, self.free = feeds, order, service, slots
        self.late = late
        self.busy_until = 0.0
        self.newest: dict[str, float] = {}
        self.idle = set(feeds)
        self.asked: dict[str, float] = {}
        self.left: dict[str, int] = defaultdict(int)
        self.out = Outcome()
        self.events: list[tuple[float, int, Callable[[float], None]]] = []
        self.count = 0

    def at(self, time: float, what: Callable[[float], None]) -> None:
        self.count += 1
        heapq.heappush(self.events, (time, self.count, what))

    def frame(self, name: str, now: float) -> None:
        self.out.came[name] += 1
        self.out.dropped[name] += name in self.newest
        self.newest[name] = now
        self.at(now + self.feeds[name].interval, lambda t: self.frame(name, t))
        self.ask(name)

    def ask(self, name: str) -> None:
        """As the flow does: a camera with a frame that owes nothing waits for its turn."""
        if name in self.idle and name in self.newest:
            self.idle.discard(name)
            self.asked[name] = self.newest.pop(name)
            self.order.join(name)

    def serve(self, now: float) -> None:
        while self.free and (name := self.order.give()) is not None:
            captured = self.asked.pop(name)
            if self.late and name in self.newest and not self.left[name]:
                self.out.dropped[name] += 1
                captured = self.newest.pop(name)
            self.free -= 1
            # slots are places before one device, which works on one frame after the other
            self.busy_until = max(now, self.busy_until) + self.service
            self.at(self.busy_until, lambda t, n=name, c=captured: self.answer(n, c, t))

    def answer(self, name: str, captured: float, now: float) -> None:
        self.free += 1
        self.out.turns[name] += 1
        self.left[name] = (self.left[name] or self.feeds[name].parts + 1) - 1
        if self.left[name]:  # the next region of the same frame
            self.asked[name] = captured
            self.order.join(name)
            return
        self.out.looked[name] += 1
        self.out.ages[name].append(now - captured)
        self.at(now + self.feeds[name].after, lambda _: self.again(name))

    def again(self, name: str) -> None:
        self.idle.add(name)
        self.ask(name)


def run(
    feeds: Sequence[Feed],
    order: Order,
    service: float,
    seconds: float,
    slots: int = 2,
    late: bool = True,
) -> Outcome:
    """Play ``seconds``.

    Args:
        service: seconds that the device needs for a frame.
        late: the newest frame is chosen when the turn comes, as the scheduler does; else the one
            that asked.
    """
    named = {f"c{number}": feed for number, feed in enumerate(feeds)}
    play = _Run(named, order, service, slots, late)
    for name, feed in named.items():
        play.at(feed.offset, lambda t, n=name: play.frame(n, t))
        play.out.looked[name] += 0
        play.out.turns[name] += 0
    while play.events and play.events[0][0] <= seconds:
        now, _, what = heapq.heappop(play.events)
        what(now)
        play.serve(now)
    return play.out
