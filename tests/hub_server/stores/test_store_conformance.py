"""What every store promises, on a SQLite file and on a real InfluxDB 2.

InfluxDB 3 is a member without a server to run it on: what it shares with 2 is tested there.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import HttpUrl

from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.points import time_ns
from hub_server.stores.prepare import Missing
from hub_server.stores.settings import Influx2Settings, Influx3Settings
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.store import STORES, Level, Refused, RetryLater, Span, Store
from tests.support.influx import Influx
from tests.support.mosquitto import free_port

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ALL = Span(START, START + timedelta(hours=3))
KINDS = sorted(STORES.keys() - {"influxdb3"})


def made(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    if kind == "sqlite":
        return SqliteStore(tmp_path / "series.sqlite")
    server: Influx = request.getfixturevalue("influx")
    settings = server.settings()
    steps = list(prepare_influx2(settings, server.token, server.token))
    assert not [step for step in steps if isinstance(step, Missing)], steps
    return InfluxStore(settings, server.token)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = made(request.param, tmp_path, request)
    yield store
    store.close()


def point(second: int, value: float = 1.0, source: str = "gas-1", **fields: float | str) -> Point:
    at = START + timedelta(seconds=second)
    tags = {"county": "330899", "device": "pi-0001", "source": source, "type": "gas_lel"}
    return Point("reading", tags, {"value": value, "id": f"e{second}", **fields}, time_ns(at, 7))


def write(store: Store, *points: Point, level: Level = Level.RAW) -> None:
    store.write([encode(one) for one in points], level)


def ids(points: list[Point]) -> list[object]:
    return [one.fields["id"] for one in points]


def test_what_is_written_is_read_back_in_time_order(store: Store) -> None:
    points = [point(2), point(0, 1.5), point(1, text='a "quoted", = \\ 值')]
    write(store, *points)
    assert store.range("reading", {}, ALL) == sorted(points, key=lambda one: one.time_ns)


def test_writing_again_overwrites(store: Store) -> None:
    write(store, point(0), point(1))
    write(store, point(0, 5.0), point(1))
    found = store.range("reading", {}, ALL)
    assert [one.fields["value"] for one in found] == [5.0, 1.0]


def test_tags_fields_and_times_choose(store: Store) -> None:
    write(store, *[point(n, source=name) for n in range(3) for name in ("a b", "it's,c=d")])
    assert len(store.range("reading", {"source": "it's,c=d"}, ALL)) == 3
    two = Span(START, START + timedelta(seconds=2))
    assert ids(store.range("reading", {"source": "a b"}, two)) == ["e0", "e1"]
    assert ids(store.range("reading", {"source": "a b", "id": "e2"}, ALL)) == ["e2"]
    assert len(store.range("reading", {"source": ("a b", "it's,c=d"), "id": "e2"}, ALL)) == 2
    assert store.range("reading", {"source": "nobody"}, ALL) == []


def test_nothing_there_is_an_empty_answer(store: Store) -> None:
    assert store.range("nothing", {}, ALL) == []
    assert store.last("nothing", {}, ALL) == []
    assert store.aggregate("nothing", {"n": ("count", "value")}, {}, ALL, 60) == []


def test_aggregates_by_window_and_series(store: Store) -> None:
    seconds = {0: 3.0, 59: -1.0, 60: 10.0, 121: 4.0}
    write(store, *[point(n, value) for n, value in seconds.items()], point(5, 8.0, "b"))
    columns = {
        "n": ("count", "value"),
        "sum": ("sum", "value"),
        "least": ("min", "value"),
        "most": ("max", "value"),
        "mean": ("mean", "value"),
        "newest": ("last", "value"),
        "nothing": ("sum", "no_such_field"),
    }
    found = store.aggregate("reading", columns, {}, ALL, 60)
    start = time_ns(START, 0)
    rows = [
        ((one.start_ns - start) // 10**9, one.tags["source"], list(one.values.values()))
        for one in found
    ]
    assert rows == [
        (0, "b", [1, 8, 8, 8, 8, 8]),
        (0, "gas-1", [2, 2, -1, 3, 1, -1]),
        (60, "gas-1", [1, 10, 10, 10, 10, 10]),
        (120, "gas-1", [1, 4, 4, 4, 4, 4]),
    ]
    assert set(found[0].tags) == {"county", "device", "source", "type"}


def test_an_aggregate_counts_only_what_is_chosen(store: Store) -> None:
    write(store, *[point(n, phase="start" if n % 3 == 0 else "update") for n in range(9)])
    chosen = {"phase": "start"}
    [found] = store.aggregate("reading", {"n": ("count", "id")}, chosen, ALL, 600)
    assert found.values == {"n": 3.0}


def test_the_end_of_a_span_is_outside_of_it(store: Store) -> None:
    write(store, Point("m", {"a": "x"}, {"v": 1.0}, time_ns(ALL.end, 0)))
    assert store.range("m", {}, ALL) == []
    assert store.aggregate("m", {"n": ("count", "v")}, {}, ALL, 60) == []


def test_the_last_of_each_series(store: Store) -> None:
    write(store, point(0), point(7, 2.5), point(3), point(1, source="b"))
    assert ids(store.last("reading", {}, ALL)) == ["e1", "e7"]
    assert ids(store.last("reading", {"source": "gas-1"}, ALL)) == ["e7"]


def test_what_is_older_goes(store: Store) -> None:
    write(store, *[point(n) for n in range(4)])
    write(store, point(0), level=Level.HOUR)
    store.delete_older(START + timedelta(seconds=2))
    assert ids(store.range("reading", {}, ALL)) == ["e2", "e3"]
    assert ids(store.range("reading", {}, ALL, Level.HOUR)) == ["e0"]


def test_levels_are_apart(store: Store) -> None:
    write(store, point(0))
    write(store, point(1), level=Level.TEN_MINUTES)
    assert ids(store.range("reading", {}, ALL)) == ["e0"]
    assert ids(store.range("reading", {}, ALL, Level.TEN_MINUTES)) == ["e1"]
    assert ids(store.last("reading", {}, ALL, Level.TEN_MINUTES)) == ["e1"]
    assert store.range("reading", {}, ALL, Level.HOUR) == []


def test_a_broken_line_is_refused(store: Store) -> None:
    with pytest.raises(Refused):
        store.write([encode(point(0)), "this is no line"])


def test_twelve_thousand_series_are_all_there(store: Store) -> None:
    """More than any default limit of rows in an answer."""
    write(store, *[point(0, n, f"s{n:05}") for n in range(12_000)])
    found = store.aggregate("reading", {"sum": ("sum", "value")}, {}, ALL, 600)
    assert sum(one.values["sum"] for one in found) == 12_000 * 11_999 / 2
    assert len(store.last("reading", {}, ALL)) == 12_000


def test_a_store_that_is_away_says_so() -> None:
    url = HttpUrl(f"http://127.0.0.1:{free_port()}")
    settings = Influx2Settings(type="influxdb2", url=url, org="o", bucket="b", token="env:T")
    with closing(InfluxStore(settings, "t")) as store, pytest.raises(RetryLater) as caught:
        store.write([encode(point(0))])
    assert caught.value.cause == "connection"


def test_a_wrong_token_is_no_reason_to_drop_points(influx: Influx) -> None:
    with (
        closing(InfluxStore(influx.settings("first"), "wrong")) as store,
        pytest.raises(RetryLater, match="401"),
    ):
        store.write([encode(point(0))])


def test_influxdb_3_takes_the_same_write_and_query(influx: Influx) -> None:
    """On a server of version 2, whose paths are those that 3 has too."""
    settings = Influx3Settings(
        type="influxdb3", url=HttpUrl(influx.url), database="first", token="env:T"
    )
    store = InfluxStore(settings, influx.token)
    with closing(store):
        with pytest.raises(Refused, match="org"):  # 2 wants an organisation, 3 has none
            write(store, point(0))
        assert store.range("reading", {}, ALL) == []
        with pytest.raises(Refused, match="retention"):
            store.delete_older(START)
