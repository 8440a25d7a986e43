"""An observation of an edge device is an alert by itself; the edge owns dwell and geometry."""

from hub_server.alerting.conditions.types import Condition, Firing, Step, ignore_tick, never_due
from hub_server.alerting.inputs import Input, ObservationInput
from hub_server.alerting.state import Inner
from hub_server.alerting.when import ObservationWhen


def compile_observation(when: ObservationWhen) -> Condition:
    """Keyed by camera and zone; fires for every observation that fits, remembers nothing."""

    def key(item: Input) -> str | None:
        fits = _fits(when, item)
        return f"{fits.site.device}/{fits.site.source}/{fits.zone}" if fits else None

    def step(state: Inner | None, item: Input) -> Step:
        return state, late(item)

    def late(item: Input) -> Firing | None:
        return _firing(item) if isinstance(item, ObservationInput) else None

    return Condition(key, step, late, ignore_tick, never_due)


def _fits(when: ObservationWhen, item: Input) -> ObservationInput | None:
    if not isinstance(item, ObservationInput) or item.event_type != when.event:
        return None
    if when.labels and item.label not in when.labels:
        return None
    return item if item.count >= when.min_count else None


def _firing(item: ObservationInput) -> Firing:
    return Firing(
        site=item.site,
        time=item.time,
        event_id=item.event_id,
        zone=item.zone,
        observation_id=item.observation_id,
        pictures=item.pictures,
        values={
            "label": item.label,
            "count": item.count,
            "dwell_s": round(item.dwell_s, 1),
            "confidence": round(item.confidence, 3),
        },
    )
