"""The words of a reason: a template with the values that fired."""

from collections.abc import Mapping
from string import Formatter

Values = Mapping[str, float | int | str]

ALWAYS = ("name", "device", "source", "zone")
"""Fields that every rule's template may use; ``name`` and ``zone`` are those of the language."""
_SAMPLE: dict[str, float | int | str] = {"label": "person", "unit": "cm", "metric": "m", "count": 1}


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
    sample = {name: _SAMPLE.get(name, 1.0 if name in fields else "x") for name in known}
    try:
        template.format(**sample)
    except (ValueError, TypeError) as error:
        raise ValueError(f"a format that fits its value ({error})") from None


def fill(template: str, values: Values, name: str, zone: str) -> str:
    """The text; numbers without a format are written short (10, not 10.0)."""
    shown = {
        key: _Number(value) if isinstance(value, float) else value for key, value in values.items()
    }
    return template.format(**{**shown, "name": name, "zone": zone})


class _Number(float):
    """A float whose default form is short."""

    def __format__(self, spec: str) -> str:
        return float(self).__format__(spec or "g")
