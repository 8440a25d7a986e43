"""Fields that the conditions of rules share."""

import re
from difflib import get_close_matches
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from hub_server.alerting.text import check_template
from linli_contract.event_types import EVENT_TYPES
from linli_contract.metrics import METRICS
from linli_settings.strict import Strict as Strict


class ReasonText(Strict):
    """Templates; ``{value}`` and the like are filled with what fired."""

    zh: str
    en: str

    def check(self, fields: tuple[str, ...]) -> None:
        """Refuse templates that could not be filled.

        Raises:
            ValueError: one is no template or names a field the condition does not give.
        """
        check_template(self.zh, fields)
        check_template(self.en, fields)


def _known_type(name: str) -> str:
    if name not in EVENT_TYPES:
        near = get_close_matches(name, EVENT_TYPES, n=1)
        hint = f" - did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"an event type of the contract: {', '.join(EVENT_TYPES)}{hint}")
    return name


def _known_metric(name: str) -> str:
    if name not in METRICS:
        near = get_close_matches(name, METRICS, n=1)
        hint = f" - did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"a metric of the contract: {', '.join(METRICS)}{hint}")
    return name


Metric = Annotated[str, AfterValidator(_known_metric)]
EventName = Annotated[str, AfterValidator(_known_type)]

_SPAN_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SPEED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(\S.*?)\s*/\s*(s|min|h|d)\s*\Z")


class Speed(NamedTuple):
    """A change of ``value`` ``unit`` in every ``per``."""

    value: float
    unit: str
    per: str

    @property
    def per_s(self) -> float:
        """How much a second."""
        return self.value / _SPAN_S[self.per]

    def of(self, per_s: float) -> float:
        """A change a second, in this speed's time."""
        return per_s * _SPAN_S[self.per]


def _speed(value: object) -> Speed:
    match = _SPEED.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a change with its unit and time, such as '5 cm/min' (s, min, h or d)")
    return Speed(float(match[1]), match[2], match[3])


def _written(speed: Speed) -> str:
    return f"{speed.value:g} {speed.unit}/{speed.per}"


Rate = Annotated[Speed, BeforeValidator(_speed), PlainSerializer(_written, return_type=str)]
"""``5 cm/min``: the metric's own unit, a slash, a unit of time."""
