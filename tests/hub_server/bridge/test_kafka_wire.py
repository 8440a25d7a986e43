"""Records to Kafka and back; partitions of communities."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.ingest.kafka_wire import (
    Pulse,
    connection,
    headers_of,
    partition_of,
    pulse_headers,
    read_record,
)
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ingest.types import Place, Received

TIMES = st.datetimes(timezones=st.just(UTC))
PLACE = Place(3, 17)
FROZEN = [0, 5, 0]


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), st.binary(), TIMES)
def test_a_record_comes_back_as_it_went(topic: str, payload: bytes, at: datetime) -> None:
    sent = Received(topic, payload, at)
    assert read_record(PLACE, headers_of(sent), payload) == Received(topic, payload, at, PLACE)


@given(TIMES)
def test_a_pulse_comes_back_as_it_went(at: datetime) -> None:
    assert read_record(PLACE, pulse_headers(at), b"") == Pulse(PLACE, at)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("topic", b"t")],
        [("topic", b"t"), ("at", b"x")],
        [("topic", b"t"), ("at", b"2026-01-01T00:00:00")],
    ],
)
def test_what_no_bridge_wrote_is_refused(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ValueError, match=r"header|isoformat"):
        read_record(PLACE, headers, b"")


@given(st.text(), st.integers(1, 1000))
def test_a_partition_is_one_of_the_topic(community: str, partitions: int) -> None:
    assert 0 <= partition_of(community, partitions) < partitions


def test_communities_that_differ_in_few_digits_spread() -> None:
    used = {partition_of(f"330899001{number:03d}", 12) for number in range(120)}
    assert used == set(range(12))


def test_the_partition_of_a_community_never_changes() -> None:
    # a change here moves every community of a running county: see docs/scale-out.md
    assert [partition_of(code, 12) for code in ("330899001001", "330899001002", "")] == FROZEN


def test_signing_in_and_tls_are_told_to_librdkafka(tmp_path: Path) -> None:
    (tmp_path / "kafka.password").touch(mode=0o600)
    (tmp_path / "kafka.password").write_text("secret-word")
    settings = KafkaSettings(
        type="kafka",
        servers="a:1,b:2",
        tls=True,
        ca="ca.pem",
        username="hub",
        password="file:kafka.password",
        broker=MqttSettings(type="mqtt", host="h", protocol="5"),
    )
    told = connection(settings, tmp_path)
    assert told["security.protocol"] == "SASL_SSL"
    assert told["ssl.ca.location"] == str(tmp_path / "ca.pem")
    assert told["sasl.password"] == "secret-word"
    plain = settings.model_copy(update={"tls": False, "username": ""})
    assert connection(plain, tmp_path)["security.protocol"] == "PLAINTEXT"
