"""A batch of alerts opens, joins and reopens exactly what the same alerts do one at a time."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, delete, event, update

from hub_server.alerting.book import Book
from hub_server.alerting.types import Alert
from hub_server.incidents.opening import join_open, open_or_join
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import incident_pictures, incidents, outbound, series, steps
from hub_server.pipeline.opening import open_cases
from hub_server.pipeline.work import Work
from linli_contract.event_types import Colour
from tests.hub_server.incidents_opening.test_opening import COOL, alert
from tests.support.hub import NOW, make_ledger, make_parts, rows

PARTS = make_parts(("county", "console"))
GROUPS = st.sampled_from("abcd")
BEFORE = st.dictionaries(GROUPS, st.sampled_from(["open", "warm", "cold"]), max_size=3)
ALERTS = st.lists(
    st.tuples(
        GROUPS, st.sampled_from(list(Colour)), st.booleans(), st.booleans(), st.integers(0, 5)
    ),
    max_size=10,
)
TABLES = (outbound, series, incident_pictures, steps, incidents)
UNLIKE = {"number", "change", "seq", "step", "key"}
"""Columns that count: their order may differ, and the words that name them."""


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    made = make_ledger(tmp_path_factory.mktemp("together"), synced=False)
    yield made
    made.close()


def take(ledger: Ledger, batch: Sequence[Alert], now: datetime = NOW) -> dict[str, str]:
    with ledger.write() as conn:
        work = Work([], now, Book({}).draft())
        return open_cases(conn, batch, work, PARTS)


def take_one(ledger: Ledger, one: Alert) -> dict[str, str]:
    act = join_open if one.eases else open_or_join
    with ledger.write() as conn:
        done = act(conn, one, PARTS.policy, NOW)
    return {one.id: done.incident} if done else {}


def prepare(ledger: Ledger, before: dict[str, str]) -> None:
    """No incident, but for one of each group in ``before``: open, or ended lately or long ago."""
    with ledger.write() as conn:
        for table in TABLES:
            conn.execute(delete(table))
    for group, state in sorted(before.items()):
        earlier = NOW - 3 * COOL
        [case] = take(ledger, [alert(f"before-{group}", group_key=group)], earlier).values()
        ended = {"warm": NOW - COOL / 2, "cold": NOW - 2 * COOL}.get(state)
        if ended is not None:
            closed = update(incidents).where(incidents.c.id == case)
            with ledger.write() as conn:
                conn.execute(closed.values(state="closed", closed_at=ended, updated_at=ended))


def made(number: int, row: tuple[str, Colour, bool, bool, int]) -> Alert:
    group, colour, eases, late, pictures = row
    shown = tuple((f"{number:02d}{n}" * 16, "near") for n in range(pictures))
    return alert(
        f"e{number}", group_key=group, colour=colour, eases=eases, late=late, pictures=shown
    )


def told(ledger: Ledger) -> list[str]:
    """What the tables say, less the figures that only count."""
    return sorted(_plain(ledger, table) for table in TABLES if table is not series)


def _plain(ledger: Ledger, table: Table) -> str:
    return json.dumps(
        sorted(json.dumps(_less(dict(row)), default=str) for row in rows(ledger, table))
    )


def _less(value: object) -> object:
    if isinstance(value, list):
        return [_less(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _less(one) for key, one in value.items() if key not in UNLIKE}
    return {key: one for key, one in kept.items() if key not in ("zh", "en", "id")}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=BEFORE, found=ALERTS)
def test_together_as_one_by_one(
    ledger: Ledger, before: dict[str, str], found: list[tuple[str, Colour, bool, bool, int]]
) -> None:
    alerts = [made(number, row) for number, row in enumerate(found)]
    prepare(ledger, before)
    apart: dict[str, str] = {}
    for one in alerts:
        apart |= take_one(ledger, one)
    expected = told(ledger)
    prepare(ledger, before)
    assert take(ledger, alerts) == apart
    assert told(ledger) == expected


def test_a_storm_costs_a_few_statements(ledger: Ledger) -> None:
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    prepare(ledger, {})
    event.listen(ledger._engine, "before_cursor_execute", note)
    try:
        take(ledger, [alert(f"s{n}", group_key=f"s{n}") for n in range(300)])
    finally:
        event.remove(ledger._engine, "before_cursor_execute", note)
    assert len(rows(ledger, incidents)) == 300
    assert len(said) < 40
