"""What the hub wishes and orders, on real parts: broker, hub, agent, camera, model."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from typer.testing import CliRunner, Result

from hub_server.commands.devices import app
from linli_settings import ConfigError
from tests.support.county import COUNTY, DEVICE, HUB_PASSWORD, County, wait_until
from tests.support.mosquitto import installed

pytestmark = [
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed (apt: mosquitto)"),
    pytest.mark.timeout(240),
]
ZONE = {
    "name": "street",
    "polygon": [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]],
    "behaviours": [{"type": "intrusion", "dwell": "1s", "min_confidence": "30%"}],
}
BAD = "cameras: {gate: {zones: {street: {polygon: [[0, 0], [1, 1]]}}}}"


@pytest.fixture
def county(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[County]:
    monkeypatch.setenv("LINLI_MODELS", str(shared / "models"))
    camera = {
        "name": "gate",
        "source": {"type": "file", "path": str(shared / "media" / "vtest.avi"), "loop": True},
        "detector": "main",
        "zones": [ZONE],
        # the door has tests of its own; its model may not be at hand
        "evidence": {"pictures": False},
    }
    made = County(
        tmp_path,
        10,
        edge_settings={
            "detectors": [{"name": "main", "type": "openvino", "model": "yolo11n"}],
            "cameras": [camera],
            "twin": {"grace": "2s"},
        },
    )
    made.broker.start()
    made.hub.start()
    made.edge.start()
    yield made
    made.stop()


def devices(county: County, *args: str) -> Result:
    """``hub-server devices …`` on the hub's ledger, while the hub runs."""
    config = str(county.hub_folder / "hub.yaml")
    return CliRunner().invoke(app, [*args, "--config", config])


def rows(county: County, query: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(f"file:{county.ledger_file}?mode=ro", uri=True)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def online(county: County) -> bool:
    return rows(county, "SELECT state, reported IS NOT NULL FROM devices") == [("online", 1)]


def intrusions(county: County) -> int:
    [(count,)] = rows(county, "SELECT count(*) FROM observations WHERE type = 'intrusion'")
    assert isinstance(count, int)
    return count


def retained(county: County) -> list[bytes]:
    """What the broker keeps for the device."""
    found: list[bytes] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set("hub", HUB_PASSWORD)
    client.on_message = lambda _client, _data, message: found.append(message.payload)
    client.connect("127.0.0.1", county.broker.port)
    client.subscribe(f"linli/v1/{COUNTY}/{DEVICE}/twin/desired", qos=1)
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        client.loop(0.1)
    client.disconnect()
    return found


def states(county: County) -> list[tuple[object, ...]]:
    return rows(county, "SELECT version, state FROM desired ORDER BY version")


def test_wished_refused_disarmed_ordered_and_kept(county: County, tmp_path: Path) -> None:
    wait_until(lambda: online(county), 40, f"the device's report\n{county.edge.tail()}")
    _taken_and_refused(county, tmp_path)
    _disarmed_for_a_while(county)
    _commands(county)
    _over_a_kill(county, tmp_path)


def _taken_and_refused(county: County, tmp_path: Path) -> None:
    wish = tmp_path / "wish.yaml"
    wish.write_text("log: {level: debug}")
    taken = devices(county, "desired", "set", DEVICE, str(wish), "--note", "closer look")
    assert taken.exit_code == 0, (taken.output, county.edge.tail())
    assert "v1\t" in taken.output
    assert "on trial" in taken.output
    wait_until(lambda: states(county) == [(1, "applied")], 20, "the end of the trial")
    wish.write_text(BAD)
    refused = devices(county, "desired", "set", DEVICE, str(wish))
    assert refused.exit_code == 1
    assert "cameras[0].zones[0].polygon: expected" in refused.output
    shown = devices(county, "desired", "show", DEVICE).output
    assert "in force on the device: 1" in shown
    assert "differs: cameras.gate.zones.street.polygon" in shown
    back = devices(county, "desired", "rollback", DEVICE)
    assert back.exit_code == 0, back.output
    assert "back to version 1" in back.output


def _disarmed_for_a_while(county: County) -> None:
    wait_until(lambda: intrusions(county) > 0, 60, f"an intrusion\n{county.edge.tail()}")
    off = devices(county, "arm", DEVICE, "gate", "street", "off", "--for", "1h")
    assert off.exit_code == 0, off.output

    def ended() -> bool:
        causes = rows(county, "SELECT DISTINCT cause FROM observations WHERE ended_at IS NULL")
        return not causes

    wait_until(ended, 10, "the end of what was open")
    before = intrusions(county)
    assert rows(county, "SELECT count(*) FROM observations WHERE cause = 'disarmed'") != [(0,)]
    time.sleep(3)
    assert intrusions(county) == before
    assert devices(county, "arm", DEVICE, "gate", "street", "off", "--for", "2s").exit_code == 0
    wait_until(lambda: intrusions(county) > before, 60, "an intrusion after the time was over")
    assert rows(county, "SELECT count(*) FROM arming") == [(0,)]


def _commands(county: County) -> None:
    done = devices(county, "command", DEVICE, "log_level", "level=info")
    assert done.exit_code == 0, done.output
    assert "done" in done.output
    assert "level: info" in done.output
    unknown = devices(county, "command", DEVICE, "dance")
    assert unknown.exit_code == 1
    assert "expected one of" in unknown.output
    county.edge.stop()
    wait_until(lambda: not online(county), 10, "its last word")
    away = devices(county, "command", DEVICE, "test_event", "--expires", "1s", "--late", "0s")
    assert away.exit_code == 1
    assert "expired" in away.output
    assert isinstance(devices(county, "command", "pi-9", "x").exception, ConfigError)


def _over_a_kill(county: County, tmp_path: Path) -> None:
    version = states(county)[-1][0]
    county.hub.kill9()
    [kept] = retained(county)
    assert f'"version":{version},' in kept.decode()
    wish = tmp_path / "later.yaml"
    wish.write_text("health: {interval: 20s}")
    waiting = devices(county, "desired", "set", DEVICE, str(wish), "--wait", "100ms")
    assert "waits for the device" in waiting.output
    county.edge.start()
    county.hub.start()
    wait_until(lambda: states(county)[-1][1] in ("trial", "applied"), 60, county.hub.tail())
    [kept] = retained(county)
    assert b'"interval":"20s"' in kept
    assert devices(county, "revoke", DEVICE).exit_code == 0
    wait_until(lambda: retained(county) == [], 20, "nothing kept for a device that was revoked")
