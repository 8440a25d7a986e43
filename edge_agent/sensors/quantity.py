"""What is common to all sensors' settings: a quantity with its calibration, and a timetable."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_agent.fields import Name
from linli_contract.metrics import METRICS
from linli_settings import Duration
from linli_settings.strict import Strict

DerivedName = Literal["aqi_1h", "laeq_10min", "rain_3h", "rain_6h", "rain_12h"]
DERIVED_FROM: dict[str, frozenset[str]] = {
    "aqi_1h": frozenset({"pm2_5", "pm10"}),
    "laeq_10min": frozenset({"noise"}),
    "rain_3h": frozenset({"rain"}),
    "rain_6h": frozenset({"rain"}),
    "rain_12h": frozenset({"rain"}),
}
"""Derived metric → the metrics of which it needs at least one."""


class Quantity(Strict):
    """One metric: calibrated as ``raw × scale + offset``, then marked by how far to trust it."""

    metric: str
    unit: str
    range: tuple[float, float] = Field(title="Values outside are marked, not dropped")
    scale: float = Field(default=1.0, title="Raw values are multiplied by it")
    offset: float = Field(default=0.0, title="Calibration, added after scale, in the unit")
    counter: bool = Field(
        default=False,
        title="A meter that only grows: its growth since the last sample is the value",
    )
    max_change: Annotated[float, Field(gt=0)] | None = Field(
        default=None, title="Largest believable change per minute, in the unit"
    )
    stuck_after: Annotated[Duration, Field(ge=1)] | None = Field(
        default=None, title="A value that stays exactly the same for so long is marked stuck"
    )

    @model_validator(mode="after")
    def _check(self) -> "Quantity":
        if self.metric not in METRICS:
            raise ValueError(f"metric: one of {', '.join(METRICS)}, not {self.metric!r}")
        if (unit := METRICS[self.metric]) != self.unit:
            raise ValueError(f"unit {unit!r} for metric {self.metric!r}, not {self.unit!r}")
        if self.range[0] >= self.range[1]:
            raise ValueError(f"range [low, high] with low < high, not {list(self.range)}")
        if self.scale == 0:
            raise ValueError("scale: a number other than 0")
        if self.counter and self.offset:
            raise ValueError("counter or offset, not both: the growth of a meter has no offset")
        return self


class Timetable(Strict):
    """When a sensor is read, and what is computed from its values."""

    name: Name
    interval: Annotated[Duration, Field(ge=0.1, le=86_400)] = Field(
        default=10.0, title="Time between two samples"
    )
    reference: bool = Field(default=False, title="A low-cost sensor: its values are 参考值")
    derive: tuple[DerivedName, ...] = Field(default=(), title="Computed here over a window")


def check_metrics(metrics: list[str], derive: tuple[str, ...]) -> None:
    """Refuse metrics of one sensor that cannot stand together.

    Raises:
        ValueError: one stands twice, or a derived one lacks what it is computed from.
    """
    for name in derive:
        if not DERIVED_FROM[name] & set(metrics):
            needs = " or ".join(sorted(DERIVED_FROM[name]))
            raise ValueError(f"derive {name} from a sensor of {needs}, not of {', '.join(metrics)}")
    every = [*metrics, *derive]
    if twice := sorted({name for name in every if every.count(name) > 1}):
        raise ValueError(f"each metric once in a sensor; more than once: {', '.join(twice)}")


class SensorBase(Quantity, Timetable):
    """A sensor of one quantity."""

    @model_validator(mode="after")
    def _derivable(self) -> "SensorBase":
        check_metrics([self.metric], self.derive)
        return self

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (self,)
