"""Rollups are those of the whole window, in whatever order and however late points come."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import cursors, rollup_windows, series
from hub_server.outbound.changes import Changes
from hub_server.stores import marks
from hub_server.stores.cursors import begin
from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.kpi import FIELDS
from hub_server.stores.levels import ROLLUPS, WINDOW_S, rollup_of
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.settings import RetentionSettings
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.store import Level, RetryLater, Span, Store
from hub_server.stores.writer import SeriesWriter
from linli_dashboards.schema import MEASUREMENTS
from tests.support.hub import make_ledger
from tests.support.influx import Influx

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND = int(START.timestamp())
EVER = Span(START - timedelta(days=200), START + timedelta(days=200))


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def reading(second: int, value: float, device: int = 0, quality: str = "ok") -> Point:
    tags = {"device": f"pi-{device}", "source": "gas-1", "type": "gas_lel"}
    fields = {"value": value, "quality": quality, "id": f"{second}"}
    return Point("reading", tags, fields, (SECOND + second) * 10**9)


def observation(second: int, phase: str = "start", device: int = 0) -> Point:
    tags = {"device": f"pi-{device}", "source": "gate", "type": "intrusion"}
    fields = {"phase": phase, "id": f"{second}", "count": 2.0}
    return Point("observation", tags, fields, (SECOND + second) * 10**9)


class Hub:
    """A ledger, a store, its writer and a clock."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        self.ledger, self.store, self.clock = ledger, store, Clock()
        with ledger.write() as conn:
            for table in (series, cursors, rollup_windows):
                conn.execute(delete(table))
            begin(conn, store.name)
        self.writer = SeriesWriter(ledger, store, Changes(), clock=self.clock)

    def take(self, points: Sequence[Point]) -> None:
        with self.ledger.write() as conn:
            conn.execute(insert(series), [{"line": encode(one)} for one in points])
        while self.writer.run_once():
            pass

    def roll_up(self, at: float | None = None) -> int:
        """Until nothing is due at ``at`` seconds after START; how many windows were made."""
        if at is not None:
            self.clock.now = START + timedelta(seconds=at)
        made = 0
        while count := self.writer.roll_up():
            made += count
        return made

    def waiting(self) -> int:
        with self.ledger.read() as conn:
            return int(conn.scalar(select(func.count()).select_from(rollup_windows)) or 0)

    def rolled(self, level: Level, measurement: str = "reading") -> list[Point]:
        return self.store.range(measurement, {}, EVER, level)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    ledger, store = make_ledger(tmp_path), SqliteStore(tmp_path / "series.sqlite")
    yield Hub(ledger, store)
    ledger.close()
    store.close()


def expected(points: Sequence[Point], level: Level) -> list[tuple[object, ...]]:
    """Straight from the points, as a person would count them."""
    windows: dict[tuple[int, str], dict[int, float]] = defaultdict(dict)
    for point in points:
        if point.fields["quality"] in ("ok", "reference"):
            second = point.time_ns // 10**9
            key = (second - second % WINDOW_S[level], point.tags["device"])
            windows[key][point.time_ns] = float(point.fields["value"])
    found = []
    for (start, device), values in sorted(windows.items()):
        v = list(values.values())
        found.append((start, device, len(v), sum(v), min(v), max(v), values[max(values)]))
    return found


