"""Writes what a new device needs: its configuration, its secrets, its account at the broker."""

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from hub_server.devices.mosquitto import acl_lines, password_line
from hub_server.devices.profile import Profile, Site, SourceSettings
from hub_server.devices.registry import DEVICE_TOKEN
from linli_settings import ConfigError
from linli_settings.units import format_duration


@dataclass(frozen=True)
class Broker:
    """Where the device sends to."""

    host: str
    port: int
    protocol: str | None = None
    """None: what the profile says."""
    ca: Path | None = None
    """Copied into the bundle; with it the connection is TLS."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    profile: Profile
    device: str
    county: str
    site: Site
    broker: Broker
    hub_url: str
    hub_ca: Path | None = None
    data_dir: str | None = None
    """None: what the profile says."""


def new_token() -> str:
    """A device's token for HTTPS: 256 random bits; the ledger keeps its hash alone."""
    return DEVICE_TOKEN + secrets.token_urlsafe(32)


def write_bundle(order: Order, token: str, out: Path) -> None:
    """Write the bundle into ``out``.

    Raises:
        ConfigError: ``out`` holds files already.
    """
    if out.exists() and any(out.iterdir()):
        found = "a folder that is not empty"
        raise ConfigError.one("command line", "--out", "a new folder", found, "name another")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    password = secrets.token_urlsafe(24)
    _write_secret(out / "secrets" / "mqtt.password", password)
    _write_secret(out / "secrets" / "device.token", token)
    for name, ca in (("broker-ca.pem", order.broker.ca), ("hub-ca.pem", order.hub_ca)):
        if ca is not None:
            shutil.copyfile(ca, out / name)
    _write_broker(order, out / "broker", password)
    text = yaml.safe_dump(agent_yaml(order), allow_unicode=True, sort_keys=False)
    (out / "agent.yaml").write_text(text, encoding="utf-8")
    (out / "README.txt").write_text(_readme(order), encoding="utf-8")


def agent_yaml(order: Order) -> dict[str, object]:
    """The edge's configuration as docs/architecture.md describes it."""
    defaults = order.profile.agent
    hub: dict[str, object] = {"url": order.hub_url, "token": "file:secrets/device.token"}
    if order.hub_ca:
        hub["ca"] = "hub-ca.pem"
    outbox = {
        "max_size": f"{defaults.outbox.max_size}B",
        "max_age": format_duration(defaults.outbox.max_age),
    }
    return {
        "county": order.county,
        "device": order.device,
        "data_dir": order.data_dir or defaults.data_dir,
        "broker": _broker(order),
        "hub": hub,
        "detectors": [one.model_dump() for one in defaults.detectors],
        "cameras": [_source(one) for one in order.site.cameras],
        "sensors": [_source(one) for one in order.site.sensors],
        "outbox": outbox,
        "health": {"interval": format_duration(defaults.health.interval)},
        "clock": defaults.clock.model_dump(),
    }


def _broker(order: Order) -> dict[str, object]:
    broker: dict[str, object] = {
        "host": order.broker.host,
        "port": order.broker.port,
        "protocol": order.broker.protocol or order.profile.agent.broker_protocol,
        "username": order.device,
        "password": "file:secrets/mqtt.password",
    }
    return {**broker, "tls": {"ca": "broker-ca.pem"}} if order.broker.ca else broker


def _source(one: SourceSettings) -> dict[str, object]:
    return {"name": one.name, **one.agent}


def _write_secret(file: Path, secret: str) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(secret + "\n", encoding="utf-8")


def _write_broker(order: Order, folder: Path, password: str) -> None:
    folder.mkdir(mode=0o700)
    _write_secret(folder / "passwd", password_line(order.device, password))
    _write_secret(folder / "acl", acl_lines(order.county, order.device))


def _readme(order: Order) -> str:
    return f"""{order.device}: {order.profile.zh} / {order.profile.en}

中文
1. broker/ 留在中心：把 broker/passwd 的内容追加到 Mosquitto 的口令文件，让它重新读取
   （发送 SIGHUP）。ACL 若用 %u 模式（如 deploy/ 所附），broker/acl 不必追加。
2. 把其余文件复制到设备的 /etc/linli（secrets/ 只有运行用户可读）。
3. 在设备上运行：edge-agent check --config /etc/linli/agent.yaml
4. 摄像头需要口令时：在 agent.yaml 的 source 下写 username 和
   password: file:secrets/<名称>.password，口令只写进该文件（chmod 600）。

English
1. broker/ stays at the centre: append broker/passwd to Mosquitto's password file and let it
   read that again (SIGHUP). With an ACL of %u patterns, as in deploy/, broker/acl is not needed.
2. Copy the other files to /etc/linli on the device (secrets/ readable by its user alone).
3. On the device: edge-agent check --config /etc/linli/agent.yaml
4. A camera with a password: under its source in agent.yaml write username and
   password: file:secrets/<name>.password, and the password into that file only (chmod 600).
"""
