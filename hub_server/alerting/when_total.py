"""A condition over what a meter counted within a window."""

from typing import Annotated, Literal

from pydantic import Field

from hub_server.alerting.scope import Scope
from hub_server.alerting.when_fields import Metric
from hub_server.alerting.when_sensor import Limit
from linli_settings import Duration


class TotalWhen(Limit):
    """The sum of a sensor's values within a window is past a limit.

    For meters whose values are their growth (``counter: true`` on the device). Little is only
    little where the whole window was measured: silence is not a small sum.
    """

    type: Literal["total"]
    metric: Metric
    window: Annotated[Duration, Field(ge=60, le=7 * 86_400)]
    gap: Annotated[Duration, Field(gt=0)]
    """After a longer silence the window begins anew."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("metric", "value", "unit", "limit", "hours")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.SOURCE,)