def seen(points: Sequence[Point]) -> list[tuple[object, ...]]:
    names = [f"value_{name}" for name in ("count", "sum", "min", "max", "last")]
    rows = [
        (one.time_ns // 10**9, one.tags["device"], *[one.fields[n] for n in names])
        for one in points
    ]
    return sorted(rows)


def sample(second: int, device: int) -> Point:
    """A point is a function of its message: what comes twice is the same."""
    quality = ("ok", "ok", "reference", "stuck")[(second + device) % 4]
    return reading(second, (second * 7 + device * 13) % 801 / 4 - 100, device, quality)


samples = st.builds(sample, st.integers(-7200, 10_800), st.integers(0, 2))
batches = st.lists(
    st.tuples(
        st.lists(samples, max_size=8),
        st.sampled_from([0, 30, 300, 660, 4000]),  # how far the clock goes before
        st.booleans(),  # whether rollups are made after it
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("rollups")
    make_ledger(folder).close()
    return f"sqlite:///{folder / 'ledger.sqlite'}"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=batches, many=st.sampled_from([1, 50]))
def test_any_order_gives_the_rollups_of_ordered_points(
    ledger_file: str, batches: list[tuple[list[Point], int, bool]], many: int
) -> None:
    """Late, doubled and out of order, with rollups made in between at any time."""
    ledger = open_ledger(ledger_file)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(marks, "MANY", many)
        store = SqliteStore(Path(folder) / "s.sqlite")
        hub, taken = Hub(ledger, store), dict[object, Point]()
        for points, forward, rolls in batches:
            hub.clock.now += timedelta(seconds=forward)
            if points:
                hub.take(points)
                taken |= {(one.tags["device"], one.time_ns): one for one in points}
            if rolls:
                hub.roll_up()
        hub.roll_up(at=200_000)
        for level in (Level.TEN_MINUTES, Level.HOUR):
            assert seen(hub.rolled(level)) == expected(list(taken.values()), level)
        assert hub.waiting() == 0
        store.close()
    ledger.close()


def test_a_window_waits_for_its_end_and_a_minute(hub: Hub) -> None:
    hub.take([reading(5, 1.0)])
    assert hub.roll_up(at=659) == 0
    assert hub.roll_up(at=660) == 1
    assert hub.roll_up(at=3659) == 0
    assert hub.roll_up(at=3660) == 1
    assert len(hub.rolled(Level.HOUR)) == 1


def test_late_points_change_their_window_and_hour_and_no_other(hub: Hub) -> None:
    hub.take([reading(n, 1.0, device) for n in range(0, 7200, 300) for device in (0, 1)])
    hub.roll_up(at=8000)
    before = hub.rolled(Level.TEN_MINUTES), hub.rolled(Level.HOUR)
    hub.take([reading(610, 5.0)])
    assert hub.roll_up(at=8100) == 2  # the window, and its hour
    after = hub.rolled(Level.TEN_MINUTES), hub.rolled(Level.HOUR)
    for level, width in ((0, 600), (1, 3600)):
        changed = [new for old, new in zip(before[level], after[level], strict=True) if old != new]
        [one] = changed
        assert one.tags["device"] == "pi-0"
        assert one.time_ns == (SECOND + 610 // width * width) * 10**9
        assert one.fields["value_max"] == 5.0


def test_one_late_device_does_not_make_work_for_all(hub: Hub) -> None:
    asked: list[object] = []
    aggregate = hub.store.aggregate

    def spy(*args: object, **more: object) -> object:
        asked.append(args[2])
        return aggregate(*args, **more)  # type: ignore[arg-type]

    hub.store.aggregate = spy  # type: ignore[method-assign, assignment]
    hub.clock.now = START + timedelta(days=1)
    hub.take([reading(n, 1.0) for n in range(0, 86_400 - 3600, 60)])
    hub.roll_up(at=86_400)
    assert len(asked) <= 3  # a day of one device is one query of its windows, one of its hours
    assert all(where["device"] == "pi-0" for where in asked)  # type: ignore[index]
    assert len(hub.rolled(Level.HOUR)) == 23


def test_many_late_devices_are_noted_as_all(hub: Hub) -> None:
    hub.clock.now = START + timedelta(hours=3)
    hub.take([reading(5, 1.0, device) for device in range(200)])
    assert hub.waiting() == 1
    hub.roll_up()
    assert len(hub.rolled(Level.HOUR)) == 200


def test_notes_are_bounded_without_losing_a_window(hub: Hub) -> None:
    hub.clock.now = START + timedelta(hours=3)
    hub.take([reading(n * 600, 1.0, device) for n in range(4) for device in range(40)])
    assert hub.waiting() == 160
    with hub.ledger.write() as conn:
        assert marks.bound(conn, hub.store.name, limit=10)
        assert not marks.bound(conn, hub.store.name, limit=10)
    assert hub.waiting() == 4
    hub.roll_up()
    assert len(hub.rolled(Level.TEN_MINUTES)) == 160


def test_a_window_noted_again_meanwhile_stays_due(hub: Hub) -> None:
    """A point may come between the reading of a window and the end of its rollup."""
    hub.clock.now = START + timedelta(seconds=700)
    hub.take([reading(5, 1.0)])
    write = hub.store.write

    def slow(lines: Sequence[str], level: Level = Level.RAW) -> None:
        write(lines, level)
        if level is Level.TEN_MINUTES:
            hub.store.write = write  # type: ignore[method-assign]
            hub.take([reading(6, 9.0)])

    hub.store.write = slow  # type: ignore[method-assign]
    hub.roll_up()
    [one] = hub.rolled(Level.TEN_MINUTES)
    assert one.fields["value_max"] == 9.0
    assert hub.waiting() == 1  # the hour


def test_what_the_store_did_not_take_stays_due(hub: Hub) -> None:
    hub.take([reading(5, 1.0)])
    hub.clock.now = START + timedelta(seconds=700)
    write = hub.store.write

    def away(lines: Sequence[str], level: Level = Level.RAW) -> None:
        raise RetryLater("no bucket", "404")

    hub.store.write = away  # type: ignore[method-assign]
    with pytest.raises(RetryLater):
        hub.writer.roll_up()
    hub.store.write = write  # type: ignore[method-assign]
    assert hub.roll_up() == 1


def test_a_rollup_whose_raw_points_are_gone_stays_as_it_is(hub: Hub) -> None:
    hub.take([reading(5, 1.0)])
    hub.roll_up(at=700)
    before = hub.rolled(Level.TEN_MINUTES)
    with hub.ledger.write() as conn:
        marks.mark(conn, hub.store.name, Level.TEN_MINUTES, [("reading", SECOND, "")])
    hub.clock.now = START + timedelta(seconds=RetentionSettings().raw + 1)
    hub.store.delete_older(hub.clock.now - timedelta(days=1))
    hub.roll_up()
    assert hub.rolled(Level.TEN_MINUTES) == before
    with hub.ledger.read() as conn:
        assert counters.read_all(conn)["rollups_too_late"] >= 1


def test_a_clock_that_runs_ahead_leaves_no_note(hub: Hub) -> None:
    hub.take([reading(2 * 86_400, 1.0)])
    assert hub.waiting() == 0


def test_observations_count_their_starts(hub: Hub) -> None:
    phases = ["start", "update", "end", "start"]
    hub.take([observation(n, phase) for n, phase in enumerate(phases)])
    hub.roll_up(at=4000)
    for level in (Level.TEN_MINUTES, Level.HOUR):
        [one] = hub.rolled(level, "observation")
        assert one.fields == {"starts": 2.0, "count_max": 2.0}


def test_the_fields_are_those_the_hub_writes() -> None:
    for measurement, rollup in ROLLUPS.items():
        asked = {field for _, field in rollup.columns.values()} | set(rollup.where)
        known = MEASUREMENTS[measurement] | {"fps_inferred"}  # a camera's, not yet on a dashboard
        assert asked <= known, measurement
        coarse = rollup_of(measurement, Level.HOUR).columns
        assert coarse.keys() == rollup.columns.keys()
    assert set(ROLLUPS["kpi"].columns) == set(FIELDS)


def test_the_same_on_a_real_influxdb(tmp_path: Path, influx: Influx) -> None:
    wanted = influx.settings()
    list(prepare_influx2(wanted, influx.token, influx.token))
    ledger, store = make_ledger(tmp_path), InfluxStore(wanted, influx.token)
    hub = Hub(ledger, store)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    offset = int((now - START).total_seconds())
    points = [
        reading(offset + n * 50, n % 7 / 4, n % 3, "stuck" if n % 11 == 0 else "ok")
        for n in range(150)
    ]
    hub.clock.now = now + timedelta(hours=4)
    hub.take(points[::2])
    hub.roll_up()
    hub.take(points[1::2][::-1])
    hub.roll_up()
    for level in (Level.TEN_MINUTES, Level.HOUR):
        assert seen(hub.rolled(level)) == expected(points, level)
    ledger.close()
    store.close()
