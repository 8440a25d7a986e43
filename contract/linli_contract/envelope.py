"""The envelope: CloudEvents 1.0 in JSON, one per message that goes up and is counted.

``sequence`` counts within ``epoch``; ``id`` is minted once and never changes, however often
the message is sent. Unknown attributes are ignored; an unknown major version is refused.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from linli_contract.errors import DecodeError, UnknownVersionError

SEQUENCE_DIGITS = 16
MAJOR = 1
MAX_TEXT = 64
"""Most characters of an identifier; what keeps messages may rely on it."""
_SCHEMA = "urn:linli:schema:"
# A deeply nested document makes msgspec raise RecursionError, which is none of its own errors.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
T = TypeVar("T")


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One message. ``data`` stays raw until the payload type is known."""

    specversion: str = msgspec.field(default="1.0")
    id: str
    source: str
    """``/linli/{county}/{device}``"""
    type: str
    """``linli.event.<event type>``, ``linli.reading`` or ``linli.health``"""
    subject: str
    """The camera or sensor, or the device's own name."""
    time: datetime
    """Capture time, UTC."""
    timeestimated: bool = False
    """True when the clock was never set between capture and sending."""
    sequence: str
    epoch: str
    dataschema: str
    datacontenttype: str = msgspec.field(default="application/json")
    signature: str | None = None
    data: msgspec.Raw

    @property
    def number(self) -> int:
        """``sequence`` as a number."""
        return int(self.sequence)

    @property
    def county(self) -> str:
        return self.source.split("/")[2]

    @property
    def device(self) -> str:
        return self.source.split("/")[3]


def source_of(county: str, device: str) -> str:
    """The ``source`` attribute of a device."""
    return f"/linli/{county}/{device}"


def schema_of(kind: str) -> str:
    """The ``dataschema`` attribute: ``observation`` → ``urn:linli:schema:observation:1``."""
    return f"{_SCHEMA}{kind}:{MAJOR}"


def format_sequence(number: int) -> str:
    """Zero-padded so that text order is number order."""
    if not 0 <= number < 10**SEQUENCE_DIGITS:
        raise ValueError(f"sequence: expected 0 to 10^{SEQUENCE_DIGITS}-1, got {number}")
    return f"{number:0{SEQUENCE_DIGITS}d}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """The wire form; ``specversion`` and ``datacontenttype`` are always written."""
    fields = {"specversion": envelope.specversion, **msgspec.structs.asdict(envelope)}
    kept = {k: v for k, v in fields.items() if v is not None and v is not False}
    return _encoder.encode(kept)


def encode_data(payload: object) -> msgspec.Raw:
    """A payload struct as the raw JSON an envelope carries."""
    return msgspec.Raw(_encoder.encode(payload))


def decode(payload: bytes) -> Envelope:
    """Read and check an envelope.

    Raises:
        UnknownVersionError: CloudEvents or schema major version is not ours.
        DecodeError: anything else that is wrong, named by attribute.
    """
    try:
        envelope = _decoder.decode(payload)
    except _UNREADABLE as error:
        raise DecodeError(f"envelope: {error}") from None
    _check(envelope)
    return envelope


def _check(envelope: Envelope) -> None:
    if envelope.specversion != "1.0":
        raise UnknownVersionError(f"specversion: expected '1.0', got {envelope.specversion!r}")
    kind, _, major = envelope.dataschema.removeprefix(_SCHEMA).partition(":")
    if not envelope.dataschema.startswith(_SCHEMA) or not kind or not major.isdigit():
        raise DecodeError(f"dataschema: expected {_SCHEMA}<kind>:<n>, got {envelope.dataschema!r}")
    if int(major) != MAJOR:
        raise UnknownVersionError(f"dataschema: expected major {MAJOR}, got {major!r}")
    if not _is_sequence(envelope.sequence):
        found = envelope.sequence[:MAX_TEXT]
        raise DecodeError(f"sequence: expected up to {SEQUENCE_DIGITS} digits, got {found!r}")
    if envelope.time.tzinfo is None or envelope.time.utcoffset() != timedelta(0):
        raise DecodeError(f"time: expected UTC with a Z, got {envelope.time.isoformat()!r}")
    parts = envelope.source.split("/")
    if len(parts) != 4 or parts[:2] != ["", "linli"]:
        raise DecodeError(f"source: expected /linli/<county>/<device>, got {envelope.source!r}")
    for name in ("id", "type", "subject", "epoch"):
        _check_text(name, getattr(envelope, name))
    for name, value in zip(("county", "device"), parts[2:], strict=True):
        _check_text(f"source: {name}", value)


def _is_sequence(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS


def _check_text(name: str, value: str) -> None:
    # no control characters: databases and terminals differ in what they make of them
    if not 1 <= len(value) <= MAX_TEXT or not value.isprintable():
        found = value[:MAX_TEXT]
        raise DecodeError(f"{name}: expected 1-{MAX_TEXT} printable characters, got {found!r}")


def decode_data(envelope: Envelope, payload_type: type[T]) -> T:
    """The payload as ``payload_type``.

    Raises:
        DecodeError: it does not fit, named by field.
    """
    try:
        return msgspec.json.decode(envelope.data, type=payload_type)
    except _UNREADABLE as error:
        raise DecodeError(f"data: {error}") from None


def salvage(payload: bytes) -> tuple[str, int] | None:
    """Epoch and sequence of a message that is no valid envelope, where they can be read.

    The hub keeps such a message in quarantine and acknowledges it all the same: it is kept.
    """
    try:
        loose: Any = msgspec.json.decode(payload)
    except _UNREADABLE:
        return None
    if not isinstance(loose, dict):
        return None
    epoch, sequence = loose.get("epoch"), loose.get("sequence")
    if not isinstance(epoch, str) or not isinstance(sequence, str) or not _is_sequence(sequence):
        return None
    return epoch, int(sequence)
