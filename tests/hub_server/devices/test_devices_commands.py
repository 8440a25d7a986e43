"""The commands ``devices`` and ``users`` on a real configuration."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner, Result

from edge_agent.settings import load_configuration
from hub_server.auth.tokens import TokenKey, read_link_code
from hub_server.auth.users import check_password
from hub_server.commands import devices, users
from hub_server.ledger.engine import open_ledger
from linli_settings import ConfigError
from tests.hub_server.hub_file import HUB, SECRET, write_hub

GRID = "330899001001001"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_hub(tmp_path)


def run(app: Typer, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


def enrol(config: Path, *more: str) -> Result:
    first = ("enrol", "-c", str(config), "--profile", "raspberry-pi-5", "--device", "pi-0007")
    out = ("--out", str(config.parent / "bundle"))
    return run(devices.app, *first, "--grid", GRID, *out, *more)


def test_enrol_and_list(config: Path) -> None:
    done = enrol(config)
    assert done.exit_code == 0, done.output
    settings = load_configuration(config.parent / "bundle" / "agent.yaml").settings
    broker = settings.broker
    assert (broker.host, broker.port, broker.protocol) == ("hub.county", 8883, "5")
    assert broker.tls is not None
    assert (config.parent / "bundle" / broker.tls.ca).read_text() == "the county's CA"
    assert settings.hub.url == "https://hub.county"
    listed = run(devices.app, "list", "-c", str(config))
    assert listed.output.split() == ["pi-0007", "raspberry-pi-5", GRID, "unknown", "-"]


def test_a_site_replaces_the_profiles(config: Path) -> None:
    site = config.parent / "site.yaml"
    site.write_text(
        """
sensors:
  - name: gas-1
    zh: 一号楼燃气
    en: Gas, building 1
    agent: {type: replay, file: gas.csv, metric: gas_lel, unit: "%LEL", range: [0, 100]}
""",
        encoding="utf-8",
    )
    assert enrol(config, "--site", str(site)).exit_code == 0
    settings = load_configuration(config.parent / "bundle" / "agent.yaml").settings
    assert [one.name for one in settings.sensors] == ["gas-1"]
    assert settings.cameras == ()


def test_tls_without_a_ca_is_refused(config: Path) -> None:
    config.write_text(HUB.replace(", ca: ca.pem", ""))
    done = enrol(config)
    assert isinstance(done.exception, ConfigError)
    assert "--ca" in str(done.exception)


def test_a_bad_name_is_refused(config: Path) -> None:
    done = enrol(config, "--device", "pi/0007")
    assert isinstance(done.exception, ConfigError)
    assert "--device" in str(done.exception)


def test_a_user_and_a_link(config: Path) -> None:
    person = ("--name", "sun", "--role", "worker", "--area", GRID, "--zh", "孙")
    password = "a long password"
    done = run(users.app, "add", "-c", str(config), *person, typed=f"{password}\n{password}\n")
    assert done.exit_code == 0, done.output
    assert password not in done.output
    ledger = open_ledger(f"sqlite:///{config.parent / 'data' / 'ledger.sqlite'}")
    with ledger.read() as conn:
        assert check_password(conn, "sun", password) is not None
    linked = run(users.app, "link", "-c", str(config), "--name", "sun").output.strip()
    address, _, code = linked.partition("/#/in/")
    assert address == "https://hub.county"

    assert read_link_code(code, TokenKey(SECRET), datetime.now(UTC)) == "sun"
    short = run(users.app, "add", "-c", str(config), *person, typed="short\nshort\n")
    assert (short.exit_code, "expected 10 characters" in short.output) == (2, True)
