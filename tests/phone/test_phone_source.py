"""The page's source and build: pinned, without hosts, and its own tests pass."""

import json
import re
from pathlib import Path

from hub_server.incidents.incident_types import Severity
from hub_server.incidents.life import Action, State
from linli_contract.event_types import Colour
from tests.phone.conftest import PHONE, npm


def test_every_package_is_pinned_and_no_registry_is_named() -> None:
    wanted = json.loads((PHONE / "package.json").read_text("utf-8"))
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name}: {version}"
    lock = json.loads((PHONE / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert "resolved" not in entry, f"{name} names the registry it came from"
        assert entry["integrity"].startswith("sha512-"), name


def test_the_built_page_loads_nothing_from_elsewhere(built_page: Path) -> None:
    """The one address in it is the navigation link, which is opened by a tap alone."""
    addresses: set[str] = set()
    for file in built_page.rglob("*"):
        if file.suffix in {".js", ".css", ".html", ".svg", ".webmanifest"}:
            addresses.update(
                re.findall(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)/", file.read_text("utf-8"))
            )
    assert addresses <= {"uri.amap.com", "www.w3.org", "vuejs.org"}


def test_the_page_knows_every_state_action_and_colour() -> None:
    words = (PHONE / "src" / "i18n" / "zh.ts").read_text("utf-8")
    keys = set(re.findall(r'^  "([^"]+)":', words, re.MULTILINE))
    wanted = {f"state.{state}" for state in State} | {f"severity.{one}" for one in Severity}
    wanted |= {f"{kind}.{action}" for action in Action for kind in ("action", "done")}
    wanted |= {f"colour.{colour}" for colour in Colour}
    assert wanted <= keys


def test_the_pages_own_tests(built_page: Path) -> None:
    if not (PHONE / "node_modules").is_dir():
        assert npm("ci").returncode == 0
    done = npm("test")
    assert done.returncode == 0, done.stdout + done.stderr
