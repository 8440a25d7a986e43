"""Several observations within a window; fires once until the window has fewer again."""

from datetime import datetime, timedelta

from hub_server.alerting.conditions.types import (
    Condition,
    Firing,
    Step,
    ignore_tick,
    never_due,
    nothing_late,
)
from hub_server.alerting.inputs import Input, ObservationInput
from hub_server.alerting.state import CountState, Inner
from hub_server.alerting.when import CountWhen


def compile_count(when: CountWhen) -> Condition:
    """Keyed by what ``by`` names."""

    def key(item: Input) -> str | None:
        if not isinstance(item, ObservationInput) or item.event_type not in when.events:
            return None
        return _key(when, item)

    def step(state: Inner | None, item: Input) -> Step:
        before = state if isinstance(state, CountState) else CountState()
        return _step(when, before, item) if isinstance(item, ObservationInput) else (state, None)

    return Condition(key, step, nothing_late, ignore_tick, never_due)


def _key(when: CountWhen, item: ObservationInput) -> str:
    match when.by:
        case "grid":
            return item.site.grid
        case "device":
            return item.site.device
        case "source":
            return f"{item.site.device}/{item.site.source}"
        case "zone":
            return f"{item.site.device}/{item.zone}"


def _step(when: CountWhen, state: CountState, item: ObservationInput) -> Step:
    newest = max([*state.times, item.time])
    times = _inside(when, [*state.times, item.time], newest)
    full = len(times) >= when.at_least
    # at_least newest times are enough to tell, so the state stays bounded
    kept = CountState(tuple(times[-when.at_least :]), fired=full)
    if not full or state.fired:
        return kept, None
    values = {"count": len(times), "minutes": when.window / 60}
    firing = Firing(
        site=item.site,
        time=item.time,
        values=values,
        event_id=item.event_id,
        zone=item.zone,
        pictures=item.pictures,
    )
    return kept, firing


def _inside(when: CountWhen, times: list[datetime], newest: datetime) -> list[datetime]:
    start = newest - timedelta(seconds=when.window)
    return sorted(time for time in times if time > start)
