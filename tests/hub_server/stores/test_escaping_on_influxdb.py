"""Whatever names and texts there are: a real InfluxDB gives back what was written, or it was
refused here. A thousand points go in one write, and each is asked for by itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.line_protocol import Point, UnwritableError, encode
from hub_server.stores.store import Refused, Span
from tests.support.influx import Influx

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NS = int(START.timestamp()) * 10**9
SPAN = Span(START, START + timedelta(hours=1))
nasty = st.text(st.sampled_from("ab,= \"'\\#中é😀_.\t\r\n/%{}[]$"), min_size=1, max_size=8)
texts = nasty | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=12)
written = st.tuples(texts, texts, texts, texts)


@pytest.fixture(scope="module")
def store(influx: Influx) -> Iterator[InfluxStore]:
    wanted = influx.settings()
    list(prepare_influx2(wanted, influx.token, influx.token))
    store = InfluxStore(wanted, influx.token)
    yield store
    store.close()


def lines_of(points: list[Point]) -> dict[str, Point]:
    found = {}
    for point in points:
        try:
            found[encode(point)] = point
        except UnwritableError:
            continue
    return found


numbers = iter(range(10**9))


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(written, min_size=1, max_size=20))
def test_a_real_server_gives_back_what_was_written(
    store: InfluxStore, rows: list[tuple[str, str, str, str]]
) -> None:
    """Measurement apart: tag keys and values, text fields and names of fields."""
    name = f"m{next(numbers)}"
    points = [
        Point(name, {f"k{key}": value}, {"text": text, field: 1.5}, NS + number)
        for number, (key, value, text, field) in enumerate(rows)
        if field != "text" and not field.startswith("k")  # a name is a tag's or a field's
    ]
    sent = lines_of(points)
    if not sent:
        return
    store.write(list(sent))
    assert store.range(name, {}, SPAN) == sorted(sent.values(), key=lambda one: one.time_ns)


@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, texts)
def test_measurements_and_values_can_be_asked_for(
    store: InfluxStore, measurement: str, value: str
) -> None:
    number = next(numbers)
    point = Point(f"{measurement}{number}", {"t": value}, {"v": 1.0, "text": value}, NS + number)
    if lines := lines_of([point]):
        store.write(list(lines))
        if "\r" in measurement + value:
            with pytest.raises(Refused, match="carriage return"):
                store.range(point.measurement, {"t": value}, SPAN)
            return
        assert store.range(point.measurement, {}, SPAN) == [point]
        assert store.range(point.measurement, {"t": value, "text": value}, SPAN) == [point]
        assert store.range(point.measurement, {"t": value + "x"}, SPAN) == []
