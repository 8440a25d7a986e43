"""One Kafka for all tests."""

import pytest

from tests.support import kafka


@pytest.fixture
def log_server() -> kafka.Kafka:
    """A running Apache Kafka."""
    if why := kafka.missing():
        pytest.skip(why)
    return kafka.shared()
