"""The envelope: CloudEvents 1.0 in JSON, one per message that goes up and is counted.

``sequence`` counts within ``epoch``; ``id`` is minted once and never changes, however often
the message is sent. Unknown attributes are ignored; an unknown major version is refused.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

import msgspec

from linli_contract.errors import DecodeError, UnknownVersionError

SEQUENCE_DIGITS = 16
MAJOR = 1
MAX_TEXT = 64
"""Most characters of an identifier; what keeps messages may rely on it."""
_SCHEMA = "urn:linli:schema:"
# A deeply nested document makes msgspec raise RecursionError, which is none of its own errors.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
T = TypeVar("T")


class Attributes(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """All of a message but its ``data``."""

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


class Envelope(Attributes, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One message. ``data`` stays raw until the payload type is known."""

    data: msgspec.Raw


class Whole(Attributes, Generic[T], frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One message whose payload type was known before it was read."""

    data: T


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
    except UNREADABLE as error:
        raise DecodeError(f"envelope: {error}") from None
    _check(envelope)
    return envelope


def decode_whole(payload: bytes, decoder: msgspec.json.Decoder[Whole[T]]) -> Whole[T] | None:
    """Envelope and payload in one step, at half the cost of :func:`decode` and :func:`decode_data`.

    None where something is wrong with either: those two say what. What ``source`` and ``type``
    say is left to the caller, who knows what they must be.
    """
    try:
        whole = decoder.decode(payload)
    except UNREADABLE:
        return None
    sound = (
        whole.specversion == "1.0"
        and _is_ours(whole.dataschema)
        and _is_sequence(whole.sequence)
        and whole.time.tzinfo is UTC
        and _is_text(whole.id)
        and _is_text(whole.subject)
        and _is_text(whole.epoch)
    )
    return whole if sound else None


@lru_cache(64)  # there are a few
def _is_ours(schema: str) -> bool:
    kind, _, major = schema.removeprefix(_SCHEMA).partition(":")
    return schema.startswith(_SCHEMA) and bool(kind) and major == str(MAJOR)


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


def _is_text(value: str) -> bool:
    # no control characters: databases and terminals differ in what they make of them
    return 1 <= len(value) <= MAX_TEXT and value.isprintable()


def _check_text(name: str, value: str) -> None:
    if not _is_text(value):
        found = value[:MAX_TEXT]
        raise DecodeError(f"{name}: expected 1-{MAX_TEXT} printable characters, got {found!r}")


def decode_data(envelope: Envelope, payload_type: type[T]) -> T:
    """The payload as ``payload_type``.

    Raises:
        DecodeError: it does not fit, named by field.
    """
    try:
        return msgspec.json.decode(envelope.data, type=payload_type)
    except UNREADABLE as error:
        raise DecodeError(f"data: {error}") from None


def salvage(payload: bytes) -> tuple[str, int] | None:
    """Epoch and sequence of a message that is no valid envelope, where they can be read.

    The hub keeps such a message in quarantine and acknowledges it all the same: it is kept.
    """
    try:
        loose: Any = msgspec.json.decode(payload)
    except UNREADABLE:
        return None
    if not isinstance(loose, dict):
        return None
    epoch, sequence = loose.get("epoch"), loose.get("sequence")
    if not isinstance(epoch, str) or not isinstance(sequence, str) or not _is_sequence(sequence):
        return None
    return epoch, int(sequence)
