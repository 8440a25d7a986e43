"""The series writer against the server itself, and against the client's own way of writing.

All write the same points of 5,000 devices to the same real InfluxDB 2, each into a bucket of its
own that has seen every series once, as it has after the first minute of a county.

- The writer begins with the rows in the ledger (a SQLite file) and ends with cursor and rows
  committed there; raw posts begin with bodies that are gzipped already (``series-writer-raw``).
- The client begins with decoded messages, as the ingest has them: it makes its Points of them and
  gives them to its batching WriteApi, as ``write_api()`` gives it (``series-writer-points``), and
  with batches of our size, gzipped too (``series-writer-points-tuned``). Against it, ours begins
  with the same messages: rows are made and committed first, then written, though in the hub the
  two run side by side.

All share the processors with the server, so it bounds the ratio to the client's points; the
printed lines say how much processor time a point costs here and there. On two cores a point took
15 to 20 µs of the server's, whoever sent it; here 0.3 µs for raw posts, 4.6 µs for the writer,
9 to 10 µs with the making of its rows, 25 to 30 µs for the client, 35 to 48 µs for the client with
batches of our size, gzipped. The client works on one core while the server works on the other:
some 35,000 points a second. A server that had both cores for itself would take 130,000 at most,
so that nobody who shares them can write 5 times as fast (``series-raw-points``).

``series-catch-up`` is against the county of ``make soak``, ``series-catch-up-half`` against half of
what the hub itself can make on a core.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from influxdb_client import InfluxDBClient
from influxdb_client import Point as ClientPoint
from influxdb_client.client.write_api import WriteOptions
from sqlalchemy import func, select

from hub_server.ingest.types import EventMessage
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import series
from hub_server.outbound.changes import Changes
from hub_server.pipeline.points import add_points
from hub_server.pipeline.registry import Registries, Registry
from hub_server.stores.cursors import begin
from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_http import InfluxHttp, gzipped
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.points import time_ns
from hub_server.stores.settings import Influx2Settings
from hub_server.stores.waiting import SeriesRow
from hub_server.stores.writer import BATCH, SeriesWriter
from linli_contract.event_types import ENVELOPE_HEALTH
from linli_contract.payloads import CameraHealth, Health, LaneHealth, Measurement, Reading
from tests.bench.conftest import Record
from tests.bench.ingest_mix import device_names, fill_ledger
from tests.support import influx as influxes
from tests.support.hub import Device, HubClock, decoded, make_ledger, make_parts, make_pipeline
from tests.support.influx import ORG, Influx

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
DEVICES, SENSORS = 5000, 4
ROUNDS, SLOW_ROUNDS = 5, 1
"""Of every device; fewer for the client's own points, which would take minutes otherwise."""
POINTS = DEVICES * SENSORS * ROUNDS
MESSAGES, TOGETHER = 3000, 250
"""Through the pipeline, to learn how many points the hub itself can make at most."""
COUNTY_S = 1300
"""Points a second of 5,000 devices with 20,000 sources: their rounds and their health."""
TIMEOUT_S = 60.0


@dataclass
class County:
    """What all begin with."""

    registry: Registry
    messages: list[EventMessage]
    rows: list[SeriesRow]
    """The messages as rows, for raw posts."""
    first: list[str]
    """A line of every series, two hours older."""

    @property
    def lines(self) -> list[str]:
        return [line for row in self.rows for line in row.lines()]


def rounds(number: int, hours: float) -> list[EventMessage]:
    """A round of four sensors of every device."""
    begin_at = datetime.now(UTC) - timedelta(hours=hours) + timedelta(minutes=number)
    found = []
    for place, name in enumerate(device_names(DEVICES)):
        values = tuple(
            Measurement(f"gas-{n}", "gas_lel", (place + n) % 97 / 7, "%LEL") for n in range(SENSORS)
        )
        device = Device(name, f"{number:08x}-7a3c-9f00")
        at = begin_at + timedelta(milliseconds=place * 11)
        found += decoded(device.event("linli.reading", name, at, "reading", Reading(values)))
    return [message for message in found if isinstance(message, EventMessage)]


