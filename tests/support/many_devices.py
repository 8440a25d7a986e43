"""A county of thousands: enrolled in a ledger, and simulated in a process of their own."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from hub_server.devices.areas import load_areas, store_areas
from hub_server.ledger.engine import open_ledger
from hub_server.ledger.tables import devices, sources
from tests.support.hub import COUNTY, GRID, RULES

SOURCES = {"gate": "camera", "yard": "camera", "gas-1": "sensor", "temp-1": "sensor"}
"""Of every device, as the simulation has them."""
_SCRIPT = Path(__file__).with_name("simulated_county.py")


def enrol(url: str, count: int) -> None:
    """``count`` devices of two cameras and two sensors each, in the empty ledger at ``url``."""
    names = [f"sim-{n:05d}" for n in range(count)]
    device = {"county": COUNTY, "profile": "x86", "grid": GRID, "token_hash": "x"}
    place = {"grid": GRID, "lat": 29.1, "lon": 119.1}
    now = datetime.now(UTC)
    ledger = open_ledger(url)
    ledger.migrate()
    with ledger.write() as conn:
        store_areas(conn, load_areas(RULES / "areas.yaml"))
        conn.execute(insert(devices), [{"device": n, "enrolled_at": now, **device} for n in names])
        rows = [
            {"device": n, "name": source, "kind": kind, "zh": source, "en": source, **place}
            for n in names
            for source, kind in SOURCES.items()
        ]
        conn.execute(insert(sources), rows)
    ledger.close()


class ManyDevices:
    """The simulation as a process; ``now`` is the newest line it said."""

    def __init__(self, port: int, count: int, resend_s: float = 60.0) -> None:
        command = [sys.executable, str(_SCRIPT), str(port), str(count), str(resend_s)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.now: Mapping[str, object] = {"minted": 0, "left": 0, "connected": 0, "done": False}
        threading.Thread(target=self._listen, daemon=True).start()

    def tell(self, command: str) -> None:
        """``rate F``, ``phase NAME``, ``reconnect S`` or ``stop``."""
        assert self._process.stdin
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def figure(self, name: str) -> int:
        value = self.now[name]
        assert isinstance(value, int)
        return value

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.now = json.loads(line)
