"""A configuration on disk, as ``hub-server devices enrol`` would leave it, and the real program."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

AGENT = Path(sys.executable).with_name("edge-agent")


def base_settings(port: int, hub_url: str = "http://127.0.0.1:9") -> dict[str, object]:
    return {
        "county": "330899",
        "device": "pi-0001",
        "data_dir": "data",
        "broker": {"host": "127.0.0.1", "port": port, "protocol": "5"},
        "hub": {"url": hub_url, "token": "file:device.token"},
        "health": {"interval": "1s"},
    }


def write_configuration(folder: Path, settings: dict[str, object]) -> Path:
    """``edge.yaml`` with its secret and one sensor's file beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "device.token"
    token.write_text("device-token")
    token.chmod(0o600)
    (folder / "gas.csv").write_text("offset_s,value\n0,1.5\n5,12\n")
    file = folder / "edge.yaml"
    file.write_text(yaml.safe_dump(settings, allow_unicode=True))
    return file


SENSOR: dict[str, object] = {
    "name": "gas-1",
    "type": "replay",
    "file": "gas.csv",
    "metric": "gas_lel",
    "unit": "%LEL",
    "range": [0, 10],
    "interval": "1s",
    "loop": True,
}


@contextmanager
def running(file: Path) -> Iterator[subprocess.Popen[str]]:
    """``edge-agent run`` as a process of its own."""
    log = file.with_name("agent.log")
    with log.open("a") as stream:
        process = subprocess.Popen(
            [str(AGENT), "run", "--config", str(file)], stderr=stream, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)
