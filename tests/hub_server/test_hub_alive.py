"""Alive and ready: a thread that hangs makes a process not alive; every figure shows itself."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from hub_server.alive import Alive
from hub_server.app import HubApp
from hub_server.hung import EXIT_HUNG, Ending
from hub_server.metrics.table import BY_NAME
from hub_server.settings import load_hub
from tests.support.hub import Device, make_ledger
from tests.support.hub_process import BareDevice, HubProcess, until
from tests.support.mosquitto import Mosquitto

ELSEWHERE = {"linli_kafka_partitions", "linli_kafka_epoch", "linli_kafka_lag_messages"}
ELSEWHERE |= {name for name in BY_NAME if name.startswith("linli_bridge_")}
"""Shown only where the source is Kafka, or by a bridge."""
ONCE_USED = {
    "linli_alerts_fired_total",
    "linli_heartbeats_total",
    "linli_outbound_attempts_total",
    "linli_outbound_delivery_seconds",
}


def test_what_is_under_way_for_over_a_minute_hangs() -> None:
    now = [0.0]
    alive = Alive(clock=lambda: now[0])
    with alive.doing("batch"):
        now[0] = 60.0
        assert alive.fault() == ""
        with alive.doing("tick"):
            now[0] = 61.0
            assert alive.fault() == "batch hangs for 61 s"
    assert alive.fault() == ""


def test_a_process_that_hangs_ends_itself_and_one_that_only_slept_does_not() -> None:
    ends: list[bool] = []
    faults = iter(["", "batch hangs for 61 s", "", "batch hangs for 61 s", "batch hangs for 71 s"])
    ending = Ending(lambda: next(faults), look_s=0.001, end=lambda: ends.append(True))
    ending.start()
    ending.join(10)
    assert ends == [True]
    assert list(faults) == [], "twice in a row"


def test_a_hub_that_hangs_is_gone_with_70() -> None:
    code = """
import sys, time
from hub_server.hung import Ending
Ending(lambda: "hangs", look_s=0.01).start()
try:
    time.sleep(30)
finally:
    print("never")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.returncode == EXIT_HUNG == 70
    assert "never" not in done.stdout
    assert "process ends itself" in done.stdout + done.stderr


def test_a_loop_that_stands_still_hangs() -> None:
    now = [0.0]
    alive = Alive(clock=lambda: now[0])
    now[0] = 100.0
    assert alive.fault() == "", "nothing has begun yet"

    async def turn() -> None:
        turning = asyncio.ensure_future(alive.run())
        await asyncio.sleep(0)
        assert alive.fault() == ""
        now[0] = 161.0
        assert alive.fault() == "event loop hangs for 61 s"
        turning.cancel()

    asyncio.run(turn())


def test_a_ledger_that_hangs_makes_the_hub_not_alive(tmp_path: Path, broker: Mosquitto) -> None:
    make_ledger(tmp_path).close()
    written = HubProcess(tmp_path, broker.port)
    app, url = HubApp(load_hub(written.config)), f"http://127.0.0.1:{written.port}"
    app._alive = Alive(stuck_s=1.0)
    hangs, go_on = threading.Event(), threading.Event()
    go_on.set()
    write = app._ledger.write

    @contextmanager
    def hanging(lane: str = "") -> Iterator[Connection]:
        if hangs.is_set() and threading.current_thread().name.startswith("pipeline"):
            go_on.wait(30)
        with write(lane) as conn:
            yield conn

    app._ledger.write = hanging  # type: ignore[method-assign]  # as a disk that never answers
    stop = _Stop()
    running = threading.Thread(target=stop.run, args=(app,))
    running.start()
    try:
        until(lambda: _get(url, "/health").get("ready"), what="ready")
        assert _get(url, "/health/alive") == {"alive": True, "fault": ""}
        shown = {one.name for one in text_string_to_metric_families(_text(url))}
        expected = {name.removesuffix("_total") for name in BY_NAME.keys() - ELSEWHERE - ONCE_USED}
        assert shown == expected
        go_on.clear()
        hangs.set()
        device = BareDevice("pi-0001", broker.port)
        device.send(Device().health(datetime.now(UTC)))
        # on a busy machine a slow batch before it may have been taken for one that hangs
        until(lambda: "hangs for" in str(_get(url, "/health/alive").get("fault")), what="not alive")
        until(lambda: httpx.get(f"{url}/health/alive").status_code == 503, what="503")
        until(lambda: _get(url, "/health")["alive"] is False, what="not alive in /health")
        go_on.set()
        until(lambda: _get(url, "/health/alive")["alive"], what="alive again")
        device.until_acknowledged()
        device.close()
    finally:
        go_on.set()
        stop.now()
        running.join(10)


class _Stop:
    """Ends a hub that runs in another thread."""

    def __init__(self) -> None:
        self._ready = threading.Event()

    def run(self, app: HubApp) -> None:
        async def main() -> None:
            self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
            self._ready.set()
            await app.run(self._event)

        asyncio.run(main())

    def now(self) -> None:
        self._ready.wait(5)
        self._loop.call_soon_threadsafe(self._event.set)


def _get(url: str, path: str) -> dict[str, object]:
    try:
        return dict(httpx.get(f"{url}{path}", timeout=5).json())
    except httpx.TransportError:
        time.sleep(0.05)
        return {"alive": True}


def _text(url: str) -> str:
    return httpx.get(f"{url}/metrics", timeout=10).text
