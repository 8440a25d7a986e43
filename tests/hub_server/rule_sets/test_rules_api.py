"""Rules over the API and as commands: who may see and switch them, and what is answered."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from hub_server.api.app import create_app
from hub_server.api.routes import rules as routes
from hub_server.api.services import Services
from hub_server.auth.tokens import TokenKey, make_session
from hub_server.auth.users import add_user
from hub_server.cli import app
from hub_server.metrics.process import plain
from hub_server.pictures import PictureStore
from hub_server.rule_sets.keeper import Keeper
from tests.hub_server.rule_sets.site import GAS, SEEN, Site
from tests.hub_server.world import PEOPLE
from tests.support.hub import make_ledger

KEY = TokenKey("t" * 40, timedelta(hours=12), timedelta(hours=1))
Call = Callable[..., httpx.Response]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    ledger = make_ledger(tmp_path)
    with ledger.write() as conn:
        for user in PEOPLE:
            add_user(conn, user, "a long password")
    yield Site(ledger, tmp_path / "rules")
    ledger.close()


@pytest.fixture
def call(site: Site, tmp_path: Path) -> Iterator[Call]:
    services = Services(
        ledger=site.ledger,
        pictures=PictureStore(tmp_path / "pictures"),
        tokens=KEY,
        clock=site.clock,
        checks=lambda: {"rules": site.keeper.faults()},
        figures=lambda: plain(site.keeper.gauges()),
    )
    with TestClient(create_app(services), raise_server_exceptions=False) as http:

        def call(who: str, method: str, path: str, json: object = None) -> httpx.Response:
            token, _ = make_session(who, KEY, site.clock.now)
            headers = {"Authorization": f"Bearer {token}"}
            answer: httpx.Response = http.request(method, path, headers=headers, json=json)
            return answer

        yield call


@pytest.fixture
def looked_after(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hub that runs: its watch, without waiting.

    What it finds in the folder by itself is left out: it would race with the person who asks.
    """
    monkeypatch.setattr(Keeper, "_settled", lambda _self: False)
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.05):
            site.look(1)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


RULES = "/api/v1/rules"


def test_before_the_first_batch_no_set_is_in_force(call: Call) -> None:
    assert call("zhao", "GET", RULES).json() == {"version": None, "fault": "", "rules": []}
    assert call("zhao", "GET", f"{RULES}/versions").json() == []


def test_the_rules_in_force_in_words(site: Site, call: Call) -> None:
    site.gas(0, 1)
    told = call("zhao", "GET", RULES).json()
    assert told["version"]["hash"] == site.pipeline.parts.rules.version
    assert told["version"]["in_force"]
    gas, seen = told["rules"]
    assert (gas["name"], gas["type"], gas["colour"], gas["source"]) == (
        "gas", "gas_leak", "red", "a test",
    )  # fmt: skip
    assert gas["words"][0]["en"] == (
        "each camera or sensor: gas_lel above 10 %LEL (until back at 8), for 30s"
    )
    assert seen["words"][0]["zh"] == "每个区域：摄像头报告区域入侵"
    site.write(GAS.replace("above", "abov"))
    site.look()
    told = call("admin", "GET", RULES).json()
    assert "first.yaml:7: rules[0].when" in told["fault"]
    assert call("zhao", "GET", "/health").json()["checks"]["rules"] is False
    assert "linli_rules_folder_refused 1.0" in call("zhao", "GET", "/metrics").text


@pytest.mark.parametrize("who", ["li", "qian"])
def test_others_may_not_see_them(call: Call, who: str) -> None:
    for path in (RULES, f"{RULES}/versions"):
        assert call(who, "GET", path).status_code == 403


@pytest.mark.parametrize("path", ["switch", "retry"])
def test_only_an_admin_may_switch(call: Call, path: str) -> None:
    for who in ("li", "qian", "zhao"):
        assert call(who, "POST", f"{RULES}/{path}", json={}).status_code == 403


@pytest.mark.usefixtures("looked_after")
def test_an_admin_switches_and_is_answered(site: Site, call: Call) -> None:
    site.write(GAS)
    answer = call("admin", "POST", f"{RULES}/switch", json={"note": "spring"}).json()
    assert answer["ok"], answer
    assert answer["text"].startswith(site.pipeline.parts.rules.version)
    [now, before] = call("zhao", "GET", f"{RULES}/versions").json()
    assert (now["author"], now["note"], now["rules"]) == ("admin", "spring", 1)
    assert now["in_force"]
    assert not before["in_force"]
    site.write(SEEN.replace("orange", "pink"))
    answer = call("admin", "POST", f"{RULES}/switch", json={}).json()
    assert answer["ok"] is False
    assert "rules[0].colour: expected one of blue" in answer["text"]
    assert call("admin", "POST", f"{RULES}/retry").json()["text"].endswith("0 tried again: -")


def test_without_a_hub_nobody_answers(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "WAIT_S", 0.0)
    assert call("admin", "POST", f"{RULES}/switch", json={}).json() == {"ok": None, "text": ""}


@pytest.fixture
def config(site: Site, tmp_path: Path) -> str:
    (tmp_path / "auth.secret").write_text("s" * 40)
    file = tmp_path / "hub.yaml"
    file.write_text(
        'county: "330899"\ndata_dir: data\nledger: {url: "sqlite:///ledger.sqlite"}\n'
        "ingest: {type: mqtt, host: b, protocol: '5', session_expiry: 1d}\n"
        'http: {port: 0, public_url: "https://hub.county"}\n'
        f"auth: {{secret: file:auth.secret}}\nrules: {{folder: {site.folder.name}}}\n"
    )
    return str(file)


@pytest.mark.usefixtures("looked_after")
def test_the_commands_switch_and_list(site: Site, config: str) -> None:
    run = CliRunner().invoke
    assert "none yet" in run(app, ["rules", "versions", "-c", config]).output
    site.write(GAS)
    done = run(app, ["rules", "switch", "-c", config, "--note", "no cameras"])
    assert done.exit_code == 0, done.output
    assert "1 removed, 1 kept" in done.output
    rows = run(app, ["rules", "versions", "-c", config]).output.splitlines()
    assert rows[0].startswith(f"* {site.pipeline.parts.rules.version}")
    assert rows[0].endswith("1 rules  no cameras")
    assert rows[1].startswith("  ")
    done = run(app, ["rules", "retry", "-c", config])
    assert "0 tried again" in done.output


def test_a_broken_folder_is_refused_before_the_hub_is_asked(site: Site, config: str) -> None:
    site.write(GAS.replace("above", "abov"))
    done = CliRunner().invoke(app, ["rules", "switch", "-c", config])
    assert "did you mean 'above'?" in str(done.exception)


def test_a_hub_that_does_not_run_is_said(config: str) -> None:
    done = CliRunner().invoke(app, ["rules", "switch", "-c", config, "--wait", "0"])
    assert done.exit_code == 1
    assert "is the hub running?" in done.output


def test_check_knows_of_kafka(site: Site) -> None:
    site.write(GAS, SEEN.replace("scope: zone", "scope: county"))
    run = CliRunner().invoke
    assert run(app, ["rules", "check", str(site.folder)]).exit_code == 0
    done = run(app, ["rules", "check", str(site.folder), "--keyed-by", "community"])
    assert "scope: community, and over its alerts a rule with when" in str(done.exception)
