"""The conditions that are not made of others, compiled."""

from hub_server.alerting.conditions.count import compile_count, compile_distinct
from hub_server.alerting.conditions.levels import compile_levels
from hub_server.alerting.conditions.no_data import compile_no_data
from hub_server.alerting.conditions.observation import compile_held, compile_observation
from hub_server.alerting.conditions.rate import compile_rate
from hub_server.alerting.conditions.threshold import compile_threshold
from hub_server.alerting.conditions.total import compile_total
from hub_server.alerting.conditions.types import Condition
from hub_server.alerting.when_camera import CountWhen, DistinctWhen, ObservationWhen
from hub_server.alerting.when_group import Part
from hub_server.alerting.when_sensor import LevelsWhen, NoDataWhen, RateWhen, ThresholdWhen
from hub_server.alerting.when_total import TotalWhen


def compile_leaf(when: Part, followed: bool) -> Condition:
    """The closures; ``followed`` says that an observation's end matters too."""
    match when:
        case ObservationWhen():
            return compile_held(when) if followed else compile_observation(when)
        case ThresholdWhen():
            return compile_threshold(when)
        case LevelsWhen():
            return compile_levels(when)
        case RateWhen():
            return compile_rate(when)
        case TotalWhen():
            return compile_total(when)
        case CountWhen():
            return compile_count(when)
        case DistinctWhen():
            return compile_distinct(when)
        case NoDataWhen():
            return compile_no_data(when)
