"""Conditions over what sensors measure, and over silence."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub_server.alerting.scope import Scope
from hub_server.alerting.when_fields import Metric, Rate, ReasonText, Speed, Strict
from linli_contract.event_types import Colour
from linli_contract.metrics import METRICS
from linli_settings import Duration

LIMIT_KEYS = {"above", "at_least", "below", "at_most", "clear"}


class Limit(Strict):
    """A limit and where it ends."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    clear: float | None = None
    """Without it, over as soon as the limit is no longer passed."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if sum(one is not None for one in self._sides) != 1:
            raise ValueError("either above or below, at_least or at_most: one of the four")
        if self.clear is not None and self.beyond(self.clear):
            raise ValueError("clear on the good side of the limit")
        return self

    @property
    def _sides(self) -> tuple[float | None, ...]:
        return self.above, self.at_least, self.below, self.at_most

    @property
    def limit(self) -> float:
        return next((one for one in self._sides if one is not None), 0.0)

    @property
    def upward(self) -> bool:
        """True when large values are the bad ones."""
        return self.above is not None or self.at_least is not None

    def beyond(self, value: float) -> bool:
        """True when ``value`` is past the limit; of ``at_least`` and ``at_most``, also at it."""
        if self.above is not None:
            return value > self.above
        if self.at_least is not None:
            return value >= self.at_least
        if self.below is not None:
            return value < self.below
        return self.at_most is not None and value <= self.at_most

    def cleared(self, value: float) -> bool:
        """True when ``value`` is back at ``clear``."""
        if self.clear is None:
            return not self.beyond(value)
        return value <= self.clear if self.upward else value >= self.clear


class ThresholdWhen(Limit):
    """A sensor's value over (or under) a limit, until it is back at ``clear``."""

    type: Literal["threshold"]
    metric: Metric
    for_: Annotated[Duration, Field(alias="for", ge=0)] = 0.0
    """How long it must stay there."""
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many values in a row must be there."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("metric", "value", "unit", "limit", "seconds", "lasting")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.SOURCE,)


class Level(Limit):
    """One level of a rule; what it does not say itself is the rule's."""

    colour: Colour
    metric: Metric | Literal[""] = ""
    for_: Annotated[Duration | None, Field(alias="for", ge=0)] = None
    samples: Annotated[int | None, Field(ge=1, le=1000)] = None
    reason: ReasonText | None = None
    """Where the rule's own words do not fit."""


class LevelsWhen(Strict):
    """One sensor's value over (or under) several limits: the gravest that holds is the colour."""

    type: Literal["levels"]
    metric: Metric | Literal[""] = ""
    for_: Annotated[Duration, Field(alias="for", ge=0)] = 0.0
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    levels: Annotated[list[Level], Field(min_length=2, max_length=4)]

    @model_validator(mode="after")
    def _each_graver(self) -> Self:
        ranks = [list(Colour).index(level.colour) for level in self.levels]
        if ranks != sorted(set(ranks)):
            raise ValueError("levels from blue to red, each colour once")
        if any(not (level.metric or self.metric) for level in self.levels):
            raise ValueError("a metric, for all levels or in each")
        for level in self.levels:
            if level.reason:
                level.reason.check(self.fields)
        return self

    def reason_of(self, colour: Colour | None) -> ReasonText | None:
        """The words of the level ``colour``; None: the rule's."""
        return next((level.reason for level in self.levels if level.colour is colour), None)

    @property
    def thresholds(self) -> tuple[ThresholdWhen, ...]:
        """Each level as a threshold of its own, the least grave first."""
        return tuple(self._threshold(level) for level in self.levels)

    def _threshold(self, level: Level) -> ThresholdWhen:
        values = {
            "type": "threshold",
            "metric": level.metric or self.metric,
            **level.model_dump(include=LIMIT_KEYS),
            "for": f"{self.for_ if level.for_ is None else level.for_:f}s",
            "samples": self.samples if level.samples is None else level.samples,
        }
        return ThresholdWhen.model_validate(values)

    @property
    def fields(self) -> tuple[str, ...]:
        return ("metric", "value", "unit", "limit", "seconds", "lasting", "colour")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.SOURCE,)


class RateWhen(Strict):
    """A sensor's value changes fast: up, down, or either, over a window."""

    type: Literal["rate"]
    metric: Metric
    rising: Rate | None = None
    falling: Rate | None = None
    window: Annotated[Duration, Field(gt=0)]
    """Over this time; at least half of it must be measured."""
    clear: Rate | None = None
    """Slower than this it is over; without it, at the limit itself."""

    @model_validator(mode="after")
    def _some_limit(self) -> Self:
        speeds = [speed for speed in (self.rising, self.falling) if speed]
        if not speeds:
            raise ValueError("rising, falling or both")
        for speed in [*speeds, *([self.clear] if self.clear else [])]:
            self._check(speed)
        if self.clear and any(self.clear.per_s > speed.per_s for speed in speeds):
            raise ValueError("clear slower than rising and falling")
        return self

    def _check(self, speed: Speed) -> None:
        if speed.unit != METRICS[self.metric]:
            right = f"{speed.value:g} {METRICS[self.metric]}/{speed.per}"
            raise ValueError(
                f"{self.metric} in {METRICS[self.metric]}, not {speed.unit} - write {right!r}"
            )

    def limit(self, per_s: float) -> Speed | None:
        """The limit in the direction of a change."""
        return self.rising if per_s > 0 else self.falling

    def beyond(self, per_s: float) -> bool:
        """True when a change of ``per_s`` a second is too fast."""
        limit = self.limit(per_s)
        return limit is not None and abs(per_s) > limit.per_s

    def cleared(self, per_s: float) -> bool:
        """True when the change is slow again."""
        limit = self.limit(per_s)
        return limit is None or abs(per_s) <= (self.clear or limit).per_s

    @property
    def fields(self) -> tuple[str, ...]:
        return ("metric", "value", "unit", "rate", "limit", "per", "minutes")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.SOURCE,)


class NoDataWhen(Strict):
    """Nothing came for a while, over time in which the hub was receiving."""

    type: Literal["no_data"]
    of: Literal["heartbeat", "measurement"]
    after: Annotated[Duration, Field(gt=0)]
    metric: Metric | Literal[""] = ""
    """Only sensors of this metric; empty for all."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("seconds", "lasting")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.DEVICE,) if self.of == "heartbeat" else (Scope.SOURCE,)
