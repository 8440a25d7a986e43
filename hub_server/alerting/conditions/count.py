"""Several observations or alerts within a window, counted or by what differs among them; fires
once until the window has fewer again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import structs

from hub_server.alerting.conditions.types import (
    Cleared,
    Condition,
    Firing,
    Interest,
    Step,
    never_idle,
    nothing_late,
)
from hub_server.alerting.inputs import AlertInput, Input, ObservationInput, Tick
from hub_server.alerting.scope import Scope, key_of
from hub_server.alerting.signals import Value
from hub_server.alerting.state import CountState, Inner
from hub_server.alerting.when_camera import CountWhen, DistinctWhen

_Entry = tuple[datetime, str]
Countable = ObservationInput | AlertInput


@dataclass(frozen=True)
class Counting:
    """What is counted, and how many of it are enough."""

    at_least: int
    window: float
    """Seconds."""
    looks_at: frozenset[Interest]
    fits: Callable[[Input], bool]
    """Of these interests only."""
    what: Callable[[Countable], str]
    """What an input counts for."""
    distinct: bool = True
    """Of what is the same only the newest counts."""


def compile_count(when: CountWhen) -> Condition:
    """Every observation counts."""
    return compile_counting(_seen(when, lambda _: "", distinct=False))


def compile_distinct(when: DistinctWhen) -> Condition:
    """Only those that differ count; of what is the same, the newest."""
    if when.of == "label":
        return compile_counting(_seen(when, lambda item: getattr(item, "label", "") or "-"))
    scope = Scope(when.of)
    return compile_counting(
        _seen(when, lambda item: key_of(scope, item.site, getattr(item, "zone", "")))
    )


def _seen(
    when: CountWhen | DistinctWhen, what: Callable[[Countable], str], *, distinct: bool = True
) -> Counting:
    looks_at = frozenset(("observation", event) for event in when.events)
    return Counting(
        when.at_least,
        when.window,
        looks_at,
        lambda item: isinstance(item, ObservationInput),
        what,
        distinct,
    )


def compile_counting(when: Counting) -> Condition:
    """The closures."""

    def step(state: Inner | None, item: Input, at: datetime) -> Step:
        before = state if isinstance(state, CountState) else CountState()
        if not isinstance(item, Countable):
            return state, None
        return _step(when, before, item, at)

    def tick(state: Inner, tick: Tick) -> Step:
        return _tick(when, state, tick) if isinstance(state, CountState) else (state, None)

    def due(state: Inner) -> datetime | None:
        return _due(when, state) if isinstance(state, CountState) else None

    return Condition(
        looks_at=when.looks_at,
        fits=when.fits,
        step=step,
        late=nothing_late,
        tick=tick,
        due=due,
        idle=never_idle,
    )


def _step(when: Counting, state: CountState, item: Countable, at: datetime) -> Step:
    entries = _inside(when, [*_entries(state), (item.time, when.what(item))])
    full = len(entries) >= when.at_least
    # at_least newest ones are enough to tell, so the state stays bounded
    behind = (at - entries[-1][0]).total_seconds()
    kept = _state(entries[-when.at_least :], behind, full)
    if full == state.fired:
        return kept, None
    if not full:
        return kept, Cleared(item.time)
    values: dict[str, Value] = {"count": len(entries), "minutes": when.window / 60}
    firing = Firing(site=item.site, time=item.time, values=values, event_id=item.event_id)
    if isinstance(item, ObservationInput):
        return kept, structs.replace(firing, zone=item.zone, pictures=item.pictures)
    return kept, firing


def _inside(when: Counting, entries: list[_Entry]) -> list[_Entry]:
    """Those within the window before the newest, oldest first; of a distinct what, the newest."""
    start = max(time for time, _ in entries) - timedelta(seconds=when.window)
    inside = sorted(entry for entry in entries if entry[0] > start)
    if not when.distinct:
        return inside
    newest = {what: time for time, what in inside}
    return sorted((time, what) for what, time in newest.items())


def _entries(state: CountState) -> list[_Entry]:
    return list(zip(state.times, state.what or ("",) * len(state.times), strict=True))


def _state(entries: list[_Entry], behind_s: float, fired: bool) -> CountState:
    times = tuple(time for time, _ in entries)
    what = tuple(name for _, name in entries)
    return CountState(times, what if any(what) else (), behind_s, fired)


def _due(when: Counting, state: CountState) -> datetime | None:
    """When an event leaves the window: the oldest while it fires, else the newest."""
    if not state.times:
        return None
    last = state.times[0] if state.fired else state.times[-1]
    return last + timedelta(seconds=when.window + state.behind_s)


def _tick(when: Counting, state: CountState, tick: Tick) -> Step:
    shift = timedelta(seconds=when.window + state.behind_s)
    rest = [entry for entry in _entries(state) if entry[0] + shift > tick.now]
    if len(rest) == len(state.times):
        return state, None
    over = state.fired and len(rest) < when.at_least
    after = _state(rest, state.behind_s, state.fired and not over) if rest else None
    return after, Cleared(tick.now) if over else None
