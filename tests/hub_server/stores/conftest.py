"""A real InfluxDB 2 for this folder, started once."""

from collections.abc import Iterator

import pytest

from tests.support import influx as influxes
from tests.support.influx import Influx


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    if not influxes.installed():
        pytest.skip(influxes.MISSING)
    with influxes.running(tmp_path_factory.mktemp("influx")) as server:
        yield server
