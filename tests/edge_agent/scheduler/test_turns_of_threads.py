"""Cameras as threads at one slow accelerator: turns, drops by cause, hanging and leaving."""

import threading
import time
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_agent import scheduler
from edge_agent.cameras.newest import Newest
from edge_agent.clock import Moment
from edge_agent.scheduler import OneInFlight
from edge_agent.turns import Turns
from edge_agent.types import Detections, Frame

T0 = datetime(2026, 3, 1, tzinfo=UTC)
NOTHING = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), (), (8, 8))
IMAGE = np.zeros((8, 8, 3), np.uint8)


class StillClock:
    """Moves when told."""

    def __init__(self) -> None:
        self.mono = 0.0

    def now(self) -> Moment:
        return Moment(T0 + timedelta(seconds=self.mono), self.mono)


class SlowDevice:
    """Answers one frame whenever the test says so."""

    def __init__(self) -> None:
        self.owed: list[tuple[Frame, Future[Detections]]] = []
        self.changed = threading.Condition()
        self.most = 0

    def submit(self, frame: Frame) -> Future[Detections]:
        future: Future[Detections] = Future()
        with self.changed:
            self.owed.append((frame, future))
            self.most = max(self.most, len(self.owed))
            self.changed.notify_all()
        return future

    def answer(self) -> Frame:
        with self.changed:
            assert self.changed.wait_for(lambda: self.owed, 10)
            frame, future = self.owed.pop(0)
        future.set_result(NOTHING)
        return frame


class Feed:
    """A camera's thread as the flow has it; the test gives its frames."""

    def __init__(self, name: str, device: SlowDevice, turns: Turns, clock: StillClock) -> None:
        self.name, self.drops, self.looked = name, Counter[str](), 0
        self.newest = Newest(self.drops)
        self.given = 0
        self.stop = threading.Event()
        self.one = OneInFlight(device, clock.now, self.stop, turns)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def give(self) -> None:
        self.given += 1
        self.newest.put(Frame(self.name, IMAGE, T0, self.given))

    def _run(self) -> None:
        while not self.stop.is_set():
            frame = self.newest.take(0.02)
            fresh = frame and self.one.newest_at_turn(frame, lambda: self.newest.take(0.0))
            if frame is None or fresh is None:
                continue
            self.drops[scheduler.NO_TURN] += fresh is not frame
            if self.one.detect(fresh) is not None:
                self.looked += 1
        self.one.leave(self.name)

    def end(self) -> None:
        self.stop.set()
        self.newest.close()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


def _until_all_want(turns: Turns, feeds: int) -> None:
    """Until each feed has a turn or waits for one: a thread the machine kept from its work so far
    asked for nothing, and says nothing of fairness."""
    deadline = time.monotonic() + 10
    while len(turns._order._waiting) < feeds - turns._slots:
        assert time.monotonic() < deadline, "the feeds do not ask"
        time.sleep(0.001)


def test_eight_threads_share_it_evenly_and_every_frame_is_accounted_for(clock: StillClock) -> None:
    """Real threads in step with the test: each round every camera gives one, two or more frames."""
    device, turns = SlowDevice(), Turns(clock.now, slots=2)
    feeds = [Feed(f"c{n}", device, turns, clock) for n in range(8)]
    answered = Counter[str]()
    for feed in feeds:
        feed.give()
    for _ in range(200):
        _until_all_want(turns, len(feeds))
        frame = device.answer()
        answered[frame.camera] += 1
        for number, feed in enumerate(feeds):
            for _ in range(1 + number // 3):
                feed.give()
    for feed in feeds:
        feed.stop.set()
    for feed in feeds:
        feed.end()
    assert max(answered.values()) / min(answered.values()) <= 1.2
    assert device.most <= 2
    for feed in feeds:
        waiting = feed.given - feed.looked - sum(feed.drops.values())
        assert 0 <= waiting <= 2, feed.name  # the last one, and the one in flight at the end
    assert sum(feed.drops[scheduler.NO_TURN] for feed in feeds) > 0


def test_a_hanging_device_is_overdue_for_those_who_wait_too(
    clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "POLL_S", 0.01)
    device, turns = SlowDevice(), Turns(clock.now)
    first, second = (OneInFlight(device, clock.now, threading.Event(), turns) for _ in range(2))
    said: list[str] = []

    def look(one: OneInFlight, name: str) -> None:
        with pytest.raises(TimeoutError, match="no answer within 10 s"):
            one.detect(Frame(name, IMAGE, T0, 0))
        said.append(name)

    threads = [threading.Thread(target=look, args=(first, "a"))]
    threads[0].start()
    with device.changed:
        assert device.changed.wait_for(lambda: device.owed, 10)
    threads.append(threading.Thread(target=look, args=(second, "b")))
    threads[1].start()
    clock.mono = scheduler.MODEL_S + 1
    for thread in threads:
        thread.join(10)
    assert sorted(said) == ["a", "b"]
    device.answer()
    assert turns.take("c", 5)  # the answer ended the turn


def test_a_detector_that_refuses_a_frame_ends_the_turn(clock: StillClock) -> None:
    class Refusing:
        def submit(self, frame: Frame) -> Future[Detections]:
            raise ValueError("no")

    turns = Turns(clock.now)
    one = OneInFlight(Refusing(), clock.now, threading.Event(), turns)
    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            one.detect(Frame("a", IMAGE, T0, 0))
    assert turns.take("b", 0)


def test_who_leaves_gives_the_turn_back(clock: StillClock) -> None:
    turns = Turns(clock.now)
    one = OneInFlight(SlowDevice(), clock.now, threading.Event(), turns)
    frame = Frame("a", IMAGE, T0, 0)
    assert one.newest_at_turn(frame, lambda: None) is frame
    assert not turns.take("b", 0)
    one.leave("a")
    assert turns.take("b", 0)


def test_more_slots_let_more_begin(clock: StillClock) -> None:
    turns = Turns(clock.now)
    assert turns.take("a", 0)
    assert not turns.take("b", 0)
    turns.widen(2)
    assert turns.take("b", 0)
    turns.widen(1)
    turns.done()
    assert turns.take("c", 0)
