"""What conditions on one sensor's values share: time alone tells them nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from hub_server.alerting.conditions.types import (
    Condition,
    Step,
    ignore_tick,
    never_due,
    never_idle,
    nothing_late,
)
from hub_server.alerting.inputs import Input, MeasurementInput
from hub_server.alerting.state import Inner, RateState, TotalState

_State = TypeVar("_State", RateState, TotalState)


def on_measurement(
    metric: str, kind: type[_State], step: Callable[[_State, MeasurementInput], Step]
) -> Condition:
    """A condition that ``step`` decides from its state, at first an empty ``kind``."""

    def stepped(state: Inner | None, item: Input, _at: datetime) -> Step:
        if not isinstance(item, MeasurementInput):
            return state, None
        return step(state if isinstance(state, kind) else kind(), item)

    return Condition(
        looks_at=frozenset({("measurement", metric)}),
        fits=lambda item: isinstance(item, MeasurementInput),
        step=stepped,
        late=nothing_late,
        tick=ignore_tick,
        due=never_due,
        idle=never_idle,
    )
