"""A store that is killed or away for long: every point is there once, and nothing waits for ever.

The short one kills a real InfluxDB 2 with -9 under load. The soak leaves the store away for ten
minutes at the rate of 5,000 devices, and says how quickly it catches up.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import series
from hub_server.outbound.changes import Changes
from hub_server.stores import writer as writers
from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.store import Span
from hub_server.stores.writer import SeriesWriter
from tests.support import influx as influxes
from tests.support.hub import make_ledger
from tests.support.influx import Influx
from tests.support.mosquitto import free_port

SOAK_S = 600
LIVE = 1300
"""Points a second of 5,000 devices: four sensors a minute, health of device, camera and three
lanes every 30 s, and some for observations, alerts and incidents."""


@pytest.fixture
def own_influx(tmp_path: Path) -> Iterator[Influx]:
    """One that may be killed."""
    if influxes.PROGRAM is None:
        pytest.skip("no influxd on the PATH, and INFLUX_URL's cannot be killed")
    folder = tmp_path / "influx"
    folder.mkdir()
    server = Influx(f"http://127.0.0.1:{free_port()}", influxes.FIRST_TOKEN, folder)
    server.start()
    server.set_up()
    yield server
    server.stop()


class Feed(threading.Thread):
    """Rows into the ledger at a rate, each with a number of its own, until it is stopped."""

    def __init__(self, ledger: Ledger, rate: float) -> None:
        super().__init__(daemon=True)
        self._ledger, self._rate, self._stop_it = ledger, rate, threading.Event()
        self.start_at = datetime.now(UTC) - timedelta(hours=1)
        self.made = 0

    def run(self) -> None:
        began = time.monotonic()
        while not self._stop_it.wait(0.1):
            due = int((time.monotonic() - began) * self._rate)
            rows = [{"line": self._line(number)} for number in range(self.made, due)]
            if rows:
                with self._ledger.write() as conn:
                    conn.execute(insert(series), rows)
                self.made = due

    def end(self) -> None:
        self._stop_it.set()
        self.join(20)

    def _line(self, number: int) -> str:
        tags = {"device": f"pi-{number % 50:04}", "source": "gas-1", "type": "gas_lel"}
        at = int(self.start_at.timestamp()) * 10**9 + number * 1_000_000
        return encode(Point("reading", tags, {"n": float(number), "quality": "ok"}, at))


@contextmanager
def writing(ledger: Ledger, influx: Influx) -> Iterator[tuple[SeriesWriter, InfluxStore]]:
    wanted = influx.settings()
    list(prepare_influx2(wanted, influx.token, influx.token))
    reader = InfluxStore(wanted, influx.token)
    writer = SeriesWriter(ledger, InfluxStore(wanted, influx.token), Changes())
    writer.start()
    yield writer, reader
    writer.stop(10)
    reader.close()


def waiting(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(series)) or 0)


def until(condition: object, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "too long"
        time.sleep(0.05)


def check_all_there(store: InfluxStore, feed: Feed) -> None:
    """Each number once: as many points as were made, and their sum."""
    span = Span(feed.start_at - timedelta(hours=1), feed.start_at + timedelta(hours=3))
    columns = {"count": ("count", "n"), "sum": ("sum", "n")}
    windows = store.aggregate("reading", columns, {}, span, 3600)  # type: ignore[arg-type]
    assert sum(one.values["count"] for one in windows) == feed.made
    assert sum(one.values["sum"] for one in windows) == feed.made * (feed.made - 1) / 2


def test_a_store_killed_under_load_has_every_point_once(
    tmp_path: Path, own_influx: Influx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "LONGEST_RETRY_S", 0.3)
    monkeypatch.setattr(writers, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(writers, "BATCH", 200)
    ledger = make_ledger(tmp_path)
    feed = Feed(ledger, 2000.0)
    with writing(ledger, own_influx) as (writer, store):
        feed.start()
        for _ in range(2):
            points = writer.figures.points
            until(lambda before=points: writer.figures.points > before + 400, 30)
            own_influx.kill()
            until(lambda: writer.fault, 30)
            assert waiting(ledger)
            own_influx.start()
        feed.end()
        until(lambda: waiting(ledger) == 0, 60)
        until(lambda: writer.fault == "", 30)
        check_all_there(store, feed)
        assert writer.figures.retries["connection"] + writer.figures.retries["503"] >= 2
    ledger.close()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_minutes_without_the_store(tmp_path: Path, own_influx: Influx) -> None:
    ledger = make_ledger(tmp_path)
    feed = Feed(ledger, LIVE)
    with writing(ledger, own_influx) as (writer, store):
        feed.start()
        until(lambda: writer.figures.points > LIVE, 60)
        own_influx.kill()
        time.sleep(SOAK_S)
        held = waiting(ledger)
        assert held >= LIVE * SOAK_S * 0.9
        own_influx.start()
        until(lambda: writer.fault == "", 120)
        began, before = time.monotonic(), writer.figures.points
        until(lambda: waiting(ledger) < writers.BATCH, 900)
        rate = (writer.figures.points - before) / (time.monotonic() - began)
        feed.end()
        until(lambda: waiting(ledger) == 0, 60)
        check_all_there(store, feed)
        print(f"\n{held} rows waited; caught up at {rate:.0f}/s, {rate / LIVE:.1f} x live")
    ledger.close()
