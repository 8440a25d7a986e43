"""What a message says, and why it is refused."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.ingest.decode import decode
from hub_server.ingest.types import (
    EventMessage,
    Message,
    Received,
    RefusedMessage,
    StateMessage,
)
from linli_contract import envelope as envelopes
from linli_contract.envelope import Attributes
from linli_contract.payloads import Health, Observation, Reading, Status
from tests.support.hub import COUNTY, NOW, Device

Change = Callable[[dict[str, object]], None]


def changed(received: Received, change: Change) -> Received:
    row = json.loads(received.payload)
    change(row)
    return Received(received.topic, json.dumps(row).encode(), received.at)


def put(name: str, value: object) -> Change:
    return lambda row: row.__setitem__(name, value)


def test_the_kinds_of_messages() -> None:
    device = Device()
    for received, kind in (
        (device.observation(NOW), Observation),
        (device.reading(NOW, {"t": 1}), Reading),
        (device.health(NOW), Health),
    ):
        message = decode(received, COUNTY)
        assert isinstance(message, EventMessage)
        assert isinstance(message.payload, kind)
        assert message.received.payload == received.payload
    status = Received(
        f"linli/v1/{COUNTY}/pi-0001/status", b'{"state":"online","connection":"1"}', NOW
    )
    message = decode(status, COUNTY)
    assert isinstance(message, StateMessage)
    assert message.payload == Status("online", "1")


def test_unknown_fields_are_ignored() -> None:
    message = decode(changed(Device().observation(NOW), put("colour", "mauve")), COUNTY)
    assert isinstance(message, EventMessage)


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        (put("source", "/linli/330899/pi-0002"), "wrong_source", "pi-0002"),
        (put("source", "/linli/999999/pi-0001"), "wrong_source", "999999"),
        (put("type", "linli.event.crowd"), "wrong_type", "linli.event.intrusion"),
        (put("dataschema", "urn:linli:schema:observation:2"), "unknown_version", "major 1"),
        (put("specversion", "0.3"), "unknown_version", "1.0"),
        (put("data", {"observation_id": 1}), "undecodable", "observation_id"),
        (put("dataschema", "urn:linli:schema:1"), "undecodable", "dataschema"),
        (put("time", "yesterday"), "undecodable", "time"),
        (put("time", "2026-03-01T08:30:05"), "undecodable", "UTC"),
        (put("time", "2026-03-01T16:30:05+08:00"), "undecodable", "UTC"),
        (put("subject", "a\nb"), "undecodable", "subject"),
        (put("sequence", "9" * 17), "undecodable", "sequence"),
        (put("sequence", "9" * 5000), "undecodable", "sequence"),
        (put("epoch", "e" * 65), "undecodable", "epoch"),
        (put("id", ""), "undecodable", "id"),
        (lambda row: row.pop("id"), "undecodable", "id"),
    ],
)
def test_what_is_wrong_is_named(change: Change, reason: str, said: str) -> None:
    message = decode(changed(Device().observation(NOW), change), COUNTY)
    assert isinstance(message, RefusedMessage)
    assert (message.device, message.reason) == ("pi-0001", reason)
    assert said in message.detail


def test_the_sequence_of_what_is_refused_is_salvaged() -> None:
    message = decode(changed(Device(epoch="e7").observation(NOW), put("data", 1)), COUNTY)
    assert isinstance(message, RefusedMessage)
    assert message.sequence == ("e7", 1)


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("other/v1/330899/pi-0001/health", "topic"),
        ("linli/v1/330899/pi-0001/nothing", "topic"),
        ("linli/v1/999999/pi-0001/health", "wrong_source"),
        ("linli/v1/330899/pi-0001/ack", "wrong_type"),
        ("linli/v1/330899/pi-0001/event/aliens", "wrong_type"),
    ],
)
def test_other_topics_are_refused(topic: str, reason: str) -> None:
    payload = Device().health(NOW).payload
    if topic.endswith("aliens"):
        payload = payload.replace(b"linli.health", b"linli.event.aliens")
    message = decode(Received(topic, payload, NOW), COUNTY)
    assert isinstance(message, RefusedMessage)
    assert message.reason == reason


@given(
    st.sampled_from(["event/intrusion", "reading", "health", "status", "twin/reported", "reply/x"]),
    st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps(value).encode()
    ),
)
def test_no_bytes_make_it_raise(channel: str, payload: bytes) -> None:
    decode(Received(f"linli/v1/{COUNTY}/pi-0001/{channel}", payload, NOW), COUNTY)


@pytest.mark.parametrize("channel", ["twin/reported", "reply/x", "health"])
def test_a_deeply_nested_message_is_refused(channel: str) -> None:
    deep = b'{"config":' * 100_000 + b"1" + b"}" * 100_000
    message = decode(Received(f"linli/v1/{COUNTY}/pi-0001/{channel}", deep, NOW), COUNTY)
    assert isinstance(message, RefusedMessage)
    assert message.reason == "undecodable"


_ODD: st.SearchStrategy[object] = st.sampled_from(
    [
        "",
        "x",
        "a" * 65,
        "9" * 17,
        "٣",
        "a\nb",
        1,
        None,
        [],
        {},
        "2026-03-01T08:30:05",
        "2026-03-01T16:30:05+08:00",
    ]
)


@given(
    st.sampled_from([Device().observation, Device().reading, Device().health]),
    st.dictionaries(st.sampled_from(["id", "time", "source", "type", "subject", "data"]), _ODD)
    | st.dictionaries(st.sampled_from(["sequence", "epoch", "dataschema", "specversion"]), _ODD),
)
def test_in_one_step_or_in_two_it_is_the_same(
    make: Callable[..., Received], changes: dict[str, object]
) -> None:
    received = make(NOW, {"t": 1}) if make.__name__ == "reading" else make(NOW)
    received = changed(received, lambda row: row.update(changes))
    whole = decode(received, COUNTY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelopes, "decode_whole", lambda *_: None)
        stepwise = decode(received, COUNTY)
    assert said(whole) == said(stepwise)


def said(message: Message) -> object:
    if not isinstance(message, EventMessage):
        return message
    attributes = [getattr(message.envelope, name) for name in Attributes.__struct_fields__]
    return attributes, message.payload, message.sequence


@given(st.text())
def test_no_topic_makes_it_raise(topic: str) -> None:
    assert isinstance(decode(Received(topic, b"{}", NOW), COUNTY), RefusedMessage)
