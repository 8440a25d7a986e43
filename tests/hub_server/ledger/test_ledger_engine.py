"""The ledger's door on a real SQLite file."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import IntegrityError

from hub_server.ledger import counters, engine
from hub_server.ledger.engine import Ledger, LedgerBusyError, open_ledger
from hub_server.ledger.tables import metadata, steps
from linli_settings import ConfigError
from tests.support.hub import NOW, figures


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = open_ledger(ledger_url)
    yield ledger
    ledger.close()


def add_and_fail(conn: Connection, name: str) -> None:
    counters.add(conn, name, 10)
    raise KeyError


@pytest.fixture
def sqlite_ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield ledger
    ledger.close()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_set_up_to_survive_a_power_cut(
    sqlite_ledger: Ledger, pragma: str, value: str | int
) -> None:
    with sqlite_ledger.write() as conn:
        assert conn.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_write_commits_whole_or_not_at_all(ledger: Ledger) -> None:
    with ledger.write() as conn:
        counters.add(conn, "kept", 2)
    with pytest.raises(KeyError), ledger.write() as conn:
        add_and_fail(conn, "kept")
    assert figures(ledger) == {"kept": 2}


def test_a_savepoint_takes_back_only_its_part(ledger: Ledger) -> None:
    with ledger.write() as conn:
        counters.add(conn, "a")
        with pytest.raises(KeyError), conn.begin_nested():
            add_and_fail(conn, "a")
        counters.add(conn, "b")
    assert figures(ledger) == {"a": 1, "b": 1}


def test_a_reader_keeps_its_snapshot(ledger: Ledger) -> None:
    with ledger.read() as conn:
        assert counters.read_all(conn) == {}
        with ledger.write() as other:
            counters.add(other, "a")
        assert counters.read_all(conn) == {}
    assert figures(ledger) == {"a": 1}


def test_a_write_holds_the_lock_before_it_reads(ledger: Ledger, ledger_url: str) -> None:
    other = open_ledger(ledger_url)
    order: list[str] = []

    def second() -> None:
        with other.write() as conn:
            order.append("second")
            counters.add(conn, "a", counters.read_all(conn)["a"])

    with ledger.write() as conn:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
        counters.add(conn, "a")
    thread.join()
    other.close()
    assert order == ["first", "second"]
    assert figures(ledger) == {"a": 2}


def test_a_write_within_a_write_is_said_not_waited_for_ever(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_S", 0.1)
    with ledger.write(), pytest.raises(LedgerBusyError), ledger.write():
        pass


def test_foreign_keys_hold(ledger: Ledger) -> None:
    row = {"action": "x", "from_state": "a", "to_state": "b", "actor": "c", "at": NOW, "detail": {}}
    with pytest.raises(IntegrityError), ledger.write() as conn:
        conn.execute(insert(steps).values(incident="nobody", **row))


def test_naive_times_are_refused(ledger: Ledger) -> None:
    row = {"action": "x", "from_state": "a", "to_state": "b", "actor": "c", "detail": {}}
    with pytest.raises(Exception, match="aware"), ledger.write() as conn:
        conn.execute(insert(steps).values(incident="x", at=NOW.replace(tzinfo=None), **row))


def test_migrations_make_exactly_the_tables(bare_url: str) -> None:
    ledger = open_ledger(bare_url)
    ledger.migrate()
    with ledger.write() as conn:
        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    ledger.close()


def test_migrating_again_changes_nothing(ledger: Ledger) -> None:
    with ledger.write() as conn:
        counters.add(conn, "a")
    ledger.migrate()
    assert figures(ledger) == {"a": 1}
    with ledger.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_one_open_incident_a_group_is_the_databases_word(ledger: Ledger) -> None:
    index = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'one_open_incident'",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = 'one_open_incident'",
    }
    with ledger.read() as conn:
        found = conn.execute(text(index[conn.dialect.name])).scalar_one()
    assert "UNIQUE" in found
    assert re.search(r"WHERE .*state.* (NOT IN|<> ALL) ", found)
    assert all(state in found for state in ("closed", "not_accepted"))


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "no address", ""]
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"ledger\.url"):
        open_ledger(url)


def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        open_ledger("mysql://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_private_counters_are_not_shown(ledger: Ledger) -> None:
    with ledger.write() as conn:
        assert [counters.next_change(conn) for _ in range(3)] == [1, 2, 3]
        assert [counters.next_numbers(conn, "d", n) for n in (1, 3, 1)] == [1, 2, 5]
    assert figures(ledger) == {}
