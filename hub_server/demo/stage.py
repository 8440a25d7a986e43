"""The parts of the demo in the order they start."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from hub_server.demo.bundle import APP_KEY
from hub_server.demo.layout import DEVICE, Layout
from hub_server.demo.parts import Part

BROKER, COUNTY, HUB, AGENT = "broker", "county simulator", "hub", "edge agent"


def parts(layout: Layout) -> list[Part]:
    """Broker, county simulator, hub, edge agent."""
    scripts = Path(sys.executable).parent
    county = [
        sys.executable, "-m", "hub_server.county_link.simulator",
        "--port", str(layout.ports.county), "--app-key", APP_KEY,
        "--secret-file", str(layout.county_secret),
        "--callback-url", f"{layout.hub_url}/api/v1/county/callback",
        "--store", str(layout.root / "county" / "cases.json"),
    ]  # fmt: skip
    broker = [sys.executable, "-m", "hub_server.broker", str(layout.broker_config)]
    hub = [str(scripts / "hub-server"), "run", "--config", str(layout.hub_config)]
    agent = [str(scripts / "edge-agent"), "run", "--config", str(layout.agent_config)]
    address = f"127.0.0.1:{layout.ports.broker} (MQTT 3.1.1)"
    log = layout.logs.joinpath
    return [
        Part(BROKER, broker, address, log("broker.log"), _listens(layout.ports.broker)),
        Part(COUNTY, county, layout.county_url, log("county.log"), _answers(layout.county_url)),
        Part(HUB, hub, layout.hub_url, log("hub.log"), _answers(layout.hub_url)),
        Part(AGENT, agent, f"device {DEVICE}", log("edge.log")),
    ]


def _listens(port: int) -> Callable[[], bool]:
    def look() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return look


def _answers(url: str) -> Callable[[], bool]:
    def look() -> bool:
        try:
            return httpx.get(f"{url}/health", timeout=1).is_success
        except httpx.TransportError:
            return False

    return look