def make_rows(ledger: Ledger, messages: Sequence[EventMessage], registry: Registry) -> None:
    """As the ingest makes them."""
    for at in range(0, len(messages), TOGETHER):
        with ledger.write() as conn:
            add_points(conn, messages[at : at + TOGETHER], [], registry, registry.areas)


def waiting(ledger: Ledger) -> list[SeriesRow]:
    query = select(series.c.seq, series.c.line, series.c.points).order_by(series.c.seq)
    with ledger.read() as conn:
        return [SeriesRow(*row) for row in conn.execute(query)]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> County:
    ledger = fill_ledger(tmp_path_factory.mktemp("county") / "ledger.sqlite", DEVICES)
    with ledger.read() as conn:
        registry = Registries(make_parts(()).areas).read(conn, device_names(DEVICES))
    messages = [one for number in range(ROUNDS) for one in rounds(number, 2)]
    make_rows(ledger, rounds(0, 4), registry)
    first = [line for row in waiting(ledger) for line in row.lines()]
    with ledger.write() as conn:
        conn.execute(series.delete())
    make_rows(ledger, messages, registry)
    rows = waiting(ledger)
    ledger.close()
    return County(registry, messages, rows, first)


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    if not influxes.installed():
        pytest.skip(influxes.MISSING)
    with influxes.running(tmp_path_factory.mktemp("influx")) as server:
        yield server


def bucket(influx: Influx, county: County) -> Influx2Settings:
    """A new one that has seen every series."""
    wanted = influx.settings().model_copy(update={"timeout": TIMEOUT_S})
    list(prepare_influx2(wanted, influx.token, influx.token))
    with closing(InfluxStore(wanted, influx.token)) as store:
        store.write(county.first)
    return wanted


def rate(name: str, influx: Influx, points: int, work: Callable[[], object]) -> float:
    """Points a second; prints the processor time of a point, here and in the server."""
    server = psutil.Process(influx.process.pid) if influx.process else None

    def spent() -> tuple[float, float]:
        there = sum(server.cpu_times()[:2]) if server else 0.0
        return time.process_time(), there

    began, before = time.perf_counter(), spent()
    work()
    took, after = time.perf_counter() - began, spent()
    here, there = ((b - a) / points * 1e6 for a, b in zip(before, after, strict=True))
    print(f"\n{name:24} {here:5.1f} µs CPU a point here, {there:5.1f} in the server", end="")
    return points / took


def ours(influx: Influx, folder: Path, county: County, made: bool) -> float:
    """From the messages, or from their rows where they are ``made`` before, to the server's last
    answer and the cursor's commit."""
    folder.mkdir()
    ledger = make_ledger(folder)
    if made:
        make_rows(ledger, county.messages, county.registry)
    with ledger.write() as conn:
        begin(conn, "influxdb2")
    with closing(InfluxStore(bucket(influx, county), influx.token)) as store:
        writer = SeriesWriter(ledger, store, Changes())

        def work() -> None:
            if not made:
                make_rows(ledger, county.messages, county.registry)
            while writer.run_once():
                pass

        found = rate("writer" if made else "rows and writer", influx, POINTS, work)
    assert writer.figures.points == POINTS
    ledger.close()
    return found


def raw(influx: Influx, county: County, bodies: list[bytes]) -> float:
    """The same lines, gzipped before, one post after the other."""
    wanted = bucket(influx, county)
    with closing(InfluxHttp(influx.url, ORG, influx.token, TIMEOUT_S)) as http:

        def work() -> None:
            for body in bodies:
                http.write(wanted.bucket, body)

        return rate("raw posts", influx, POINTS, work)


