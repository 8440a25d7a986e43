"""The hub as a process on a real Mosquitto: its folder is changed while it runs."""

import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import select

from hub_server.ledger.tables import alerts, rule_sets
from tests.support.hub import RULES, Device, make_ledger
from tests.support.hub_process import BareDevice, HubProcess, until
from tests.support.mosquitto import Mosquitto


def test_a_folder_is_watched_and_sighup_reads_it(tmp_path: Path, broker: Mosquitto) -> None:
    ledger = make_ledger(tmp_path)
    folder = tmp_path / "rules"
    shutil.copytree(RULES, folder)
    device = BareDevice("pi-0001", broker.port)
    own = Device()

    def health() -> dict[str, object]:
        try:
            return dict(httpx.get(f"http://127.0.0.1:{hub.port}/health").json())
        except httpx.TransportError:
            return {}

    def versions() -> int:
        with ledger.read() as conn:
            return len(conn.execute(select(rule_sets.c.hash)).all())

    with HubProcess(tmp_path, broker.port, rules={"folder": "rules"}) as hub:
        hub.wait_for("broker connected")
        until(lambda: health().get("ready"), what="ready")
        until(lambda: versions() == 1, what="the first version")
        file = folder / "safety.yaml"
        good = file.read_text(encoding="utf-8")
        file.write_text(good.replace("colour: orange", "colour: pink", 1), encoding="utf-8")
        until(lambda: "rules" in str(health().get("faults")), what="a red health")
        fault = str(health()["faults"])
        assert "safety.yaml:" in fault
        assert "rules[0].colour: expected one of blue" in fault
        file.write_text(good.replace("colour: orange", "colour: red", 1), encoding="utf-8")
        assert hub.process is not None
        hub.process.send_signal(signal.SIGHUP)
        until(lambda: versions() == 2, what="the new version")
        until(lambda: health().get("ready"), what="ready again")
        device.send(own.observation(datetime.now(UTC)))
        device.until_acknowledged()
        with ledger.read() as conn:
            row = conn.execute(select(alerts)).mappings().one()
            newest = conn.scalar(select(rule_sets.c.hash).order_by(rule_sets.c.switched_at.desc()))
        assert row["colour"] == "red"
        assert row["rules_version"].startswith(f"{newest}/")
    device.close()
    ledger.close()
