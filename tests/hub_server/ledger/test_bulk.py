"""Many rows at once are what SQLAlchemy's own statements would have written, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from hub_server.ledger.bulk import insert_new_rows, insert_rows, update_rows, upsert_rows
from hub_server.ledger.tables import alert_state, inbox, observations, sequences
from tests.support.hub import NOW, make_ledger

KEYS, FIELDS = ("device", "epoch"), ("first", "last", "holes", "oldest_hole", "newest_at")
SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def conn(ledger_url: str) -> Iterator[Connection]:
    ledger = make_ledger(ledger_url, synced=False)
    with ledger.write() as conn:
        yield conn
    ledger.close()


def test_a_row_is_inserted_or_changed(conn: Connection) -> None:
    holes = [[2, 3, "2026-11-22T08:00:00+00:00"]]
    upsert_rows(conn, sequences, KEYS, FIELDS, [("d", "e1", 1, 4, holes, NOW, NOW)])
    local = datetime(2026, 11, 22, 16, tzinfo=SHANGHAI)
    rows: list[tuple[object, ...]] = [
        ("d", "e1", 1, 9, [], None, local),
        ("d'--", "?1", 5, 5, [], None, NOW),
    ]
    upsert_rows(conn, sequences, KEYS, FIELDS, rows)
    found = conn.execute(select(sequences).order_by(sequences.c.device)).all()
    assert [tuple(row)[:6] for row in found] == [
        ("d", "e1", 1, 9, [], None),
        ("d'--", "?1", 5, 5, [], None),
    ]
    assert found[0].newest_at == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_columns_that_are_not_named_stay(conn: Connection) -> None:
    first = {"rule": "r", "key": "k", "state": {"a": 1}, "community": "c"}
    conn.execute(insert(alert_state), [first, first | {"key": "other"}])
    upsert_rows(conn, alert_state, ("rule", "key"), ("state",), [("r", "k", {"b": [2]})])
    update_rows(conn, alert_state, ("rule", "key"), ("community",), [("r", "other", "d")])
    found = conn.execute(select(alert_state).order_by(alert_state.c.key)).all()
    assert [tuple(row) for row in found] == [
        ("r", "k", {"b": [2]}, "c"),
        ("r", "other", {"a": 1}, "d"),
    ]


def test_only_rows_with_these_keys_are_updated(conn: Connection) -> None:
    names = tuple(column.name for column in observations.columns)
    rest = ("pi-0001", "gate", "crowd", "z", NOW, NOW, None, "", "case")
    insert_rows(conn, observations, names, [(name, *rest) for name in ("o1", "o2", "o3")])
    ended = NOW + timedelta(seconds=5)
    rows = [("o3", ended, "left"), ("o1", None, "x"), ("o9", NOW, "nobody")]
    update_rows(conn, observations, ("id",), ("ended_at", "cause"), rows)
    shown = (observations.c.id, observations.c.ended_at, observations.c.cause)
    found = conn.execute(select(*shown, observations.c.incident).order_by(observations.c.id))
    assert [tuple(row) for row in found] == [
        ("o1", None, "x", "case"),
        ("o2", None, "", "case"),
        ("o3", ended, "left", "case"),
    ]


def test_how_many_rows_are_new(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path, synced=False)
    names = (
        "device",
        "id",
        "type",
        "subject",
        "time",
        "received_at",
        "epoch",
        "sequence",
        "payload",
    )
    rows = [("d", str(n), "t", "s", NOW, NOW, "e", n, b"{}") for n in range(5)]
    with ledger.write() as conn:
        assert insert_new_rows(conn, inbox, names, rows[:3]) == 3
        assert insert_new_rows(conn, inbox, names, rows) == 2
        assert len(conn.execute(select(inbox)).all()) == 5
    ledger.close()
