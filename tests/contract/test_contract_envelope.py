"""What is refused, what is ignored, and that nothing else can come out of decoding."""

import json
from contextlib import suppress
from datetime import UTC
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli_contract import payloads
from linli_contract.envelope import (
    SEQUENCE_DIGITS,
    decode,
    decode_data,
    encode,
    encode_data,
    format_sequence,
    salvage,
)
from linli_contract.errors import ContractError, DecodeError, UnknownVersionError
from linli_contract.payloads import Observation, Reading
from tests.contract.golden_messages import ENVELOPES, PAYLOADS, golden_bytes

GOOD: dict[str, Any] = json.loads(golden_bytes("envelope_event"))


def _with(**changes: object) -> bytes:
    changed = GOOD | changes
    return json.dumps({k: v for k, v in changed.items() if v is not None}).encode()


def test_unknown_attributes_are_ignored() -> None:
    assert decode(_with(traceparent="00-1-2-3", comefrom=[1, 2])) == decode(_with())


@pytest.mark.parametrize("name", PAYLOADS)
def test_unknown_fields_of_a_payload_are_ignored(name: str) -> None:
    body = json.loads(golden_bytes(name)) | {"added_in_a_later_minor": {"x": 1}}
    read = msgspec.json.decode(json.dumps(body).encode(), type=type(PAYLOADS[name]))
    assert read == PAYLOADS[name]


@pytest.mark.parametrize(
    "changes",
    [
        {"dataschema": "urn:linli:schema:observation:2"},
        {"dataschema": "urn:linli:schema:observation:0"},
        {"specversion": "2.0"},
    ],
)
def test_an_unknown_major_version_is_said_as_such(changes: dict[str, object]) -> None:
    with pytest.raises(UnknownVersionError) as caught:
        decode(_with(**changes))
    assert caught.value.reason == "unknown_version"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id: expected 1-64 printable"),
        ({"id": "x" * 65}, "id: expected 1-64 printable"),
        ({"id": "a\u0000b"}, "id: expected 1-64 printable"),
        ({"subject": "a\nb"}, "subject: expected 1-64 printable"),
        ({"epoch": ""}, "epoch: expected 1-64 printable"),
        ({"epoch": 7}, "epoch"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-01T08:30:05"}, "time: expected UTC"),
        ({"time": "2026-03-01T16:30:05+08:00"}, "time: expected UTC"),
        ({"sequence": 42}, "sequence"),
        ({"sequence": ""}, "sequence: expected up to 16 digits"),
        ({"sequence": "-1"}, "sequence: expected up to 16 digits"),
        ({"sequence": "٣"}, "sequence: expected up to 16 digits"),
        ({"sequence": "9" * 17}, "sequence: expected up to 16 digits"),
        ({"dataschema": "urn:other:observation:1"}, "dataschema: expected"),
        ({"dataschema": "urn:linli:schema:observation"}, "dataschema: expected"),
        ({"source": "/linli/330899"}, "source: expected"),
        ({"source": "linli/330899/pi-0001/"}, "source: expected"),
        ({"source": "/linli//pi-0001"}, "source: county: expected"),
        ({"source": "/linli/330899/pi-0001/x"}, "source: expected"),
        ({"data": None}, "data"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(_with(**changes))
    assert message in str(caught.value)
    assert caught.value.reason == "undecodable"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"\xff\xfe", b"{", b'"text"', b"[" * 200_000, b'{"a":' * 100_000],
    ids=["empty", "null", "list", "no utf-8", "cut", "text", "deep list", "deep object"],
)
def test_what_is_no_envelope_at_all(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(body)
    assert salvage(body) is None


def test_deep_data_is_refused_and_not_a_crash() -> None:
    deep = golden_bytes("envelope_event").replace(
        encode_data(PAYLOADS["observation_start"]),
        b'{"zone":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    )
    with pytest.raises(DecodeError):
        decode_data(decode(deep), Observation)


def test_a_payload_that_does_not_fit_is_named_by_field() -> None:
    wrong = decode(_with(data={"values": [{"sensor": "s", "metric": "co", "value": "12"}]}))
    with pytest.raises(DecodeError, match=r"data: .*value"):
        decode_data(wrong, Reading)


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_raise_our_error(body: bytes) -> None:
    with pytest.raises(ContractError):
        decode(body)
    found = salvage(body)
    assert found is None or isinstance(found[1], int)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(GOOD)), _JSON)
def test_any_value_in_any_attribute_decodes_or_raises_our_error(name: str, value: object) -> None:
    body = json.dumps(GOOD | {name: value}).encode("utf-8", "surrogatepass")
    try:
        envelope = decode(body)
    except ContractError:
        return
    assert decode(encode(envelope)) == envelope
    assert 0 <= envelope.number < 10**SEQUENCE_DIGITS
    assert (envelope.county, envelope.device) == ("330899", "pi-0001") or name == "source"


@given(st.integers(0, len(golden_bytes("envelope_event")) - 1), st.integers(0, 255))
def test_a_damaged_byte_never_raises_anything_else(place: int, byte: int) -> None:
    body = bytearray(golden_bytes("envelope_event"))
    body[place] = byte
    with suppress(ContractError):
        decode_data(decode(bytes(body)), Observation)


@given(st.integers(0, 10**16 - 1), st.integers(0, 10**16 - 1))
def test_text_order_of_sequences_is_number_order(a: int, b: int) -> None:
    assert (format_sequence(a) < format_sequence(b)) == (a < b)


@pytest.mark.parametrize("number", [-1, 10**16])
def test_a_sequence_beyond_its_digits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to"):
        format_sequence(number)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_with(id=None), (GOOD["epoch"], 42)),
        (_with(dataschema="urn:linli:schema:observation:9"), (GOOD["epoch"], 42)),
        (_with(epoch=1), None),
        (_with(sequence=42), None),
        (_with(sequence="9" * 5000), None),
        (_with(sequence=None), None),
    ],
)
def test_salvage_reads_what_can_be_acknowledged(
    body: bytes, expected: tuple[str, int] | None
) -> None:
    assert salvage(body) == expected


@given(
    st.builds(
        payloads.Observation,
        observation_id=st.text(max_size=40),
        phase=st.sampled_from(payloads.Phase),
        zone=st.text(max_size=20),
        started_at=st.datetimes(timezones=st.just(UTC)),
        triggered_at=st.datetimes(timezones=st.just(UTC)),
        dwell_s=st.floats(0, 1e9),
        count=st.integers(0, 10**6),
        tracks=st.lists(st.integers(-1, 10**9), max_size=4).map(tuple),
        test=st.booleans(),
    )
)
def test_an_observation_survives_the_wire(observation: Observation) -> None:
    envelope = msgspec.structs.replace(ENVELOPES["envelope_event"], data=encode_data(observation))
    assert decode_data(decode(encode(envelope)), Observation) == observation
