"""Every query of the dashboard runs on a real InfluxDB 2 and gives the figures that went in."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from hub_server.ledger.tables import series
from hub_server.stores.kpi import add_kpi_points
from linli_dashboards import queries
from linli_dashboards.overview import county_overview
from linli_dashboards.variables import area_variables
from tests.hub_server.world import GRID, make_world

INFLUXD = shutil.which("influxd")
pytestmark = pytest.mark.skipif(INFLUXD is None, reason="InfluxDB: no influxd on this machine")

TOKEN = "a-token-for-the-test"
AREA = "county=330899,town=330899001,community=330899001001"
FIRST = f"{AREA},grid=330899001001001"
SECOND = f"{AREA},grid=330899001001002"


def points(now: int) -> str:
    """Two grids; ``now`` in seconds."""

    def kpi(tags: str, at: int, handling: int, closed: int, on_time: int) -> str:
        fields = f"reported_today=5,handling={handling},overdue=1,closed={closed}"
        fields += f",closed_on_time={on_time},devices=4,devices_online=3"
        return f"kpi,{tags} {fields} {at}"

    case = f"{FIRST},device=pi-0001,source=gate,type=intrusion"
    opened = 'number="A1",colour="orange",lat=30.1,lon=120.2'
    seen = 'phase="start",zone="yard",dwell_s=5,count=1,confidence=0.8,id="e1"'
    return "\n".join(
        [
            kpi(FIRST, now - 120, 9, 3, 3),
            kpi(FIRST, now - 60, 2, 3, 3),
            kpi(SECOND, now - 60, 4, 1, 0),
            f'incident,{case} {opened},state="pending_verify" {now - 90}',
            f'incident,{case} {opened},state="handling" {now - 60}',
            f"observation,{case} {seen} {now - 90}",
            f"reading,{FIRST},device=pi-0001,source=gas-1,type=gas_lel value=3.5 {now - 60}",
        ]
    )


class Influx:
    """A server of its own, set up as deploy/compose.yaml does: InfluxQL finds the bucket by its
    name, without a mapping of its own."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def post(self, path: str, body: bytes, token: bool = True) -> Any:
        headers = {"Authorization": f"Token {TOKEN}"} if token else {}
        with urlopen(Request(self.url + path, body, headers), timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def set_up(self) -> None:
        owner = {"username": "linli", "password": "only-for-the-test", "token": TOKEN}
        place = {"org": "linli", "bucket": "linli"}
        made = self.post("/api/v2/setup", json.dumps(owner | place).encode(), token=False)
        other = {"orgID": made["org"]["id"], "name": "hub", "retentionRules": []}
        self.post("/api/v2/buckets", json.dumps(other).encode())

    def write(self, lines: str, bucket: str = "linli", precision: str = "s") -> None:
        place = urlencode({"org": "linli", "bucket": bucket, "precision": precision})
        self.post(f"/api/v2/write?{place}", lines.encode())

    def ask(self, query: str, bucket: str = "linli") -> list[dict[str, Any]]:
        """Rows as dicts; tags of a group are part of the row."""
        parameters = urlencode({"db": bucket, "q": query, "epoch": "s"}).encode()
        headers = {"Authorization": f"Token {TOKEN}"}
        with urlopen(Request(f"{self.url}/query", parameters, headers), timeout=10) as answer:
            [result] = json.load(answer)["results"]
        assert "error" not in result, (query, result)
        return [
            dict(zip(series["columns"], row, strict=True)) | series.get("tags", {})
            for series in result.get("series", [])
            for row in series["values"]
        ]


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert INFLUXD
    command = [INFLUXD, "--reporting-disabled", "--http-bind-address", f"127.0.0.1:{port}"]
    for name in ("bolt", "engine", "sqlite"):
        command += [f"--{name}-path", str(folder / name)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        server = Influx(port)
        wait_until_ready(server)
        server.set_up()
        server.write(points(int(time.time())))
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_ready(server: Influx) -> None:
    """Its API answers: ``/health`` does so earlier."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{server.url}/api/v2/setup", timeout=2):
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail("influxd did not come up within 60 s")


def filled(query: str, **chosen: str) -> str:
    """What Grafana puts in for the macros and variables; ``All`` is ``.*``."""
    query = query.replace("$timeFilter", "time >= now() - 1h").replace("$__interval", "1m")
    return re.sub(r"\$\{(\w+):regex\}", lambda found: chosen.get(found[1], ".*"), query)


def test_every_query_of_the_page_finds_something(influx: Influx) -> None:
    built: dict[str, Any] = county_overview("zh")
    for panel in built["panels"]:
        for each in panel["targets"]:
            assert influx.ask(filled(each["query"])), (panel["title"], each["query"])


def test_counts_are_the_newest_of_each_grid_added_up(influx: Influx) -> None:
    [county] = influx.ask(filled(queries.kpi_now("handling")))
    assert county["sum"] == 6
    [grid] = influx.ask(filled(queries.kpi_now("handling"), grid="330899001001002"))
    assert grid["sum"] == 4


def test_a_rate_is_that_of_the_whole_area_not_a_mean_of_rates(influx: Influx) -> None:
    [row] = influx.ask(filled(queries.kpi_share_now("closed_on_time", "closed")))
    assert row["sum_sum"] == pytest.approx(3 / 4)


def test_a_rate_of_nothing_is_no_rate(influx: Influx) -> None:
    nothing = queries.kpi_share_now("closed_on_time", "closed")
    assert influx.ask(filled(nothing, grid="330899001001003")) == []


def test_ranking_has_one_row_for_each_grid(influx: Influx) -> None:
    rows = influx.ask(filled(queries.kpi_by_grid("handling")))
    assert {row["grid"]: row["n"] for row in rows} == {
        "330899001001001": 2,
        "330899001001002": 4,
    }


def test_variables_offer_only_what_lies_inside_the_choice_above(influx: Influx) -> None:
    offered = {str(v["name"]): str(v["query"]) for v in area_variables("zh")}
    grids = influx.ask(filled(offered["grid"], community="330899001001"))
    assert {row["value"] for row in grids} == {"330899001001001", "330899001001002"}
    assert influx.ask(filled(offered["grid"], community="330899001002")) == []


def test_the_page_shows_what_a_hub_wrote(influx: Influx, tmp_path: Path) -> None:
    """Points from a hub's own ledger; its grid lies in a county without towns."""
    world = make_world(tmp_path)
    world.clock.now = datetime.now(UTC)
    world.open_incident("case-1")
    with world.ledger.write() as conn:
        add_kpi_points(conn, world.clock())
        lines = list(conn.scalars(select(series.c.line)))
    world.ledger.close()
    influx.write("\n".join(lines), "hub", "ns")

    built: dict[str, Any] = county_overview("zh")
    shown = {panel["title"]: panel["targets"][0]["query"] for panel in built["panels"]}
    found = {title: influx.ask(filled(query), "hub") for title, query in shown.items()}
    [reported], [online] = found["今日上报"], found["设备在线率"]
    assert (reported["sum"], online["sum_sum"]) == (1, 0)
    assert found["按期结案率"] == []  # nothing was closed: no rate, not 0 %
    [case] = found["未结案件分布"]
    assert (case["number"], case["state"], case["colour"]) == (
        "N-case-1",
        "pending_verify",
        "orange",
    )
    assert (case["lat"], case["lon"]) == (29.1, 118.9)
    assert [row["number"] for row in found["实时动态"]] == ["N-case-1"]
    assert [(row["grid"], row["n"]) for row in found["网格排名（处置中）"]] == [(GRID, 0)]
