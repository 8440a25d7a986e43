"""The bound: what goes first, what says so, and how tombstones stay few."""

from pathlib import Path

from edge_agent.outbox import Lane, Limits, Outbox
from linli_contract.envelope import decode, decode_data
from linli_contract.payloads import Tombstone
from tests.edge_agent.outbox.outbox_kit import START, after, draft, open_outbox

SMALL = Limits(max_bytes=20_000)
BODY = "x" * 300


def _stones(outbox: Outbox) -> list[Tombstone]:
    rows = [r for r in outbox.take(START.mono, 1000) if r.topic.endswith("/event/tombstone")]
    return [decode_data(decode(row.body), Tombstone) for row in rows]


def _fill(outbox: Outbox, lane: Lane, rows: int) -> None:
    for _ in range(rows):
        outbox.append(draft(lane, BODY), START)


def test_telemetry_goes_first_and_the_tombstone_says_what(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path, SMALL)
    _fill(outbox, Lane.TELEMETRY, 10)
    _fill(outbox, Lane.LIFE_SAFETY, 10)
    _fill(outbox, Lane.EVENTS, 8)
    lanes = outbox.lanes(START)
    assert lanes[Lane.LIFE_SAFETY].dropped == lanes[Lane.EVENTS].dropped == 0
    dropped = lanes[Lane.TELEMETRY].dropped
    assert dropped > 0
    [stone] = _stones(outbox)
    assert stone == Tombstone("epoch-1", "telemetry", 1, dropped, dropped, "outbox_full")


def test_events_go_before_life_safety(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path, SMALL)
    _fill(outbox, Lane.EVENTS, 10)
    _fill(outbox, Lane.LIFE_SAFETY, 60)
    lanes = outbox.lanes(START)
    assert lanes[Lane.EVENTS].dropped == 10
    assert lanes[Lane.LIFE_SAFETY].dropped > 0
    newest = max(row.sequence for row in outbox.take(START.mono, 1000))
    assert newest >= 70  # what came last is kept


def test_the_bound_holds_and_tombstones_never_sent_become_one(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path, SMALL)
    _fill(outbox, Lane.TELEMETRY, 400)
    with database.reading() as db:
        used = db.execute("SELECT bytes FROM used").fetchone()[0]
        assert used == db.execute("SELECT sum(size) FROM rows").fetchone()[0]
    assert used <= SMALL.max_bytes + 1000
    kept = outbox.lanes(START)[Lane.TELEMETRY]
    [stone] = _stones(outbox)
    assert stone.count == kept.dropped
    assert stone.count + kept.waiting == 400


def test_a_tombstone_that_was_sent_is_left_as_it_is(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path, SMALL)
    _fill(outbox, Lane.TELEMETRY, 40)
    rows = outbox.take(START.mono, 1000)
    outbox.mark_sent([row.sequence for row in rows], START.mono)
    outbox.reset()
    _fill(outbox, Lane.TELEMETRY, 40)
    first, second = sorted(_stones(outbox), key=lambda s: s.first)
    assert first.count + second.count == outbox.lanes(START)[Lane.TELEMETRY].dropped


def test_what_is_too_old_goes_once_the_clock_can_be_trusted(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path, Limits(max_age_s=100))
    _fill(outbox, Lane.EVENTS, 2)
    outbox.tend(after(99))
    assert outbox.count() == 2
    outbox.tend(after(101))
    [stone] = _stones(outbox)
    assert (stone.lane, stone.first, stone.last, stone.cause) == ("events", 1, 2, "too_old")
