"""Batches: bounded by number and time, answered after the commit, kept through a failing ledger."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime

import pytest

from hub_server.ingest import batcher as batchers
from hub_server.ingest.acks import acks
from hub_server.ingest.batcher import Batcher
from hub_server.ingest.settings import BatchSettings
from hub_server.ingest.types import Received
from hub_server.pipeline.work import Receipts
from tests.support.hub import NOW


class Ledger:
    """Takes batches, fails as often as told, and can be held."""

    def __init__(self, failures: int = 0) -> None:
        self.batches: list[list[str]] = []
        self.payloads: list[bytes] = []
        self.failures = failures
        self.open = asyncio.Event()
        self.open.set()

    async def take(self, batch: Sequence[Received]) -> Receipts:
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("disk is full")
        self.batches.append([one.topic for one in batch])
        self.payloads += [one.payload for one in batch]
        return Receipts()


def clock() -> datetime:
    return NOW


def make(ledger: Ledger, told: list[Receipts], bound: int = 100, max_events: int = 3) -> Batcher:
    settings = BatchSettings(max_events=max_events, max_wait="10ms")
    return Batcher(settings, ledger.take, told.append, bound, clock)


def message(name: object) -> Received:
    return Received(str(name), b"", NOW)


def play(story: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 20))


def test_a_full_batch_goes_at_once_and_says_there_is_a_backlog() -> None:
    async def story() -> None:
        ledger, told = Ledger(), list[Receipts]()
        batcher = make(ledger, told)
        running = asyncio.ensure_future(batcher.run())
        answers = await asyncio.gather(*[batcher.submit(message(n)) for n in range(7)])
        assert answers == [True] * 7
        assert ledger.batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
        assert len(told) == 3
        assert (batcher.waiting, batcher.full_at) == (0, NOW)
        running.cancel()

    play(story())


def test_one_message_waits_no_longer_than_max_wait() -> None:
    async def story() -> None:
        ledger = Ledger()
        batcher = make(ledger, [])
        running = asyncio.ensure_future(batcher.run())
        assert await batcher.submit(message(1))
        assert batcher.full_at is None
        running.cancel()

    play(story())


def test_a_message_that_comes_alone_waits_for_nobody_and_the_next_ones_share_a_batch() -> None:
    async def story() -> None:
        ledger = Ledger()
        settings = BatchSettings(max_events=100, max_wait="500ms")
        batcher = Batcher(settings, ledger.take, lambda _: None, 100, clock)
        running = asyncio.ensure_future(batcher.run())
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await batcher.submit(message("alone"))
        assert loop.time() - began < 0.4
        first = batcher.submit(message(1))
        await asyncio.sleep(0.05)
        assert not first.done()
        await asyncio.gather(first, batcher.submit(message(2)))
        assert loop.time() - began >= 0.5
        assert ledger.batches == [["alone"], ["1", "2"]]
        running.cancel()

    play(story())


def test_nothing_is_answered_before_the_ledger_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batchers, "RETRY_S", 0.01)

    async def story() -> None:
        ledger, told = Ledger(failures=2), list[Receipts]()
        batcher = make(ledger, told)
        ledger.open.clear()
        running = asyncio.ensure_future(batcher.run())
        waiting = asyncio.ensure_future(batcher.submit(message(1)))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert told == []
        ledger.open.set()
        assert await waiting
        assert ledger.batches == [["1"]]
        assert len(told) == 1
        assert batcher.fault == ""
        running.cancel()

    play(story())


def test_a_full_queue_refuses_and_counts() -> None:
    async def story() -> None:
        ledger = Ledger()
        ledger.open.clear()
        batcher = make(ledger, [], bound=2)
        running = asyncio.ensure_future(batcher.run())
        waiting = [asyncio.ensure_future(batcher.submit(message(n))) for n in range(2)]
        await asyncio.sleep(0)
        assert not await batcher.submit(message("one too many"))
        assert batcher.dropped == 1
        ledger.open.set()
        assert await asyncio.gather(*waiting) == [True, True]
        running.cancel()

    play(story())


def test_the_acknowledgement_says_ranges_by_device_and_epoch() -> None:
    receipts = Receipts()
    for sequence in (1, 2, 3, 7):
        receipts.add("pi-0001", "e1", sequence)
    receipts.add("pi-0001", "e2", 5)
    receipts.add("pi-0002", "e9", 1)
    assert acks("330899", receipts) == [
        (
            "linli/v1/330899/pi-0001/ack",
            b'{"ranges":[{"epoch":"e1","first":1,"last":3},{"epoch":"e1","first":7,"last":7},'
            b'{"epoch":"e2","first":5,"last":5}]}',
        ),
        ("linli/v1/330899/pi-0002/ack", b'{"ranges":[{"epoch":"e9","first":1,"last":1}]}'),
    ]


def test_states_that_find_the_queue_full_come_when_there_is_room_the_newest_of_each() -> None:
    async def story() -> None:
        ledger = Ledger()
        ledger.open.clear()
        batcher = make(ledger, [], bound=2)
        running = asyncio.ensure_future(batcher.run())
        waiting = [asyncio.ensure_future(batcher.submit(message(n))) for n in range(2)]
        await asyncio.sleep(0)
        for payload in (b"old", b"new"):
            state = Received("linli/v1/330899/pi-0001/status", payload, NOW)
            assert not await batcher.submit(state)
        assert batcher.dropped == 0
        ledger.open.set()
        await asyncio.gather(*waiting)
        await batcher.submit(message("next"))
        while len(ledger.payloads) < 4:
            await asyncio.sleep(0.01)
        assert ledger.payloads.count(b"new") == 1
        assert b"old" not in ledger.payloads
        running.cancel()

    play(story())


def test_it_says_whether_more_waits_than_is_taken_at_once() -> None:
    async def story() -> None:
        ledger, pressed = Ledger(), list[bool]()
        settings = BatchSettings(max_events=4, max_wait="10ms")
        batcher = Batcher(settings, ledger.take, lambda _: None, 100, clock, pressed.append)
        running = asyncio.ensure_future(batcher.run())
        await asyncio.gather(*[batcher.submit(message(n)) for n in range(6)])
        await batcher.submit(message("alone"))
        assert [len(one) for one in ledger.batches] == [4, 2, 1]
        assert pressed == [True, True, False]
        running.cancel()

    play(story())
