"""InfluxDB line protocol: one Point as one line, and back.

Numbers are always floats, so a field never changes its type; not-a-number is left out. What the
format cannot carry is refused with the reason, never written as something else: a line feed in a
name, a backslash before a comma, an equals sign, a quote, a space or the end of a name, names the
server keeps for itself.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import msgspec

Field = float | str
_SPECIAL = {"measurement": re.compile(r"([, ])"), "tag": re.compile(r"([,= ])")}
_LOOSE = re.compile(r'\\(?:[,= "]|\Z)')
"""Of these the server takes the backslash away in some names and leaves it in others."""
_UNESCAPE = {"measurement": re.compile(r"\\([, ])"), "tag": re.compile(r"\\([,= ])")}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_STRING_SPECIAL = re.compile(r'(["\\])')
_STRING_UNESCAPE = re.compile(r'\\(["\\])')
_PLAIN = re.compile(r"[A-Za-z0-9_.:/%-]+")
_ONE_FIELD = r'([^=, ]+)=("[^"]*"|[^," ]+)'
_FIELD, _FIELDS = re.compile(_ONE_FIELD), re.compile(f"{_ONE_FIELD}(?:,{_ONE_FIELD})*")
"""Where nothing is escaped."""
_SKIPPED = ("\t", "\x00")
"""Before a measurement or the first field InfluxDB takes these for space between them."""
_KEPT = frozenset({"time", "_field", "_measurement"})
"""Keys that InfluxDB 2 refuses."""


class UnwritableError(ValueError):
    """Line protocol cannot carry this point; says which part and why."""


class Point(msgspec.Struct, frozen=True):
    """One fact: ``measurement`` of ``tags`` at ``time_ns`` since 1970 (UTC)."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Field]
    time_ns: int


def encode(point: Point, *, returns: bool = True) -> str:
    """The line of ``point``; tags in order of their names, empty ones left out.

    Args:
        returns: whether the series comes again soon, so that its name is worth keeping.

    Raises:
        UnwritableError: no field is left to write, or the format cannot carry a name or text.

    >>> encode(Point("reading", {"source": "gas 1"}, {"value": 3, "id": "a"}, 5))
    'reading,source=gas\\\\ 1 value=3.0,id="a" 5'
    """
    fields = []
    for key, value in point.fields.items():
        if isinstance(value, str):
            fields.append(f"{_key(key)}={quoted(key, value)}")
        elif math.isfinite(value):
            fields.append(f"{_key(key)}={float(value)!r}")
    if not fields:
        raise UnwritableError(f"{point.measurement}: expected a finite value, got none")
    name = _head if returns else series_key
    head = name(point.measurement, tuple(point.tags.items()))
    return f"{head} {','.join(fields)} {point.time_ns}"


def series_key(measurement: str, tags: Iterable[tuple[str, str]]) -> str:
    """What every line of a series begins with, up to the space before its fields.

    Raises:
        UnwritableError: the format cannot carry a name.
    """
    if measurement.startswith(("#", *_SKIPPED)):
        raise UnwritableError(
            f"measurement {measurement!r}: the server skips what begins like this"
        )
    named = [f",{_key(key)}={_escape(value, 'tag', key)}" for key, value in sorted(tags) if value]
    return _escape(measurement, "measurement", "measurement") + "".join(named)


_head = lru_cache(1 << 15)(series_key)  # the series of a county, which return all day


def decode(line: str) -> Point:
    """The point of a line that :func:`encode` wrote.

    Raises:
        ValueError: it is no such line.
    """
    try:
        if "\\" not in line:
            return _plain(line)
        end = next(_bare(line, " ", quotes=False))
        measurement, *tags = _split(line[:end], ",", quotes=False)
        fields, time_ns = _split(line[end + 1 :], " ", quotes=True)
        return Point(
            _unescape(measurement, "measurement"),
            dict(_pair(tag) for tag in tags),
            {key: _read(text) for key, text in map(_raw_pair, _split(fields, ",", quotes=True))},
            int(time_ns),
        )
    except (ValueError, StopIteration):
        raise ValueError(f"expected one line of line protocol, got {line[:80]!r}") from None


