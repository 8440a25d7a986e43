"""The wire form is frozen: bytes written once must be written and read the same for ever."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from linli_contract import topics
from linli_contract.envelope import decode, decode_data, encode, schema_of
from linli_contract.event_types import EVENT_TYPES, envelope_type
from linli_contract.payloads import Health, Observation, Reading, Tombstone
from linli_contract.topics import Channel
from tests.contract.golden_messages import ENVELOPES, FOLDER, PAYLOADS, golden_bytes


def test_every_golden_file_is_tested() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == PAYLOADS.keys() | ENVELOPES.keys()


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_has_its_golden_bytes(name: str) -> None:
    payload = PAYLOADS[name]
    assert msgspec.json.encode(payload) == golden_bytes(name)
    assert msgspec.json.decode(golden_bytes(name), type=type(payload)) == payload


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_has_its_golden_bytes(name: str) -> None:
    assert encode(ENVELOPES[name]) == golden_bytes(name)
    assert decode(golden_bytes(name)) == ENVELOPES[name]


@pytest.mark.parametrize("name", ENVELOPES)
def test_it_is_a_cloudevent(name: str) -> None:
    """CloudEvents 1.0: required attributes, their form, and names of a-z and 0-9 only."""
    event = json.loads(golden_bytes(name))
    assert event["specversion"] == "1.0"
    assert event["datacontenttype"] == "application/json"
    assert all(event[key] for key in ("id", "source", "type"))
    assert all(key.isascii() and key.isalnum() and key.islower() for key in event)
    time = datetime.fromisoformat(event["time"])
    assert event["time"].endswith("Z")
    assert time == datetime(2026, 3, 1, 8, 30, 5, 250000, tzinfo=UTC)
    assert len(event["sequence"]) == 16


def test_the_payload_of_an_envelope_is_the_golden_payload() -> None:
    pairs = {
        "envelope_event": ("observation_start", Observation),
        "envelope_reading": ("reading", Reading),
        "envelope_health": ("health_fault", Health),
        "envelope_tombstone": ("tombstone", Tombstone),
    }
    for name, (payload, payload_type) in pairs.items():
        assert decode_data(ENVELOPES[name], payload_type) == PAYLOADS[payload]
        assert ENVELOPES[name].dataschema == schema_of(payload.split("_")[0])


def test_topics_are_the_golden_ones() -> None:
    lines = (FOLDER / "topics.txt").read_text().splitlines()
    parsed = [topics.parse(line) for line in lines]
    assert [str(topic) for topic in parsed] == lines
    assert {topic.channel for topic in parsed} == set(Channel)
    filters = topics.hub_filters("330899") + topics.device_filters("330899", "pi-0001")
    for topic in parsed:
        assert sum(_matches(pattern, str(topic)) for pattern in filters) == 1


def _matches(pattern: str, topic: str) -> bool:
    levels, names = pattern.split("/"), topic.split("/")
    return len(levels) == len(names) and all(
        level in ("+", name) for level, name in zip(levels, names, strict=True)
    )


def test_event_types_keep_their_names_and_meaning() -> None:
    """A county's data refers to them: a row may be added, none may change or go."""
    lines = (FOLDER / "event_types.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        left, _, en = line.partition(" | ")
        name, code, colour, origin, kind, life_safety, zh = left.split(" ")
        row = EVENT_TYPES[name]
        assert (row.code, row.colour, row.origin, row.kind) == (code, colour, origin, kind)
        assert (row.zh, row.en) == (zh, en)
        assert row.life_safety == (life_safety == "life_safety")
        assert envelope_type(name) == f"linli.event.{name}"
