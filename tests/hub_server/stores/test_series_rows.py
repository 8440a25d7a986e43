"""Points wait in the ledger as rows, one a message, and come out of them as they went in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import insert, select, table, text
from sqlalchemy.sql.expression import column

from hub_server.ledger import engine
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.place import Place
from hub_server.ledger.tables import quarantine, series
from hub_server.stores.line_protocol import Point, UnwritableError, encode
from hub_server.stores.points import Origin, reading_points
from hub_server.stores.reading_lines import reading_lines
from hub_server.stores.waiting import Rows, SeriesRow, queue
from linli_contract.payloads import Measurement, Quality, Reading
from tests.support.hub import Device, HubClock, decoded, make_ledger, make_pipeline

TIME = datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC)
PLACE = Place("330899", "330899001", "330899001001", "330899001001001")
OTHER = Place("330899", "", "", "330899001001002")
nasty = st.text(st.sampled_from('ab,= "\\#\n\r\t中é😀_.\x00\ud800'), max_size=5)
measurements = st.builds(
    Measurement,
    sensor=nasty | st.just("gas-1"),
    metric=nasty | st.just("gas_lel"),
    value=st.floats() | st.integers(-5, 5),
    unit=nasty,
    quality=st.sampled_from(Quality),
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


def waiting(ledger: Ledger) -> list[SeriesRow]:
    columns = select(series.c.seq, series.c.line, series.c.points).order_by(series.c.seq)
    with ledger.read() as conn:
        return [SeriesRow(*row) for row in conn.execute(columns)]


def encoded(points: list[Point]) -> list[str] | None:
    """Their lines; None when one cannot be carried."""
    try:
        return [encode(point) for point in points]
    except UnwritableError:
        return None


@example([Measurement("gas-1", "gas_lel", inf, '%"L,E=L')], "e1", 1)
@given(st.lists(measurements, max_size=4), nasty | st.just("e1"), st.integers(0, 10**7))
def test_readings_become_the_lines_of_their_points(
    values: list[Measurement], event: str, sequence: int
) -> None:
    origin, reading = Origin(PLACE, "pi-0001", event, TIME, sequence), Reading(tuple(values))
    places = {"gas-1": OTHER}
    expected = encoded(reading_points(origin, reading, places))
    try:
        assert reading_lines(origin, reading, places) == expected
    except UnwritableError:
        assert expected is None or not values  # of none, the id is looked at all the same


def test_a_sensor_that_moves_has_its_new_place_at_once() -> None:
    origin = Origin(PLACE, "pi-0001", "e1", TIME, 7)
    reading = Reading((Measurement("gas-1", "gas_lel", 3.0, "%LEL"),))
    [before] = reading_lines(origin, reading, {})
    [after] = reading_lines(origin, reading, {"gas-1": OTHER})
    assert f"grid={PLACE.grid}," in before
    assert f"grid={OTHER.grid}," in after


@given(st.lists(st.lists(nasty, max_size=3), max_size=3))
def test_rows_give_back_the_lines_that_went_in(messages: list[list[str]]) -> None:
    rows, written = Rows(), list[str]()
    for texts in messages:
        points = [Point("m", {}, {"text": text}, number) for number, text in enumerate(texts)]
        rows.add(points)
        for point in points:
            written += encoded([point]) or []
    found = [SeriesRow(0, *row) for row in rows.waiting]
    assert [line for row in found for line in row.lines()] == written
    assert all(len(row.lines()) == row.points for row in found)


def test_a_message_is_one_row(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    values = dict.fromkeys(("a", "b", "c", "d", "e", "f"), 1.0)
    pipeline.run(decoded(device.reading(TIME, values), device.reading(TIME, values)))
    rows = waiting(ledger)
    assert [row.points for row in rows] == [6, 6]
    assert all(line.startswith("reading,") for row in rows for line in row.lines())


def test_what_no_line_can_carry_is_set_aside_alone(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(device.reading(TIME, {"a": 1.0, "b\\": 2.0, "c": 3.0})))
    with ledger.read() as conn:
        [aside] = conn.execute(select(quarantine)).all()
    assert aside.reason == "point_unwritable"
    assert "backslash" in aside.detail
    [row] = waiting(ledger)
    assert [line.partition("value=")[2][:3] for line in row.lines()] == ["1.0", "3.0"]


def test_a_line_feed_in_a_text_ends_no_line(ledger: Ledger) -> None:
    broken, plain = (Point("m", {}, {"text": text}, 1) for text in ("a\nb", "c"))
    rows = Rows()
    rows.add([broken, plain])
    with ledger.write() as conn:
        rows.save(conn)
        queue(conn, [plain, plain])
    found = [row.lines() for row in waiting(ledger)]
    assert found == [[encode(broken)], [encode(plain)], [encode(plain)], [encode(plain)]]


def test_rows_of_before_are_taken_over_and_given_back(ledger_url: str) -> None:
    """Up from one line a row, and down to it again, with what waits."""
    ledger = open_ledger(ledger_url)
    ledger.migrate("0008")
    old = table("series", column("seq"), column("line"))
    lines = ['m text="a\nb" 1', "m v=1.0 2"]
    with ledger.write() as conn:
        conn.execute(insert(old), [{"line": line} for line in lines])
    ledger.migrate()
    assert [row.lines() for row in waiting(ledger)] == [[line] for line in lines]
    with ledger.write() as conn:
        conn.execute(insert(series), [{"line": "m v=1.0 3\nm v=2.0 3", "points": 2}])
    with ledger.write() as conn:
        config = Config()
        config.set_main_option("script_location", str(engine._MIGRATIONS))
        config.attributes["connection"] = conn
        command.downgrade(config, "0008")
    with ledger.read() as conn:
        found = list(conn.scalars(text("SELECT line FROM series ORDER BY seq")))
    assert found == [*lines, "m v=1.0 3", "m v=2.0 3"]
    ledger.close()
