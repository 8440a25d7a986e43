"""Where the demo keeps its files, and on which ports its parts listen."""

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from hub_server.demo.errors import DemoError

COUNTY = "330899"
DEVICE = "pi-0001"
GRID = "330899001001001"


@dataclass(frozen=True)
class Ports:
    """TCP ports on the loopback interface."""

    broker: int
    hub: int
    county: int


@dataclass(frozen=True)
class Layout:
    """One folder, made anew at every start; models and footage live in the cache beside it."""

    root: Path
    ports: Ports

    @property
    def hub(self) -> Path:
        return self.root / "hub"

    @property
    def edge(self) -> Path:
        return self.root / "edge"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def agent_config(self) -> Path:
        return self.edge / "agent.yaml"

    @property
    def hub_config(self) -> Path:
        return self.hub / "hub.yaml"

    @property
    def broker_config(self) -> Path:
        return self.root / "broker" / "broker.yaml"

    @property
    def county_secret(self) -> Path:
        return self.root / "county" / "secret"

    @property
    def ledger_url(self) -> str:
        return f"sqlite:///{(self.hub / 'data' / 'ledger.sqlite').absolute()}"

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.hub}"

    @property
    def county_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.county}"


def make_layout(root: Path) -> Layout:
    """An empty demo folder and free ports."""
    if root.exists():
        if not (root / ".linli-demo").exists() and any(root.iterdir()):
            raise DemoError(f"{root} is not a folder of an earlier demo; name another with --dir")
        shutil.rmtree(root)
    for folder in ("hub", "hub/data", "edge", "logs", "broker", "county"):
        (root / folder).mkdir(parents=True, mode=0o700)
    (root / ".linli-demo").touch()
    return Layout(root, Ports(_free(1883), _free(8080), _free(8090)))


def _free(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("no free TCP port on 127.0.0.1")
