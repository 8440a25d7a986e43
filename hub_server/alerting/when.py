"""The conditions of rules as people write them: a union on ``type``."""

from typing import Annotated

from pydantic import Field

from hub_server.alerting.when_camera import CountWhen, DistinctWhen, ObservationWhen
from hub_server.alerting.when_fields import EventName, Metric, Strict
from hub_server.alerting.when_group import GroupWhen
from hub_server.alerting.when_sensor import LevelsWhen, NoDataWhen, RateWhen, ThresholdWhen

__all__ = [
    "CountWhen",
    "DistinctWhen",
    "EventName",
    "GroupWhen",
    "LevelsWhen",
    "Metric",
    "NoDataWhen",
    "ObservationWhen",
    "RateWhen",
    "Strict",
    "ThresholdWhen",
    "When",
]

When = Annotated[
    ObservationWhen
    | ThresholdWhen
    | LevelsWhen
    | RateWhen
    | CountWhen
    | DistinctWhen
    | NoDataWhen
    | GroupWhen,
    Field(discriminator="type"),
]
