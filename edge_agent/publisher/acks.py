"""Reads what the hub acknowledges."""

import msgspec

from linli_contract.errors import DecodeError
from linli_contract.payloads import Ack, AckRange

_decoder = msgspec.json.Decoder(Ack)


def read_ack(payload: bytes) -> tuple[AckRange, ...]:
    """The ranges of an ``ack`` message.

    Raises:
        DecodeError: it is not one, or a range ends before it begins.
    """
    try:
        ranges = _decoder.decode(payload).ranges
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DecodeError(f"ack: {error}") from None
    for item in ranges:
        if not 0 <= item.first <= item.last:
            raise DecodeError(f"ack: expected first <= last, got {item.first} and {item.last}")
    return ranges
