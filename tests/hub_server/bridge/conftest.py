"""One Kafka for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.support import kafka


@pytest.fixture(scope="session")
def log_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kafka.Kafka]:
    """A running Apache Kafka."""
    if why := kafka.missing():
        pytest.skip(why)
    with kafka.Kafka(tmp_path_factory.mktemp("kafka")) as running:
        yield running
