"""The samples of deploy/ together: a device is enrolled and joins a hub over TLS, and the hub's
acknowledgements empty its outbox. Both programs and Mosquitto are real."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from tests.deploy.installed import DEPLOY, Installed, prepare
from tests.support.mosquitto import free_port, installed

pytestmark = pytest.mark.skipif(not installed(), reason="mosquitto is not installed")

BIN = Path(sys.executable).parent
GRID = "330899001001001"
LIMIT_S = 60.0
SITE = {
    "sensors": [
        {
            "name": "gas-1",
            "zh": "燃气",
            "en": "Gas",
            "agent": {
                "type": "replay",
                "file": "gas.csv",
                "metric": "gas_lel",
                "unit": "%LEL",
                "range": [0, 100],
                "interval": "1s",
                "loop": True,
            },
        }
    ]
}


def hub_yaml(folder: Path, broker: Installed, http: int) -> Path:
    """The sample with this machine's paths and ports, and the store that needs no server."""
    text = (DEPLOY / "hub" / "hub.yaml").read_text("utf-8")
    text = text.replace("/var/lib/linli", str(folder / "data"))
    text = text.replace("/run/secrets/", f"{folder}/private/secrets/")
    text = text.replace("/etc/linli/ca.pem", f"{folder}/private/certs/ca.pem")
    settings = yaml.safe_load(text)
    settings["ingest"] |= {"host": "localhost", "port": broker.tls_port}
    settings["http"] |= {
        "host": "127.0.0.1",
        "port": http,
        "public_url": f"http://localhost:{http}",
    }
    settings["stores"] = [{"type": "sqlite"}]
    (folder / "data").mkdir()
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


def enrol(folder: Path, config: Path, broker: Installed) -> Path:
    """As the technician's guide says; the bundle's configuration."""
    (folder / "site.yaml").write_text(yaml.safe_dump(SITE, allow_unicode=True))
    command = [BIN / "hub-server", "devices", "enrol", "--config", config, "--device", "pi-0001"]
    command += ["--profile", "raspberry-pi-5", "--grid", GRID, "--site", folder / "site.yaml"]
    subprocess.run([*command, "--out", folder / "pi-0001"], check=True, capture_output=True)
    bundle = folder / "pi-0001"
    with (folder / "private" / "accounts" / "passwd").open("a") as accounts:
        accounts.write((bundle / "broker" / "passwd").read_text())
    broker.reload()
    (bundle / "gas.csv").write_text("offset_s,value\n0,14\n60,14\n")
    agent = yaml.safe_load((bundle / "agent.yaml").read_text("utf-8"))
    agent |= {"data_dir": str(folder / "edge"), "clock": {"wait_for_ntp": False}}
    (bundle / "agent.yaml").write_text(yaml.safe_dump(agent, allow_unicode=True))
    return bundle / "agent.yaml"


@contextmanager
def running(program: str, config: Path, log: Path) -> Iterator[None]:
    """The program until the block ends; it must end well when told to."""
    with log.open("wb") as output:
        command = [BIN / program, "run", "--config", config]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        code = process.wait(timeout=30)
    assert code == 0, log.read_text()


def acknowledged(config: Path) -> int:
    """How many messages the device has made and the hub's acknowledgement has removed."""
    command = [BIN / "edge-agent", "outbox", "--config", config, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:  # not made yet
        return 0
    found = json.loads(done.stdout)
    return int(found["minted"] - found["waiting"] - found["unconfirmed"] - found["dropped"])


def stored(http: int) -> float:
    with urlopen(f"http://127.0.0.1:{http}/metrics", timeout=5) as answer:
        [found] = re.findall(r"^linli_stored_total (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found)


def test_a_device_joins_and_its_outbox_is_emptied_by_the_hub(tmp_path: Path) -> None:
    prepare(tmp_path / "private", "localhost")
    http = free_port()
    with ExitStack() as stack:
        broker = stack.enter_context(Installed(tmp_path / "broker", tmp_path / "private"))
        config = hub_yaml(tmp_path, broker, http)
        agent = enrol(tmp_path, config, broker)
        stack.enter_context(running("hub-server", config, tmp_path / "hub.log"))
        stack.enter_context(running("edge-agent", agent, tmp_path / "edge.log"))
        limit = time.monotonic() + LIMIT_S
        while not (gone := acknowledged(agent)) and time.monotonic() < limit:
            time.sleep(0.5)
        assert gone > 0, (tmp_path / "edge.log").read_text() + (tmp_path / "hub.log").read_text()
        assert stored(http) >= gone
