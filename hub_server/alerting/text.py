"""The words of a reason: a template with the values that fired."""

from collections.abc import Mapping
from string import Formatter

Values = Mapping[str, float | int | str]

ALWAYS = ("name", "device", "source", "zone")
"""Fields that every rule's template may use; ``name`` and ``zone`` are those of the language."""
_WORDS = (
    "label", "unit", "metric", "colour", "per", "name", "zone", "matched", "dwell", "lasting",
    "places",
)  # fmt: skip
MISSING = "–"
"""Stands where a sub-condition that did not come true has no value."""

_UNITS = {"zh": ("秒", "分钟", "小时"), "en": ("s", "min", "h")}
_SPANS = ((7200, 3600, 2), (120, 60, 1), (0, 1, 0))
"""From how many seconds on, the seconds of the unit, and which one it is."""


def span(seconds: float, language: str) -> str:
    """A time as people say it: ``45 s``, ``5 min``, ``12 h``."""
    known = max(seconds, 0.0)
    size, unit = next((size, unit) for least, size, unit in _SPANS if known >= least)
    return f"{known / size:.0f} {_UNITS[language][unit]}"


def check_template(template: str, fields: tuple[str, ...]) -> None:
    """Refuse a template that could not be filled.

    Raises:
        ValueError: it is no template or names a field the condition does not give.
    """
    known = (*fields, *ALWAYS)
    try:
        names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise ValueError(f"a text with {{fields}}, which it is not ({error})") from None
    for name in names:
        if name not in known:
            raise ValueError(f"one of the fields {', '.join(known)} where {{{name}}} stands")
    try:
        template.format(**{name: _sample(name, fields) for name in known})
    except (ValueError, TypeError) as error:
        raise ValueError(f"a format that fits its value ({error})") from None


def _sample(name: str, fields: tuple[str, ...]) -> float | int | str:
    last = name.rpartition("_")[2]  # of a sub-condition's field: smoke_value
    if name not in fields or last in _WORDS:
        return "x"
    return 1 if last == "count" else 1.0


def fill(template: str, values: Mapping[str, float | int | str], fields: tuple[str, ...]) -> str:
    """The text; numbers without a format are written short (10, not 10.0)."""
    shown: dict[str, object] = dict.fromkeys(fields, _Missing())
    shown |= {
        key: _Number(value) if isinstance(value, float) else value for key, value in values.items()
    }
    return template.format(**shown)


class _Number(float):
    """A float whose default form is short: three digits, and from 10 on one decimal."""

    def __format__(self, spec: str) -> str:
        value = float(self)
        if spec:
            return value.__format__(spec)
        return f"{round(value, 1):.12g}" if abs(value) >= 10 else f"{value:.3g}"


class _Missing:
    """Nothing, in whatever format."""

    def __format__(self, _spec: str) -> str:
        return MISSING
