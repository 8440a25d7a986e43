"""Enrolment: the bundle is one the edge reads and Mosquitto accepts, the ledger knows it."""

import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from edge_agent.settings import load_configuration
from hub_server.devices.areas import load_areas, store_areas
from hub_server.devices.bundle import Broker, Order
from hub_server.devices.enrol import enrol
from hub_server.devices.mosquitto import acl_lines, password_line
from hub_server.devices.profile import Site, load_profile
from hub_server.devices.registry import list_devices, token_hash
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import areas, devices, sources
from hub_server.share import share_dir
from linli_settings import ConfigError, parse
from linli_settings.secrets import resolve
from tests.hub_server.world import START
from tests.support.migrated import put_sqlite

GRID = "330899001001001"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    put_sqlite(tmp_path / "ledger.sqlite")
    made = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with made.write() as conn:
        store_areas(conn, load_areas(share_dir("rules") / "areas.yaml"))
    return made


@pytest.fixture
def order() -> Order:
    profile = load_profile("raspberry-pi-5")
    broker = Broker("mqtt.county", 8883)
    return Order(profile, "pi-0001", "330899", profile.site, broker, "https://hub.county")


@pytest.mark.parametrize(
    "profile", sorted(f.stem for f in share_dir("firmware_configs").glob("*.yaml"))
)
def test_the_edge_reads_every_profiles_bundle(
    ledger: Ledger, order: Order, profile: str, tmp_path: Path
) -> None:
    loaded = load_profile(profile)
    enrol(ledger, replace(order, profile=loaded, site=loaded.site), GRID, tmp_path / "b", START)
    read = load_configuration(tmp_path / "b" / "agent.yaml")
    settings = read.settings
    assert (settings.county, settings.device) == ("330899", "pi-0001")
    assert settings.broker.username == "pi-0001"
    assert resolve(settings.hub.token, read.base).startswith("lld_")


def test_the_ledger_knows_the_device_by_the_hash_of_its_token(
    ledger: Ledger, order: Order, tmp_path: Path
) -> None:
    enrol(ledger, order, GRID, tmp_path / "b", START)
    token = (tmp_path / "b" / "secrets" / "device.token").read_text().strip()
    with ledger.read() as conn:
        [row] = list_devices(conn)
        [place] = conn.execute(select(sources)).mappings()
    assert (row["device"], row["token_hash"]) == ("pi-0001", token_hash(token))
    assert (place["name"], place["kind"], place["zh"], place["grid"]) == (
        "gate",
        "camera",
        "大门",
        GRID,
    )
    assert 29.11 < place["lat"] < 29.13  # the middle of the grid
    assert 119.15 < place["lon"] < 119.17


def test_secrets_are_their_owners_alone(ledger: Ledger, order: Order, tmp_path: Path) -> None:
    enrol(ledger, order, GRID, tmp_path / "b", START)
    for file in (*(tmp_path / "b" / "secrets").iterdir(), *(tmp_path / "b" / "broker").iterdir()):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    agent = (tmp_path / "b" / "agent.yaml").read_text()
    for file in (tmp_path / "b" / "secrets").iterdir():
        assert file.read_text().strip() not in agent


def test_a_second_time_only_by_replacing(ledger: Ledger, order: Order, tmp_path: Path) -> None:
    enrol(ledger, order, GRID, tmp_path / "one", START)
    with pytest.raises(ConfigError, match="--replace"):
        enrol(ledger, order, GRID, tmp_path / "two", START)
    assert not (tmp_path / "two").exists()
    enrol(ledger, order, GRID, tmp_path / "two", START, replace=True)
    tokens = {(tmp_path / d / "secrets" / "device.token").read_text() for d in ("one", "two")}
    assert len(tokens) == 2


def test_an_unknown_grid_and_a_full_folder_register_nothing(
    ledger: Ledger, order: Order, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="grid: expected a grid of the county"):
        enrol(ledger, order, "330899001001", tmp_path / "b", START)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ConfigError, match="--out"):
        enrol(ledger, order, GRID, tmp_path / "full", START)
    with ledger.read() as conn:
        assert conn.execute(select(devices)).all() == []


@pytest.mark.skipif(not shutil.which("mosquitto_passwd"), reason="mosquitto is not installed")
def test_the_password_line_is_mosquittos(tmp_path: Path) -> None:
    """Mosquitto's tool made a line with a salt; ours is the same for that salt."""
    import base64

    file = tmp_path / "passwd"
    command = ["mosquitto_passwd", "-b", "-c", str(file), "pi-0001", "a password"]
    subprocess.run(command, check=True, capture_output=True)
    theirs = file.read_text().strip()
    salt = base64.b64decode(theirs.split("$")[3])
    assert password_line("pi-0001", "a password", salt) == theirs


def test_acl_names_the_device_alone() -> None:
    assert acl_lines("330899", "pi-0001") == (
        "user pi-0001\n"
        "topic write linli/v1/330899/pi-0001/event/+\n"
        "topic write linli/v1/330899/pi-0001/reading\n"
        "topic write linli/v1/330899/pi-0001/health\n"
        "topic write linli/v1/330899/pi-0001/status\n"
        "topic write linli/v1/330899/pi-0001/twin/reported\n"
        "topic write linli/v1/330899/pi-0001/reply/+\n"
        "topic read linli/v1/330899/pi-0001/twin/desired\n"
        "topic read linli/v1/330899/pi-0001/command/+\n"
        "topic read linli/v1/330899/pi-0001/ack\n"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "colour: expected a known key"),
        ({"name": "other"}, "name: expected 'raspberry-pi-5', found 'other'"),
        ({"agent": {"health": {"interval": 30}}}, "did you mean 30s"),
    ],
)
def test_a_bad_profile_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    good = yaml.safe_load((share_dir("firmware_configs") / "raspberry-pi-5.yaml").read_text())
    for key, value in change.items():
        good[key] = {**good[key], **value} if isinstance(value, dict) else value
    (tmp_path / "raspberry-pi-5.yaml").write_text(yaml.safe_dump(good))
    with pytest.raises(ConfigError, match=message):
        load_profile("raspberry-pi-5", tmp_path)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"one of .*raspberry-pi-5"):
        load_profile("toaster")


def test_a_site_names_each_source_once() -> None:
    text = """
cameras: [{name: gate, zh: 门, en: Gate, agent: {source: {}}}]
sensors: [{name: gate, zh: 门, en: Gate, agent: {type: replay}}]
"""
    with pytest.raises(ConfigError, match="each name once"):
        parse(text, Site)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{code: "44", level: grid, zh: 乙, en: B}', "begins with that of a community"),
        ('{code: "33", level: county, zh: 乙, en: B}', "each code once"),
        ('{code: "33-1", level: grid, zh: 乙, en: B}', "pattern"),
        ('{code: "331", level: grid, zh: 乙, en: B, outline: [[29, 119]]}', "at most 90"),
        ('{code: "331", level: grid, zh: 乙, en: B, color: red}', "known key"),
    ],
)
def test_bad_areas_are_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "areas.yaml"
    text = f'areas:\n  - {{code: "33", level: county, zh: 甲, en: A}}\n  - {line}\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_areas(file)


def test_areas_take_new_names(ledger: Ledger) -> None:
    [first, *_] = load_areas(share_dir("rules") / "areas.yaml")
    with ledger.write() as conn:
        store_areas(conn, [first.model_copy(update={"en": "Renamed"})])
        assert conn.scalar(select(areas.c.en).where(areas.c.code == first.code)) == "Renamed"
