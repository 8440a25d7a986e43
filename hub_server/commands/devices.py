"""``hub-server devices``: enrol a device, list those there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from pydantic import TypeAdapter, ValidationError

from hub_server.commands import device_orders
from hub_server.commands.ledger import ledger_of
from hub_server.devices.areas import load_areas, store_areas
from hub_server.devices.bundle import Broker, Order
from hub_server.devices.desired import UnknownDeviceError
from hub_server.devices.enrol import enrol
from hub_server.devices.profile import Name, Profile, Site, load_profile
from hub_server.devices.registry import list_devices
from hub_server.devices.revoke import revoke
from hub_server.ingest.settings import broker_of
from hub_server.ledger.engine import Ledger
from hub_server.settings import Hub, load_hub
from hub_server.share import share_dir
from linli_settings import ConfigError, load

app = typer.Typer(no_args_is_help=True, help="设备 · Devices of the county.")
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
ProfileName = Annotated[str, typer.Option(help="设备型号 · Kind of device (firmware_configs/)")]
Device = Annotated[str, typer.Option(help="设备名 · Its name, e.g. pi-0001")]
Grid = Annotated[str, typer.Option(help="网格编码 · Code of the grid it stands in")]
Out = Annotated[Path, typer.Option(help="输出目录 · New folder for its bundle")]
SiteFile = Annotated[
    Path | None, typer.Option(help="摄像头与传感器 · Its cameras and sensors, a YAML file")
]
BrokerHost = Annotated[
    str | None, typer.Option(help="消息服务器 · Default: the host of http.public_url")
]
BrokerPort = Annotated[int | None, typer.Option(help="端口 · Default: ingest.port")]
HubUrl = Annotated[str | None, typer.Option(help="中心地址 · Default: http.public_url")]
Ca = Annotated[
    Path | None, typer.Option(help="证书机构 · CA of broker and hub; default: ingest.ca")
]
Replace = Annotated[
    bool, typer.Option(help="重新登记 · Give a known device a new token and password")
]


@app.command("enrol")
def enrol_(
    config: Config,
    profile: ProfileName,
    device: Device,
    grid: Grid,
    out: Out,
    site: SiteFile = None,
    broker_host: BrokerHost = None,
    broker_port: BrokerPort = None,
    hub_url: HubUrl = None,
    ca: Ca = None,
    replace: Replace = False,
) -> None:
    """登记设备并写出配置包 · Register a device and write its bundle."""
    hub, kind = load_hub(config), load_profile(profile)
    url = (hub_url or str(hub.settings.http.public_url)).rstrip("/")
    broker = _broker(hub, broker_host or str(urlsplit(url).hostname), broker_port, ca)
    hub_ca = broker.ca if urlsplit(url).scheme == "https" else None
    name, place = _name(device), _site(site, kind)
    order = Order(kind, name, hub.settings.county, place, broker, url, hub_ca)
    with _ledger(hub) as ledger:
        enrol(ledger, order, grid, out, datetime.now(UTC), replace=replace)
    typer.echo(f"{device}: {out}/ 已写出，见 README.txt · written, see README.txt")


@app.command("list")
def list_(config: Config) -> None:
    """列出设备 · Every device with its state."""
    with _ledger(load_hub(config)) as ledger, ledger.read() as conn:
        rows = list_devices(conn)
    for row in rows:
        state = "revoked" if row["revoked_at"] else row["state"]
        seen = row["last_seen"].isoformat() if row["last_seen"] else "-"
        typer.echo(f"{row['device']}\t{row['profile']}\t{row['grid']}\t{state}\t{seen}")


@contextmanager
def _ledger(hub: Hub) -> Iterator[Ledger]:
    """The ledger with its areas too."""
    with ledger_of(hub) as ledger:
        folder = hub.settings.rules.folder
        areas = load_areas((hub.base / folder if folder else share_dir("rules")) / "areas.yaml")
        with ledger.write() as conn:
            store_areas(conn, areas)
        yield ledger


@app.command("revoke")
def revoke_(
    device: Annotated[str, typer.Argument(help="设备名 · The device")], config: Config
) -> None:
    """停用设备 · Take nothing of a device any more, and clear what is wished of it."""
    try:
        with _ledger(load_hub(config)) as ledger, ledger.write() as conn:
            revoke(conn, device, device_orders.author(), datetime.now(UTC))
    except UnknownDeviceError as error:
        raise ConfigError.one("command line", "DEVICE", "an enrolled device", str(error)) from None
    typer.echo(
        f"{device}: 已停用，消息服务器的口令文件须另行删除 · revoked; remove it at the broker"
    )


app.add_typer(device_orders.app, name="desired")
app.command("command")(device_orders.command)
app.command("arm")(device_orders.arm)


def _broker(hub: Hub, host: str, port: int | None, ca: Path | None) -> Broker:
    ingest = broker_of(hub.settings.ingest)
    known = ca or (hub.base / ingest.ca if ingest.ca else None)
    if ingest.tls and known is None:
        found = "none, but the broker of the configuration speaks TLS"
        raise ConfigError.one("command line", "--ca", "a CA file for the device", found)
    return Broker(host, port or ingest.port, ingest.protocol, known)


def _site(file: Path | None, profile: Profile) -> Site:
    return load(file, Site) if file else profile.site


def _name(device: str) -> str:
    try:
        return TypeAdapter[str](Name).validate_python(device)
    except ValidationError:
        expected = "1-64 letters, digits, '_', '.' or '-'"
        raise ConfigError.one("command line", "--device", expected, repr(device)) from None
