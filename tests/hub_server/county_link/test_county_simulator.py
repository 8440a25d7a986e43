"""The whole exchange with the simulator in a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hub_server.api.app import create_app
from hub_server.auth.tokens import make_session
from hub_server.county_link import COUNTY_LINKS, CountyLink, county_key, open_county_link
from hub_server.county_link.http import HttpLink
from hub_server.county_link.settings import CountyLinkSettings
from hub_server.county_link.signing import CountyKey, signed_headers
from hub_server.county_link.simulator.app import read_event
from hub_server.outbound.drain import Drain
from hub_server.outbound.errors import Refused, RetryLater
from hub_server.outbound.messages import CountyEvent
from hub_server.outbound.targets import county_target
from tests.hub_server.api.conftest import COUNTY_KEY, KEY, Hub, hub
from tests.hub_server.serving import Receiver, served, until
from tests.hub_server.world import make_world

__all__ = ["hub"]  # the fixture of the API's tests


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Simulator:
    url: str
    link: CountyLink

    def cases(self) -> list[dict[str, object]]:
        return list(httpx.get(f"{self.url}/cases").json())


@contextmanager
def running(folder: Path, callback: str = "") -> Iterator[Simulator]:
    secret = folder / "county.secret"
    secret.write_text(COUNTY_KEY.secret)
    secret.chmod(0o600)
    port = free_port()
    command = [sys.executable, "-m", "hub_server.county_link.simulator", "--port", str(port)]
    command += ["--app-key", COUNTY_KEY.app_key, "--secret-file", str(secret)]
    command += ["--store", str(folder / "cases.json")]
    command += ["--callback-url", callback] if callback else []
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: alive(url))
        row = {"type": "http", "url": f"{url}/events", "app_key": "linli"}
        settings = CountyLinkSettings.model_validate({**row, "secret": "file:county.secret"})
        yield Simulator(url, open_county_link(settings, folder))
    finally:
        process.terminate()
        assert process.wait(10) is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def event(tmp_path: Path) -> CountyEvent:
    """The first event of a case, as the outbound row has it."""
    (tmp_path / "world").mkdir()
    world = make_world(tmp_path / "world")
    world.open_incident(targets=("county",))
    payload = world.outbound_rows("county")[0]["payload"]
    world.ledger.close()
    assert isinstance(payload, dict)
    return CountyEvent(**payload)


def test_from_the_tap_to_the_county_and_back(hub: Hub, tmp_path: Path) -> None:
    live = replace(hub.services, clock=now)
    with (
        served(create_app(live)) as url,
        running(tmp_path, f"{url}/api/v1/county/callback") as county,
    ):
        drain = Drain(live.ledger, county_target(county.link), live.changes)
        drain.start()
        hub.world.open_incident(targets=("county",))
        live.changes.signal()
        until(lambda: "county" in hub.world.steps_of("case-1"))
        assert hub.world.row("case-1")["county_case"] == "C000001"
        void = {"action": "void", "note": "drill"}
        token, _ = make_session("zhao", KEY, now())
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
        httpx.post(f"{url}/api/v1/incidents/case-1/actions", json=void, headers=headers)
        until(lambda: county.cases()[0]["state"] == "not_accepted")
        until(lambda: hub.world.steps_of("case-1").count("county") == 2)
        drain.stop()
        [case] = county.cases()
        assert [entry["action"] for entry in case["history"]] == ["report", "void"]  # type: ignore[attr-defined]
        assert case["incident"] == "case-1"
        one = httpx.get(f"{county.url}/cases/C000001").json()
        assert one == case
    assert all(row["done_at"] for row in hub.world.outbound_rows("county"))


def test_a_repeated_event_is_one_and_survives_a_restart(event: CountyEvent, tmp_path: Path) -> None:
    with running(tmp_path) as county:
        assert county.link.push(event) == county.link.push(event) == "C000001"
    with running(tmp_path) as county:
        assert county.link.push(event) == "C000001"
        [case] = county.cases()
        assert len(case["history"]) == 1  # type: ignore[arg-type]


def test_what_the_simulator_refuses(event: CountyEvent, tmp_path: Path) -> None:
    with running(tmp_path) as county:
        stranger = HttpLink(f"{county.url}/events", CountyKey("linli", "wrong"), 5)
        with pytest.raises(RetryLater, match="HTTP 401"):
            stranger.push(event)
        headers = signed_headers(COUNTY_KEY, b"{}", now())
        answers = [
            httpx.post(f"{county.url}/events", content=b"{}", headers=headers) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [400, 401]  # then: a used nonce
        broken = CountyEvent(**{**event, "subject": ""})  # type: ignore[typeddict-item]
        with pytest.raises(Refused, match="missing: subject"):
            county.link.push(broken)
        assert county.cases() == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"code": 7, "msg": "not ours", "datas": {}}', Refused),
        (b"<html>", RetryLater),
        (b"{}", RetryLater),
    ],
)
def test_answers_of_a_strange_centre(
    event: CountyEvent, body: bytes, error: type[Exception]
) -> None:
    with Receiver(body=body).listening() as centre:
        link = HttpLink(centre.url, COUNTY_KEY, 5)
        with pytest.raises(error):
            link.push(event)


def test_the_request_is_a_structured_cloudevent(event: CountyEvent) -> None:
    answer = b'{"code": 0, "msg": "ok", "datas": {"case_id": "X9"}}'
    with Receiver(body=answer).listening() as centre:
        assert HttpLink(centre.url, COUNTY_KEY, 5).push(event) == "X9"
    [request] = centre.requests
    assert request.headers["Content-Type"].startswith("application/cloudevents+json")
    assert read_event(request.body) == (event, "")


def test_every_link_opens_from_its_settings(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x")
    (tmp_path / "s").chmod(0o600)
    row = {"url": "https://data.county/events", "app_key": "k", "secret": "file:s"}
    for name in COUNTY_LINKS:
        settings = CountyLinkSettings.model_validate({"type": name, **row})
        open_county_link(settings, tmp_path).close()
        assert county_key(settings, tmp_path) == CountyKey("k", "x", 300.0)


def test_a_secret_that_others_can_read(tmp_path: Path) -> None:
    secret = tmp_path / "county.secret"
    secret.write_text("x")
    secret.chmod(0o644)
    command = [sys.executable, "-m", "hub_server.county_link.simulator", "--app-key", "k"]
    done = subprocess.run(
        [*command, "--secret-file", str(secret)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "chmod 600" in done.stderr) == (2, True)
