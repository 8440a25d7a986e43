"""Identifiers that sort by the time they were minted: UUID version 7 (RFC 9562, section 5.7)."""

RANDOM_BYTES = 10
_RAND_A_BITS = 12
_RAND_B_BITS = 62


def uuid7(now_ms: int, random: bytes) -> str:
    """A UUIDv7 as text: 48 bits of Unix time in milliseconds, then 74 random bits.

    Args:
        now_ms: milliseconds since 1970, UTC.
        random: 10 random bytes; the caller draws them (``os.urandom(10)``), so that this stays
            a pure function.

    Raises:
        ValueError: the time does not fit 48 bits, or there are not 10 bytes.

    >>> uuid7(0x017F22E279B0, bytes.fromhex("0cc318c4dc0c0c07398f"))
    '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'
    """
    if not 0 <= now_ms < 1 << 48:
        raise ValueError(f"now_ms: expected 0 to 2^48-1, got {now_ms}")
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"random: expected {RANDOM_BYTES} bytes, got {len(random)}")
    bits = int.from_bytes(random, "big")
    rand_a = bits >> 64 & (1 << _RAND_A_BITS) - 1
    rand_b = bits & (1 << _RAND_B_BITS) - 1
    value = now_ms << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
