"""The conditions of rules as people write them: a union on ``type``."""

from typing import Annotated

from pydantic import Field

from hub_server.alerting.when_alerts import AlertsWhen
from hub_server.alerting.when_camera import CountWhen, DistinctWhen, ObservationWhen
from hub_server.alerting.when_fields import EventName, Metric, Strict
from hub_server.alerting.when_group import GroupWhen
from hub_server.alerting.when_sensor import LevelsWhen, NoDataWhen, RateWhen, ThresholdWhen
from hub_server.alerting.when_total import TotalWhen

__all__ = [
    "AlertsWhen",
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
    "TotalWhen",
    "When",
]

When = Annotated[
    ObservationWhen
    | ThresholdWhen
    | LevelsWhen
    | RateWhen
    | TotalWhen
    | CountWhen
    | DistinctWhen
    | NoDataWhen
    | GroupWhen
    | AlertsWhen,
    Field(discriminator="type"),
]
