"""The examples of the scaled layout are whole, and fit the programs."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from hub_server.cli import app
from hub_server.ingest.settings import KafkaSettings
from hub_server.roles import Role, parse_roles
from hub_server.settings import load_hub

FOLDER = Path(__file__).parents[3] / "deploy" / "scale-out"
UNITS = sorted((FOLDER / "systemd").glob("*.service"))


@pytest.fixture
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8")))


def calls(compose: dict[str, Any]) -> list[list[str]]:
    """Every command line of compose and systemd, without the program's name."""
    found = [list(service["command"]) for service in compose["services"].values()]
    for unit in UNITS:
        [start] = re.findall(r"(?m)^ExecStart=(.+)$", unit.read_text("utf-8"))
        found.append(shlex.split(start)[1:])
    return found


def test_the_configuration_is_valid() -> None:
    ingest = load_hub(FOLDER / "hub.yaml").settings.ingest
    assert isinstance(ingest, KafkaSettings)
    assert ingest.tls
    assert ingest.broker.tls


def test_every_command_and_option_exists(compose: dict[str, Any]) -> None:
    known = get_command(app).commands  # type: ignore[attr-defined]
    for call in calls(compose):
        options = {name for each in known[call[0]].params for name in each.opts}
        assert {word for word in call if word.startswith("--")} <= options, call


def test_every_role_is_played(compose: dict[str, Any]) -> None:
    runs = [call for call in calls(compose) if "--roles" in call]
    roles = [parse_roles(call[call.index("--roles") + 1]) for call in runs]
    assert frozenset().union(*roles) == set(Role)


def test_every_service_says_whether_it_is_well(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name
        assert '/health/alive"' in service["healthcheck"]["test"][-1], "what restarts it"


def test_the_secrets_of_the_configuration_are_given(compose: dict[str, Any]) -> None:
    text = re.sub(r"(?m)^\s*#.*$", "", (FOLDER / "hub.yaml").read_text("utf-8"))
    used = set(re.findall(r"/run/secrets/([\w.]+)", text))
    assert used == set(compose["secrets"])
    for service in compose["services"].values():
        assert set(service["secrets"]) == used


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_as_hardened_as_the_hubs(unit: Path) -> None:
    hub = (FOLDER.parent / "systemd" / "hub-server.service").read_text("utf-8")
    text = unit.read_text("utf-8")
    for line in hub[hub.index("NoNewPrivileges") : hub.index("[Install]")].splitlines():
        assert line in text
