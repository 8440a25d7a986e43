"""Write what each part of the demo reads: enrolment, accounts, secrets, configurations."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from hub_server.auth.users import hash_password
from hub_server.demo.inputs import Inputs
from hub_server.demo.layout import COUNTY, DEVICE, GRID, Layout
from hub_server.demo.people import add_people
from hub_server.demo.site import site, write_replays
from hub_server.devices.areas import load_areas, store_areas
from hub_server.devices.bundle import Broker, Order, new_token, write_bundle
from hub_server.devices.profile import load_profile
from hub_server.devices.registry import NewDevice, register
from hub_server.ledger.engine import open_ledger
from hub_server.share import share_dir
from linli_contract.topics import ROOT, device_filters

HUB = "linli-hub"
APP_KEY = "linli-demo"


def write_all(layout: Layout, inputs: Inputs, now: datetime) -> str:
    """Write every file and enrol the device; returns the secret that signs sign-in links."""
    link_secret = secrets.token_urlsafe(48)
    hub_password = secrets.token_urlsafe(24)
    _secret(layout.hub / "auth.secret", link_secret)
    _secret(layout.hub / "mqtt.password", hub_password)
    _secret(layout.county_secret, secrets.token_urlsafe(32))
    _secret(layout.hub / "county.secret", layout.county_secret.read_text().strip())
    order = _order(layout, inputs)
    token = new_token()
    write_bundle(order, token, layout.edge)
    _finish_agent(layout, inputs)
    write_replays(layout.edge)
    device_password = (layout.edge / "secrets" / "mqtt.password").read_text().strip()
    _yaml(layout.broker_config, _broker(layout, {HUB: hub_password, DEVICE: device_password}))
    _yaml(layout.hub_config, _hub(layout))
    _enrol(layout, order, token, now)
    return link_secret


def _order(layout: Layout, inputs: Inputs) -> Order:
    broker = Broker("127.0.0.1", layout.ports.broker, protocol="3.1.1")
    profile = load_profile("raspberry-pi-5")
    return Order(profile, DEVICE, COUNTY, site(inputs), broker, layout.hub_url, data_dir="data")


def _finish_agent(layout: Layout, inputs: Inputs) -> None:
    """What the demo has other than the profile: its model, a fast heartbeat, this clock."""
    agent = yaml.safe_load(layout.agent_config.read_text(encoding="utf-8"))
    agent["detectors"] = [
        {"name": "main", "type": "openvino", "model": inputs.model, "device": "CPU"}
    ]
    agent["health"] = {"interval": "5s"}
    agent["clock"] = {"wait_for_ntp": False}
    _yaml(layout.agent_config, agent)


def _broker(layout: Layout, passwords: Mapping[str, str]) -> dict[str, object]:
    may: dict[str, dict[str, list[str]]] = {
        HUB: {"publish": [f"{ROOT}/#"], "subscribe": [f"{ROOT}/#"]},
        DEVICE: {
            "publish": [f"{ROOT}/{COUNTY}/{DEVICE}/#"],
            "subscribe": device_filters(COUNTY, DEVICE),
        },
    }
    accounts = {
        name: {"password_hash": hash_password(password), **may[name]}
        for name, password in passwords.items()
    }
    folder = str(layout.root / "broker")
    return {"port": layout.ports.broker, "data_dir": folder, "accounts": accounts}


def _hub(layout: Layout) -> dict[str, Any]:
    return {
        "county": COUNTY,
        "data_dir": "data",
        "ledger": {"url": layout.ledger_url},
        "ingest": {
            "type": "mqtt", "host": "127.0.0.1", "port": layout.ports.broker,
            "protocol": "3.1.1", "username": HUB, "password": "file:mqtt.password",
        },
        "http": {"host": "127.0.0.1", "port": layout.ports.hub, "public_url": layout.hub_url},
        "auth": {"secret": "file:auth.secret"},
        "notifiers": [{"type": "console"}],
        "county_link": {
            "type": "http", "url": f"{layout.county_url}/events", "app_key": APP_KEY,
            "secret": "file:county.secret",
        },
    }  # fmt: skip


def _enrol(layout: Layout, order: Order, token: str, now: datetime) -> None:
    ledger = open_ledger(layout.ledger_url)
    try:
        ledger.migrate()
        with ledger.write() as conn:
            store_areas(conn, load_areas(share_dir("rules") / "areas.yaml"))
            new = NewDevice(DEVICE, COUNTY, order.profile.name, GRID, order.site)
            register(conn, new, token, now)
            add_people(conn)
    finally:
        ledger.close()


def _secret(file: Path, value: str) -> None:
    file.touch(mode=0o600)
    file.write_text(value + "\n", encoding="utf-8")


def _yaml(file: Path, value: dict[str, Any]) -> None:
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")
