"""A real InfluxDB 2: INFLUX_URL and INFLUX_TOKEN, else an influxd of its own."""

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import HttpUrl

from hub_server.stores.settings import Influx2Settings, RetentionSettings
from tests.support.mosquitto import free_port

PROGRAM = shutil.which("influxd")
MISSING = "neither INFLUX_URL nor influxd on the PATH"
FIRST_TOKEN = "test-token"
ORG = "linli"


def installed() -> bool:
    return bool(PROGRAM or os.environ.get("INFLUX_URL"))


@dataclass
class Influx:
    """A server, its organisation ``linli``, and a token that may do everything."""

    url: str
    token: str
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin the process in its folder, and wait until it answers."""
        assert PROGRAM
        assert self.folder
        with (self.folder / "log").open("ab") as log:
            command = [
                PROGRAM,
                f"--http-bind-address={self.url.removeprefix('http://')}",
                f"--bolt-path={self.folder}/bolt",
                f"--engine-path={self.folder}/engine",
                f"--sqlite-path={self.folder}/sqlite",
                "--reporting-disabled",
            ]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                # /health answers before the rest of the server does
                if httpx.get(f"{self.url}/api/v2/setup").is_success:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "influxd did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        assert self.process
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def set_up(self) -> None:
        body = {"username": "u", "password": "password", "org": ORG, "bucket": "first"}
        answer = httpx.post(f"{self.url}/api/v2/setup", json=body | {"token": self.token})
        answer.raise_for_status()

    def post(self, path: str, body: object) -> dict[str, str]:
        headers = {"Authorization": f"Token {self.token}"}
        answer = httpx.post(self.url + path, headers=headers, json=body)
        answer.raise_for_status()
        return dict(answer.json())

    def org_id(self) -> str:
        headers = {"Authorization": f"Token {self.token}"}
        answer = httpx.get(f"{self.url}/api/v2/orgs", headers=headers, params={"org": ORG})
        return str(answer.json()["orgs"][0]["id"])

    def settings(
        self, bucket: str = "", retention: RetentionSettings | None = None
    ) -> Influx2Settings:
        """Of a store on this server, with buckets of a new name when none is given."""
        return Influx2Settings(
            type="influxdb2",
            url=HttpUrl(self.url),
            org=ORG,
            bucket=bucket or f"linli-{uuid.uuid4().hex[:8]}",
            token="env:T",
            retention=retention or RetentionSettings(),
        )


@contextmanager
def running(folder: Path) -> Iterator[Influx]:
    """INFLUX_URL's server, else a new one in ``folder``."""
    if url := os.environ.get("INFLUX_URL"):
        yield Influx(url, os.environ["INFLUX_TOKEN"])
        return
    server = Influx(f"http://127.0.0.1:{free_port()}", FIRST_TOKEN, folder)
    try:
        server.start()
        server.set_up()
        yield server
    finally:
        server.stop()
