"""What every store promises, on a SQLite file and on a real InfluxDB 2."""

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl

from hub_server.stores.influx import InfluxStore
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.points import time_ns
from hub_server.stores.settings import InfluxStoreSettings
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.store import STORES, Refused, RetryLater, Store
from tests.support.mosquitto import free_port

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TOKEN = "test-token"


@pytest.fixture(scope="module")
def influx_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of an InfluxDB 2 and a token that may write: INFLUX_URL, else a new influxd."""
    if url := os.environ.get("INFLUX_URL"):
        yield url, os.environ["INFLUX_TOKEN"]
        return
    program = shutil.which("influxd")
    if program is None:
        pytest.skip("neither INFLUX_URL nor influxd on the PATH")
    folder, port = tmp_path_factory.mktemp("influx"), free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                f"--http-bind-address=127.0.0.1:{port}",
                f"--bolt-path={folder}/bolt",
                f"--engine-path={folder}/engine",
                f"--sqlite-path={folder}/sqlite",
                "--reporting-disabled",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _set_up(url)
        yield url, TOKEN
    finally:
        process.terminate()
        process.wait(20)


def _set_up(url: str) -> None:
    body = {"username": "u", "password": "password", "org": "linli", "bucket": "b", "token": TOKEN}
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.post(f"{url}/api/v2/setup", json=body).is_success:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, "influxd did not start"
        time.sleep(0.1)


def _bucket(url: str, token: str) -> str:
    """A new bucket that InfluxQL can read too."""
    headers, name = {"Authorization": f"Token {token}"}, f"linli-{uuid.uuid4().hex[:8]}"
    orgs = httpx.get(f"{url}/api/v2/orgs", headers=headers, params={"org": "linli"}).json()
    org = orgs["orgs"][0]["id"]
    made = httpx.post(f"{url}/api/v2/buckets", headers=headers, json={"orgID": org, "name": name})
    mapping = {
        "orgID": org,
        "bucketID": made.json()["id"],
        "database": name,
        "retention_policy": "autogen",
        "default": True,
    }
    httpx.post(f"{url}/api/v2/dbrps", headers=headers, json=mapping).raise_for_status()
    return name


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "series.sqlite")
    else:
        url, token = request.getfixturevalue("influx_url")
        settings = InfluxStoreSettings(
            type="influxdb2",
            url=HttpUrl(url),
            org="linli",
            bucket=_bucket(url, token),
            token="env:T",
        )
        made = InfluxStore(settings, token)
    yield made
    made.close()


def point(second: int, value: float = 1.0, source: str = "gas-1", **fields: float | str) -> Point:
    at = START + timedelta(seconds=second)
    tags = {"county": "330899", "device": "pi-0001", "source": source, "type": "gas_lel"}
    return Point("reading", tags, {"value": value, "id": f"e{second}", **fields}, time_ns(at, 7))


def read(store: Store, **tags: str) -> list[Point]:
    return store.query("reading", tags, START, START + timedelta(hours=1))


def test_what_is_written_is_read_back_in_time_order(store: Store) -> None:
    points = [point(2), point(0, 1.5), point(1, text='a "quoted", = \\ 值')]
    store.write([encode(one) for one in points])
    assert read(store) == sorted(points, key=lambda one: one.time_ns)


def test_writing_again_overwrites(store: Store) -> None:
    lines = [encode(point(0)), encode(point(1))]
    store.write(lines)
    store.write(lines)
    assert len(read(store)) == 2


def test_tags_and_times_choose(store: Store) -> None:
    store.write([encode(point(n, source=name)) for n in range(3) for name in ("a b", "it's,c=d")])
    assert len(read(store, source="it's,c=d")) == 3
    two = store.query("reading", {"source": "a b"}, START, START + timedelta(seconds=2))
    assert [one.fields["id"] for one in two] == ["e0", "e1"]
    assert read(store, source="nobody") == []


def test_nothing_there_is_an_empty_answer(store: Store) -> None:
    assert store.query("nothing", {}, START, START + timedelta(days=1)) == []


def test_what_is_older_goes(store: Store) -> None:
    store.write([encode(point(n)) for n in range(4)])
    store.delete_older(START + timedelta(seconds=2))
    assert [one.fields["id"] for one in read(store)] == ["e2", "e3"]


def test_a_broken_line_is_refused(store: Store) -> None:
    with pytest.raises(Refused):
        store.write(["this is no line"])


def test_a_store_that_is_away_says_so() -> None:
    url = HttpUrl(f"http://127.0.0.1:{free_port()}")
    settings = InfluxStoreSettings(type="influxdb2", url=url, org="o", bucket="b", token="env:T")
    with pytest.raises(RetryLater):
        InfluxStore(settings, "t").write([encode(point(0))])


def test_a_wrong_token_is_no_reason_to_drop_points(influx_url: tuple[str, str]) -> None:
    settings = InfluxStoreSettings(
        type="influxdb2", url=HttpUrl(influx_url[0]), org="linli", bucket="b", token="env:T"
    )
    with pytest.raises(RetryLater, match="401"):
        InfluxStore(settings, "wrong").write([encode(point(0))])