def _plain(line: str) -> Point:
    """As :func:`decode`, where nothing is escaped: nearly all lines, and far cheaper."""
    head, _, rest = line.partition(" ")
    fields, _, time_ns = rest.rpartition(" ")
    if not _FIELDS.fullmatch(fields):
        raise ValueError(line)
    measurement, tags = _tags(head)
    found = {key: _read(text) for key, text in _FIELD.findall(fields)}
    return Point(measurement, dict(tags), found, int(time_ns))


@lru_cache(1 << 10)  # few: what needs them for a county's series keeps what it makes of them
def _tags(head: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    measurement, *tags = head.split(",")
    return measurement, tuple(_pair(tag) for tag in tags)


@lru_cache(1 << 16)  # names are few and return with every point
def _escape(text: str, kind: str, what: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if not text:
        raise UnwritableError(f"{what}: expected a name, got none")
    if "\n" in text:
        raise UnwritableError(f"{what} {text!r}: a line feed ends the line")
    if _LOOSE.search(text):
        reason = "a backslash cannot stand before a comma, '=', a quote, a space or the end"
        raise UnwritableError(f"{what} {text!r}: {reason}")
    return _SPECIAL[kind].sub(r"\\\1", _checked(text, what))


@lru_cache(1 << 12)
def _key(text: str) -> str:
    if text in _KEPT:
        raise UnwritableError(f"{text}: the server keeps this name for itself")
    if text.startswith(_SKIPPED):
        raise UnwritableError(f"{text!r}: the server skips what it begins with")
    return _escape(text, "tag", text)


def _checked(text: str, what: str) -> str:
    if _SURROGATE.search(text):
        raise UnwritableError(f"{what} {text!r}: half a character (a surrogate)")
    return text


def quoted(key: str, value: str) -> str:
    """The text ``value`` of the field ``key``.

    Raises:
        UnwritableError: it holds half a character.
    """
    text = value if value.isascii() else _checked(value, key)
    if '"' in text or "\\" in text:
        text = _STRING_SPECIAL.sub(r"\\\1", text)
    return f'"{text}"'


def _split(text: str, mark: str, quotes: bool) -> list[str]:
    """Split at every ``mark`` that is not escaped; in fields, ``quotes`` hide it too."""
    parts, start = [], 0
    for place in _bare(text, mark, quotes):
        parts.append(text[start:place])
        start = place + 1
    return [*parts, text[start:]]


def _bare(text: str, mark: str, quotes: bool) -> Iterator[int]:
    """Where ``mark`` stands by itself. A quote opens a text only right after ``=``."""
    quoted = escaped = False
    before = ""
    for place, char in enumerate(text):
        if escaped:
            escaped, char = False, ""
        elif char == "\\":
            escaped = True
        elif quotes and char == '"' and (quoted or before == "="):
            quoted = not quoted
        elif char == mark and not quoted:
            yield place
        before = char


def _raw_pair(text: str) -> tuple[str, str]:
    key, value = _split_once(text)
    return _unescape(key, "tag"), value


def _pair(text: str) -> tuple[str, str]:
    key, value = _split_once(text)
    return _unescape(key, "tag"), _unescape(value, "tag")


def _split_once(text: str) -> tuple[str, str]:
    place = next(_bare(text, "=", quotes=False), None)
    if place is None:
        raise ValueError(text)
    return text[:place], text[place + 1 :]


def _read(text: str) -> Field:
    return _STRING_UNESCAPE.sub(r"\1", text[1:-1]) if text.startswith('"') else float(text)


def _unescape(text: str, kind: str) -> str:
    return _UNESCAPE[kind].sub(r"\1", text)
