"""The files of deploy/ as an installer puts them to use, in a folder and on free ports."""

import os
import subprocess
from pathlib import Path

from tests.support.mosquitto import Mosquitto, free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def prepare(folder: Path, *hosts: str) -> None:
    """Certificates, secrets and the hub's account in ``folder``."""
    environment = {**os.environ, "LINLI_PRIVATE": str(folder)}
    command = [DEPLOY / "prepare.sh", *hosts]
    subprocess.run(command, env=environment, check=True, capture_output=True)


class Installed(Mosquitto):
    """The project's own configuration, with the container's paths and ports moved."""

    def __init__(self, folder: Path, private: Path) -> None:
        super().__init__(folder)
        self.tls_port = free_port()
        data = folder / "data"
        data.mkdir()
        text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text("utf-8")
        for old, new in {
            "/mosquitto/accounts/": f"{private}/accounts/",
            "/mosquitto/config/": f"{DEPLOY}/mosquitto/",
            "/mosquitto/certs/server.key": f"{private}/certs/broker.key",
            "/mosquitto/certs/": f"{private}/certs/",
            "/mosquitto/data/": f"{data}/",
            "listener 1883 127.0.0.1": f"listener {self.port} 127.0.0.1",
            "listener 8883": f"listener {self.tls_port}",
            "log_dest stdout": f"log_dest file {self.log}\nuser root",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        self._file.write_text(text)
