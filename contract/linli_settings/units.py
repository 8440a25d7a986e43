"""Numbers with units as people write them: ``5s``, ``10min``, ``200MB``, ``90%``.

A bare number where a unit belongs is refused and the likely unit suggested.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*\Z")


def _quantity(value: Any, units: dict[str, Any], suggestion: str, what: str) -> float:
    """``value`` in base units; the message always names the units that would do."""
    known = ", ".join(units)
    text = value if isinstance(value, str) else repr(value)
    match = _QUANTITY.match(text) if not isinstance(value, bool) else None
    if match and not match[2]:
        raise ValueError(f"{what} with a unit ({known}) - did you mean {match[1]}{suggestion}?")
    if not match or match[2] not in units:
        raise ValueError(f"{what} such as 5{suggestion}, with one of the units {known}")
    return float(match[1]) * float(units[match[2]])


def parse_duration(value: Any) -> float:
    """Seconds of ``'5s'``, ``'10min'``, ``'250ms'``, ``'2h'`` or ``'30d'``.

    Raises:
        ValueError: no unit, an unknown one, or no number.

    >>> parse_duration("10min")
    600.0
    """
    return _quantity(value, _SECONDS, "s", "a duration")


def parse_size(value: Any) -> int:
    """Bytes of ``'200MB'``; decimal units (1 KB = 1000 bytes).

    Raises:
        ValueError: no unit, an unknown one, or no number.
    """
    return int(_quantity(value, _BYTES, "MB", "a size"))


def parse_percent(value: Any) -> float:
    """The fraction of ``'90%'``: 0.9.

    Raises:
        ValueError: no percent sign or more than 100 %.
    """
    fraction = _quantity(value, {"%": 0.01}, "%", "a percentage")
    if fraction > 1:
        raise ValueError("a percentage of at most 100%")
    return fraction


def _plain(number: float) -> str:
    """``number`` without an exponent, which :data:`_QUANTITY` does not read."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_duration(seconds: float) -> str:
    """The text in the largest unit that divides ``seconds``; :func:`parse_duration` reads it back.

    >>> format_duration(90.0)
    '90s'
    """
    for unit in ("d", "h", "min"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{_plain(seconds / _SECONDS[unit])}{unit}"
    return f"{_plain(seconds)}s"


def format_size(size: float) -> str:
    """The text in the largest unit that divides ``size`` bytes; :func:`parse_size` reads it back.

    >>> format_size(1_500_000)
    '1500KB'
    """
    unit = next(
        u for u in reversed(_BYTES) if (size >= _BYTES[u] and size % _BYTES[u] == 0) or u == "B"
    )
    return f"{_plain(size / _BYTES[unit])}{unit}"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
]
"""A pydantic field in seconds, written with a unit. Defaults are seconds as numbers."""
Size = Annotated[
    int, BeforeValidator(parse_size), PlainSerializer(lambda v: f"{v}B", return_type=str)
]
"""A pydantic field in bytes, written with a unit. Defaults are bytes as numbers."""
Percent = Annotated[
    float,
    BeforeValidator(parse_percent),
    PlainSerializer(lambda v: f"{_plain(round(v * 100, 9))}%", return_type=str),
]
"""A pydantic field as fraction 0-1, written with a percent sign."""
