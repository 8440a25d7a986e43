"""Shared by all tests: where the optional material lies, and which skips are allowed where."""

import os
import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT))  # so that tests can import tests.support

from tests.support.mosquitto import Mosquitto, installed  # noqa: E402 - the path comes first

ALLOWED_SKIPS = (
    r"INFLUX_URL|influxd",
    r"GRAFANA_URL",
    r"hardware",
    r"small filesystem",
    r"Kafka: (no Java|no Maven|its jars)",
)
"""With LINLI_STRICT_SKIPS=1 a test that skips for any other reason fails."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real footage and models, where this machine has it."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED.name}/ beside the project (footage and models)")
    return SHARED


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto without accounts."""
    if not installed():
        pytest.skip("mosquitto is not installed")
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.CallInfo[None], None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result object
    if (
        not report.skipped
        or hasattr(report, "wasxfail")
        or not os.environ.get("LINLI_STRICT_SKIPS")
    ):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(re.search(allowed, reason) for allowed in ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"skipped, and that is not allowed here: {reason}"
