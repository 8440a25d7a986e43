"""Sensors as a technician writes them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_agent.fields import Name, Strict
from linli_contract.metrics import METRICS
from linli_settings import Duration


class SensorBase(Strict):
    """What every sensor has."""

    name: Name
    metric: str
    unit: str
    range: tuple[float, float] = Field(title="Values outside are marked, not dropped")
    interval: Annotated[Duration, Field(ge=0.1, le=86_400)] = Field(
        default=10.0, title="Time between two samples"
    )
    reference: bool = Field(default=False, title="A low-cost sensor: its values are 参考值")

    @model_validator(mode="after")
    def _check(self) -> "SensorBase":
        if self.metric not in METRICS:
            raise ValueError(f"metric: one of {', '.join(METRICS)}, not {self.metric!r}")
        if (unit := METRICS[self.metric]) != self.unit:
            raise ValueError(f"unit {unit!r} for metric {self.metric!r}, not {self.unit!r}")
        if self.range[0] >= self.range[1]:
            raise ValueError(f"range [low, high] with low < high, not {list(self.range)}")
        return self


class ReplaySettings(SensorBase):
    """Values from a CSV file with the columns ``offset_s`` (seconds from start) and ``value``."""

    type: Literal["replay"]
    file: Path = Field(title="Relative paths count from the configuration's folder")
    loop: bool = Field(default=False, title="Begin again at the end")


SensorSettings = ReplaySettings
"""The union of all types, told apart by ``type``; a second type joins with ``|``."""
