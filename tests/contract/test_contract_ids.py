"""Identifiers: the form of RFC 9562, and order by time."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli_contract.ids import uuid7

_MS = st.integers(0, 2**48 - 1)
_RANDOM = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_rfc() -> None:
    random = (0xCC3 << 64 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert uuid7(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(_MS, _RANDOM)
def test_it_is_a_version_7_uuid(now_ms: int, random: bytes) -> None:
    parsed = uuid.UUID(uuid7(now_ms, random))
    assert parsed.variant == uuid.RFC_4122
    assert parsed.version == 7
    assert parsed.int >> 80 == now_ms


@given(_MS, _MS, _RANDOM, _RANDOM)
def test_a_later_one_sorts_later(a: int, b: int, one: bytes, other: bytes) -> None:
    if a < b:
        assert uuid7(a, one) < uuid7(b, other)


@pytest.mark.parametrize(("now_ms", "random"), [(-1, bytes(10)), (2**48, bytes(10)), (0, b"")])
def test_what_does_not_fit_is_refused(now_ms: int, random: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        uuid7(now_ms, random)