def client_points(message: EventMessage, registry: Registry) -> Iterator[ClientPoint]:
    """The same points by the client's own class."""
    assert isinstance(message.payload, Reading)
    device, envelope = message.topic.device, message.envelope
    at = time_ns(envelope.time, message.sequence)
    for value in message.payload.values:
        place = registry.areas.place(registry.site(device, value.sensor).grid)
        point = ClientPoint("reading").tag("county", place.county).tag("town", place.town)
        point.tag("community", place.community).tag("grid", place.grid).tag("device", device)
        point.tag("source", value.sensor).tag("type", value.metric)
        point.field("value", value.value).field("unit", value.unit)
        yield point.field("quality", str(value.quality)).field("id", envelope.id).time(at)


def batching(influx: Influx, county: County, options: WriteOptions, gzip: bool) -> float:
    """The client's WriteApi with its own points, until it has written the last."""
    wanted = bucket(influx, county)
    client = InfluxDBClient(influx.url, influx.token, org=ORG, enable_gzip=gzip, timeout=60_000)
    messages = county.messages[: DEVICES * SLOW_ROUNDS]

    def work() -> None:
        with client, client.write_api(write_options=options) as api:
            for message in messages:
                for point in client_points(message, county.registry):
                    api.write(wanted.bucket, record=point)

    name = "client, our batches" if gzip else "client"
    return rate(name, influx, len(messages) * SENSORS, work)


def live(folder: Path) -> float:
    """Points a second at half of what the hub takes at most: messages into its pipeline, on one
    core and without a broker, two healths (camera, three lanes) to a round of four sensors."""
    ledger, clock = make_ledger(folder), HubClock()
    pipeline, device = make_pipeline(ledger, clock), Device()
    lanes = tuple(LaneHealth(name, 0) for name in ("urgent", "events", "telemetry"))
    health = Health(
        version="1", uptime_s=1.0, state="ok", cameras=(CameraHealth("gate", "ok"),), lanes=lanes
    )
    messages = []
    for number in range(MESSAGES):
        at = clock.forward(0.1)
        if number % 3:
            one = device.event(ENVELOPE_HEALTH, device.name, at, "health", health)
        else:
            one = device.reading(at, dict.fromkeys(("a", "b", "c", "d"), 1.0))
        messages.append(one)
    batches = [decoded(*messages[n : n + TOGETHER]) for n in range(0, MESSAGES, TOGETHER)]
    began = time.perf_counter()
    for messages_together in batches:
        pipeline.run(messages_together)
    took = time.perf_counter() - began
    with ledger.read() as conn:
        made = conn.scalar(select(func.sum(series.c.points))) or 0
    ledger.close()
    return made / took / 2


def test_series_writer(influx: Influx, county: County, tmp_path: Path, record: Record) -> None:
    lines = county.lines
    bodies = [gzipped("\n".join(lines[n : n + BATCH])) for n in range(0, POINTS, BATCH)]
    roofs, writers, mines, clients, tuned = [], [], [], [], []
    same = WriteOptions(batch_size=BATCH, flush_interval=10_000)
    for turn in range(3):  # in turn, so that a machine that slows down shows in all
        roofs.append(raw(influx, county, bodies))
        writers.append(ours(influx, tmp_path / f"w{turn}", county, made=True))
        mines.append(ours(influx, tmp_path / f"m{turn}", county, made=False))
        clients.append(batching(influx, county, WriteOptions(), gzip=False))
        tuned.append(batching(influx, county, same, gzip=True))
    found = (roofs, writers, mines, clients, tuned)
    roof, writer, mine, client, best = (sorted(one)[1] for one in found)
    half, unit = live(tmp_path), "points/s"
    record("series-writer-raw", ours=writer, reference=roof, goal=">= 0.6", unit=unit)
    record("series-writer-points", ours=mine, reference=client, goal=">= 5", unit=unit)
    record("series-writer-points-tuned", ours=mine, reference=best, goal=">= 5", unit=unit)
    record("series-raw-points", ours=roof, reference=client, goal=">= 5", unit=unit)
    record("series-catch-up", ours=writer, reference=COUNTY_S, goal=">= 3", unit=unit)
    record("series-catch-up-half", ours=writer, reference=half, goal=">= 1", unit=unit)
