"""A full disk is said clearly, harms nothing and is over as soon as there is room."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from hub_server.ledger.tables import inbox
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_pipeline
from tests.support.hub_process import BareDevice, HubProcess, until
from tests.support.mosquitto import Mosquitto

_MB = 1 << 20


def test_a_ledger_that_may_not_grow_keeps_nothing_of_the_batch_and_goes_on_later(
    tmp_path: Path,
) -> None:
    ledger, device = make_ledger(tmp_path), Device()
    pipeline = make_pipeline(ledger, HubClock())
    ledger.close()  # its connections are opened anew, with the limit

    def limit(raw: sqlite3.Connection, _record: object) -> None:
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages + 4}")

    event.listen(Engine, "connect", limit)
    try:
        batch = decoded(*(device.reading(NOW, {f"m{n}": 1.0 for n in range(99)}) for _ in range(9)))
        with pytest.raises(OperationalError, match="full"):
            pipeline.run(batch)
    finally:
        event.remove(Engine, "connect", limit)
    ledger.close()
    with ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(inbox)) == 0
    receipts, _ = pipeline.run(batch)
    assert receipts.kept["pi-0001"]["e1"] == set(range(1, 10))
    ledger.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 24 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("a small filesystem can only be mounted by root")
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)])
    if made.returncode:
        pytest.skip("a small filesystem can only be mounted by root with that right")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_hub_on_a_full_disk_says_so_and_recovers(small_disk: Path, broker: Mosquitto) -> None:
    make_ledger(small_disk).close()
    with HubProcess(small_disk, broker.port) as hub:
        hub.log = small_disk.parent / "hub.log"
        hub.kill9()
        hub.start()
        hub.wait_for("broker connected")
        device, maker = BareDevice("pi-0001", broker.port), Device()
        ballast = small_disk / "ballast"
        free = shutil.disk_usage(small_disk).free
        ballast.write_bytes(b"\0" * max(0, free - _MB // 2))
        address = f"http://127.0.0.1:{hub.port}/health"

        def fault() -> str:
            device.send(maker.reading(datetime.now(UTC), {f"m{n}": 1.0 for n in range(60)}))
            return str(httpx.get(address).json()["faults"].get("ingest", ""))

        until(lambda: "full" in fault(), 60, "the fault")
        assert "disk is full" in hub.log.read_text()
        ballast.unlink()
        device.until_acknowledged()
        until(lambda: httpx.get(address).status_code == 200, what="health")
        device.close()
        hub.terminate()
    with sqlite3.connect(small_disk / "ledger.sqlite") as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert check.execute("SELECT count(*) FROM inbox").fetchone() == (maker.sequence,)
