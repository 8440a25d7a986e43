"""A row's life: waiting, sent on PUBACK, deleted only by the hub's acknowledgement."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import Moment
from edge_agent.outbox import Draft, Lane, Limits, OutboxError
from linli_contract.envelope import decode
from linli_contract.payloads import AckRange
from linli_settings import ConfigError
from tests.edge_agent.outbox.outbox_kit import START, after, draft, open_outbox

NOW = START.mono


def _numbers(rows: list) -> list[int]:
    return [row.sequence for row in rows]


def test_append_numbers_across_lanes_and_keeps_the_wire_form(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    made = [outbox.append(draft(lane), START) for lane in (Lane.TELEMETRY, Lane.LIFE_SAFETY)]
    assert [e.number for e in made] == [1, 2]
    assert {e.epoch for e in made} == {"epoch-1"}
    rows = outbox.take(NOW, 10)
    assert [decode(row.body) for row in rows] == [made[1], made[0]]
    assert rows[0].topic == "linli/v1/330899/pi-0001/event/fall"
    assert rows[1].topic == "linli/v1/330899/pi-0001/reading"


def test_what_append_returned_survives_the_process(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    kept = outbox.append(draft(), START)
    # no close(): the process is gone; a second connection sees only what was committed
    _, again = open_outbox(tmp_path, epoch="never minted again")
    assert [decode(row.body) for row in again.take(NOW, 10)] == [kept]


def test_puback_does_not_delete_and_the_acknowledgement_does(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    for _ in range(4):
        outbox.append(draft(), START)
    outbox.mark_sent(_numbers(outbox.take(NOW, 10)), NOW)
    assert outbox.count() == 4
    lane = outbox.lanes(START)[Lane.EVENTS]
    assert (lane.waiting, lane.sent) == (0, 4)
    assert outbox.confirm([AckRange("epoch-1", 1, 2), AckRange("epoch-1", 4, 4)]) == 3
    assert _numbers(outbox.take(NOW + 60, 10)) == [3]


def test_an_acknowledgement_before_the_puback_counts(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(), START)
    assert _numbers(outbox.take(NOW, 1)) == [1]
    assert outbox.confirm([AckRange("epoch-1", 1, 1)]) == 1
    outbox.mark_sent([1], NOW)
    assert outbox.count() == 0


def test_an_acknowledgement_of_another_epoch_or_of_unsent_rows_deletes_nothing(
    tmp_path: Path,
) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(), START)
    assert outbox.confirm([AckRange("epoch-1", 1, 9)]) == 0  # never handed to a broker
    outbox.mark_sent(_numbers(outbox.take(NOW, 1)), NOW)
    assert outbox.confirm([AckRange("epoch-0", 1, 9)]) == 0
    assert outbox.count() == 1


def test_unconfirmed_rows_are_due_again_after_60_s_or_a_reconnect(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(), START)
    outbox.mark_sent(_numbers(outbox.take(NOW, 1)), NOW)
    assert outbox.take(NOW + 59.9, 1) == []
    assert _numbers(outbox.take(NOW + 60, 1)) == [1]
    assert outbox.take(NOW + 60, 1) == []  # in flight
    outbox.reset()
    assert _numbers(outbox.take(NOW + 60, 1)) == [1]


def test_a_refused_row_stays_unsent_and_is_tried_again(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(), START)
    outbox.mark_refused(_numbers(outbox.take(NOW, 1)), NOW)
    lane = outbox.lanes(START)[Lane.EVENTS]
    assert (lane.waiting, lane.sent) == (1, 0)
    outbox.reset()
    assert outbox.take(NOW + 59.9, 1) == []  # a new connection alone does not bring it forward
    assert _numbers(outbox.take(NOW + 60, 1)) == [1]


def test_lanes_are_drained_by_importance_and_a_full_window_holds_only_its_own(
    tmp_path: Path,
) -> None:
    _, outbox = open_outbox(tmp_path, Limits(lane_window=2))
    for lane in (Lane.TELEMETRY, Lane.TELEMETRY, Lane.TELEMETRY, Lane.EVENTS, Lane.LIFE_SAFETY):
        outbox.append(draft(lane), START)
    first = _numbers(outbox.take(NOW, 10))
    assert first == [5, 4, 1, 2]
    outbox.mark_sent(first, NOW)
    assert outbox.take(NOW, 10) == []
    outbox.append(draft(Lane.LIFE_SAFETY), START)
    assert _numbers(outbox.take(NOW, 10)) == [6]


def test_a_deleted_number_is_never_given_again(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    outbox.append(draft(), START)
    outbox.take(NOW, 1)
    outbox.confirm([AckRange("epoch-1", 1, 1)])
    database.close()
    _, again = open_outbox(tmp_path)
    assert again.append(draft(), START).number == 2


def test_a_file_of_another_device_is_refused_by_name(tmp_path: Path) -> None:
    database, _ = open_outbox(tmp_path)
    with database.transaction() as db:
        db.execute("UPDATE meta SET value = '/linli/330899/pi-0002' WHERE name = 'source'")
    database.close()
    with pytest.raises(ConfigError, match=r"device: expected .*pi-0001.* found .*pi-0002"):
        open_outbox(tmp_path)


def test_a_full_disk_is_said_and_the_next_append_works(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    with database.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="full"):
        outbox.append(draft(text="x" * 100_000), START)
    with database.reading() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    assert outbox.append(draft(), START).number == 1


def test_every_commit_is_synchronous_and_the_log_is_ahead(tmp_path: Path) -> None:
    """Read on the connection that commits an event, while it does."""
    database, outbox = open_outbox(tmp_path)
    seen: list[tuple[str, int]] = []
    with database.reading() as db:
        db.set_trace_callback(lambda text: seen.append((text.split()[0], _synchronous(db))))
    outbox.append(draft(), START)
    outbox.mark_sent(_numbers(outbox.take(NOW, 1)), NOW)
    outbox.confirm([AckRange("epoch-1", 1, 1)])
    outbox.append(draft(), START)
    with database.reading() as db:
        db.set_trace_callback(None)
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    commits = [full for text, full in seen if text == "COMMIT"]
    # what is sent and confirmed would only be sent once more after a power cut
    assert commits == [FULL, NORMAL, NORMAL, FULL]


NORMAL, FULL = 1, 2


def _synchronous(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA synchronous").fetchone()[0])


def test_several_share_one_commit_and_all_are_kept_or_none(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    commits: list[str] = []
    with database.reading() as db:
        db.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    made = outbox.append_all((draft(Lane.TELEMETRY), after(n)) for n in range(3))
    assert [envelope.number for envelope in made] == [1, 2, 3]
    assert len(commits) == 1

    def broken() -> Iterator[tuple[Draft, Moment]]:
        yield draft(Lane.TELEMETRY), START
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(OutboxError):
        outbox.append_all(broken())
    assert outbox.count() == 3
    assert outbox.append(draft(), START).number == 4


def test_what_the_hub_confirms_before_its_mark_leaves_room_at_once(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path, Limits(lane_window=2))
    for _ in range(4):
        outbox.append(draft(), START)
    assert _numbers(outbox.take(NOW, 10)) == [1, 2]
    assert outbox.take(NOW, 10) == []  # two are out, marked or not
    assert outbox.confirm([AckRange("epoch-1", 1, 2)]) == 2
    assert _numbers(outbox.take(NOW, 10)) == [3, 4]
    outbox.mark_sent([1, 2], NOW)  # the late mark of rows that are gone changes nothing
    assert outbox.count() == 2


def test_age_of_the_oldest_row_is_told(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(Lane.TELEMETRY), START)
    assert outbox.lanes(after(12.5))[Lane.TELEMETRY].oldest_s == 12.5
