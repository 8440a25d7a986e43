"""InfluxDB line protocol: one Point as one line, and back.

Numbers are always floats, so a field never changes its type. A tag cannot hold a backslash
or a control character in this format; both become ``_``. Not-a-number is left out.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Field = float | str
_TAG_SPECIAL = re.compile(r"([,= ])")
_MEASUREMENT_SPECIAL = re.compile(r"([, ])")
_UNWRITABLE = re.compile(r"[\\\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_STRING_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")
_STRING_SPECIAL = re.compile(r'(["\\])')


@dataclass(frozen=True)
class Point:
    """One fact: ``measurement`` of ``tags`` at ``time_ns`` since 1970 (UTC)."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Field]
    time_ns: int


def encode(point: Point) -> str:
    """The line of ``point``; tags in order of their names, empty ones left out.

    Raises:
        ValueError: no field is left to write.

    >>> encode(Point("reading", {"source": "gas 1"}, {"value": 3, "id": "a"}, 5))
    'reading,source=gas\\\\ 1 value=3.0,id="a" 5'
    """
    fields = [
        f"{_tag(key)}={text}" for key, value in point.fields.items() if (text := _value(value))
    ]
    if not fields:
        raise ValueError(f"{point.measurement}: expected a field with a finite value, got none")
    head = _MEASUREMENT_SPECIAL.sub(r"\\\1", _clean(point.measurement))
    tags = [f",{_tag(key)}={_tag(value)}" for key, value in sorted(point.tags.items()) if value]
    return f"{head}{''.join(tags)} {','.join(fields)} {point.time_ns}"


def decode(line: str) -> Point:
    """The point of a line that :func:`encode` wrote.

    Raises:
        ValueError: it is no such line.
    """
    try:
        end = next(_bare(line, " ", quotes=False))
        measurement, *tags = _split(line[:end], ",", quotes=False)
        fields, time_ns = _split(line[end + 1 :], " ", quotes=True)
        return Point(
            _unescape(measurement),
            dict(_pair(tag) for tag in tags),
            {key: _read(text) for key, text in map(_raw_pair, _split(fields, ",", quotes=True))},
            int(time_ns),
        )
    except (ValueError, StopIteration):
        raise ValueError(f"expected one line of line protocol, got {line[:80]!r}") from None


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("_", text)


def _tag(text: str) -> str:
    return _TAG_SPECIAL.sub(r"\\\1", _clean(text))


def _value(value: Field) -> str:
    if isinstance(value, str):
        text = _STRING_UNWRITABLE.sub("_", value)
        return '"' + _STRING_SPECIAL.sub(r"\\\1", text) + '"'
    return repr(float(value)) if math.isfinite(value) else ""


def _split(text: str, mark: str, quotes: bool) -> list[str]:
    """Split at every ``mark`` that is not escaped; in fields, ``quotes`` hide it too."""
    parts, start = [], 0
    for place in _bare(text, mark, quotes):
        parts.append(text[start:place])
        start = place + 1
    return [*parts, text[start:]]


def _bare(text: str, mark: str, quotes: bool) -> Iterator[int]:
    quoted = escaped = False
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and quotes:
            quoted = not quoted
        elif char == mark and not quoted:
            yield place


def _raw_pair(text: str) -> tuple[str, str]:
    key, value = _split_once(text)
    return _unescape(key), value


def _pair(text: str) -> tuple[str, str]:
    key, value = _split_once(text)
    return _unescape(key), _unescape(value)


def _split_once(text: str) -> tuple[str, str]:
    place = next(_bare(text, "=", quotes=False), None)
    if place is None:
        raise ValueError(text)
    return text[:place], text[place + 1 :]


def _read(text: str) -> Field:
    return _unescape(text[1:-1]) if text.startswith('"') else float(text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
