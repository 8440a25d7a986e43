"""The series writer against the server itself, and against the client's own way of writing.

All write the same points of 5,000 devices to the same real InfluxDB 2, each into a bucket of its
own that has seen every series once, as it has after the first minute of a county. The writer
begins with the rows in the ledger (a SQLite file) and ends with cursor and rows committed there;
raw posts begin with bodies that are gzipped already.

``series-raw-points`` says how far the server itself is from the client's points: the writer's own
row cannot go beyond it.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from influxdb_client import InfluxDBClient
from influxdb_client import Point as ClientPoint
from influxdb_client.client.write_api import WriteOptions
from sqlalchemy import insert

from hub_server.ledger.engine import Ledger
from hub_server.ledger.place import Place
from hub_server.ledger.tables import series
from hub_server.outbound.changes import Changes
from hub_server.stores.cursors import begin, newest
from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_http import InfluxHttp, gzipped
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.points import Origin, reading_points
from hub_server.stores.settings import Influx2Settings
from hub_server.stores.writer import BATCH, SeriesWriter
from linli_contract.event_types import ENVELOPE_HEALTH
from linli_contract.payloads import CameraHealth, Health, LaneHealth, Measurement, Reading
from tests.bench.conftest import Record
from tests.support import influx as influxes
from tests.support.hub import Device, HubClock, decoded, make_ledger, make_pipeline
from tests.support.influx import ORG, Influx

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
DEVICES, SENSORS = 5000, 4
SERIES = DEVICES * SENSORS
POINTS = 100_000
SLOW_POINTS = 20_000
"""Of the client's own points: it would take minutes otherwise."""
MESSAGES, TOGETHER = 3000, 250
"""Through the pipeline, to learn how many points the hub itself can make at most."""
TIMEOUT_S = 60.0


def readings(count: int, hours: int = 2) -> list[Point]:
    """As the hub makes them: a round of four sensors of one device after another."""
    place = Place("330899", "330899001", "330899001001", "330899001001001")
    begin_at = datetime.now(UTC) - timedelta(hours=hours)
    points: list[Point] = []
    while len(points) < count:
        rounds, device = divmod(len(points) // SENSORS, DEVICES)
        at = begin_at + timedelta(minutes=rounds, milliseconds=device * 11)
        name = f"019ab{rounds:03x}-{device:04x}-7a3c-9f00-{len(points):012x}"
        origin = Origin(place, f"pi-{device:04}", name, at, rounds)
        values = tuple(
            Measurement(f"gas-{n}", "gas_lel", (device + n) % 97 / 7, "%LEL")
            for n in range(SENSORS)
        )
        points += reading_points(origin, Reading(values), {})
    return points[:count]


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    if not influxes.installed():
        pytest.skip(influxes.MISSING)
    with influxes.running(tmp_path_factory.mktemp("influx")) as server:
        yield server


def bucket(influx: Influx) -> Influx2Settings:
    """A new one that has seen every series."""
    wanted = influx.settings().model_copy(update={"timeout": TIMEOUT_S})
    list(prepare_influx2(wanted, influx.token, influx.token))
    with closing(InfluxStore(wanted, influx.token)) as store:
        store.write([encode(point) for point in readings(SERIES, hours=3)])
    return wanted


def fill(ledger: Ledger, lines: list[str]) -> None:
    with ledger.write() as conn:
        conn.execute(insert(series), [{"line": line} for line in lines])
        begin(conn, "influxdb2")


def ours(influx: Influx, folder: Path, lines: list[str]) -> float:
    """Points a second from the ledger's rows to the server's answer and the cursor's commit."""
    ledger = make_ledger(folder)
    fill(ledger, lines)
    with closing(InfluxStore(bucket(influx), influx.token)) as store:
        writer = SeriesWriter(ledger, store, Changes())
        began = time.perf_counter()
        while writer.run_once():
            pass
        took = time.perf_counter() - began
    assert writer.figures.points == len(lines)
    ledger.close()
    return len(lines) / took


def raw(influx: Influx, bodies: list[bytes]) -> float:
    """The same lines, gzipped before, one post after the other."""
    wanted = bucket(influx)
    with closing(InfluxHttp(influx.url, ORG, influx.token, TIMEOUT_S)) as http:
        began = time.perf_counter()
        for body in bodies:
            http.write(wanted.bucket, body)
        return POINTS / (time.perf_counter() - began)


def batching(influx: Influx, points: list[Point]) -> float:
    """The client's WriteApi in batches of the same size, of its own points, gzipped too."""
    wanted = bucket(influx)
    options = WriteOptions(batch_size=BATCH, flush_interval=10_000)
    client = InfluxDBClient(influx.url, influx.token, org=ORG, enable_gzip=True, timeout=60_000)
    began = time.perf_counter()
    with client, client.write_api(write_options=options) as api:
        for point in points:
            made = ClientPoint(point.measurement)
            for key, value in point.tags.items():
                made.tag(key, value)
            for key, field in point.fields.items():
                made.field(key, field)
            api.write(wanted.bucket, record=made.time(point.time_ns))
    return len(points) / (time.perf_counter() - began)


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
        made = newest(conn)
    ledger.close()
    return made / took / 2


def test_series_writer(influx: Influx, tmp_path: Path, record: Record) -> None:
    points = readings(POINTS)
    lines = [encode(point) for point in points]
    bodies = [gzipped("\n".join(lines[n : n + BATCH])) for n in range(0, POINTS, BATCH)]
    roof, mine = [], []
    for turn in range(3):  # in turn, so that a machine that slows down shows in both
        roof.append(raw(influx, bodies))
        folder = tmp_path / str(turn)
        folder.mkdir()
        mine.append(ours(influx, folder, lines))
    theirs, half = batching(influx, points[:SLOW_POINTS]), live(tmp_path)
    ours_s, roof_s = sorted(mine)[1], sorted(roof)[1]
    record("series-writer-raw", ours=ours_s, reference=roof_s, goal=">= 0.6", unit="points/s")
    record("series-writer-points", ours=ours_s, reference=theirs, goal=">= 5", unit="points/s")
    record("series-raw-points", ours=roof_s, reference=theirs, goal=">= 5", unit="points/s")
    record("series-catch-up", ours=ours_s, reference=half, goal=">= 3", unit="points/s")
