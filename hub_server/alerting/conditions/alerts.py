"""Alerts of other rules within a window: counted as observations are, and named."""

from dataclasses import replace
from datetime import datetime

import msgspec

from hub_server.alerting.conditions.count import Counting, compile_counting
from hub_server.alerting.conditions.types import Condition, Firing, Step
from hub_server.alerting.inputs import AlertInput, Input, Tick
from hub_server.alerting.scope import NOWHERE, Scope, key_of
from hub_server.alerting.state import CountState, Inner
from hub_server.alerting.when_alerts import AlertsWhen

Names = dict[str, tuple[str, str]]
MOST_NAMED = 8
"""Places that a reason names; the others are only counted."""


def compile_alerts(when: AlertsWhen) -> Condition:
    """Fires once ``at_least`` of them stand within the window, until it has fewer again."""
    place = Scope(when.distinct or "community")
    counting = compile_counting(
        Counting(
            when.at_least,
            when.window,
            frozenset({("alert", "")}),
            lambda item: _fits(when, item),
            lambda item: key_of(place, item.site),
            distinct=when.distinct is not None,
        )
    )

    def step(state: Inner | None, item: Input, at: datetime) -> Step:
        if not isinstance(item, AlertInput):
            return state, None
        key = key_of(place, item.site)
        known = {**_names(state), key: item.areas.get(place, (key, key))}
        after, signal = counting.step(state, item, at)
        named = _named(after, known)
        if isinstance(signal, Firing):
            signal = msgspec.structs.replace(signal, words=_words(_names(named)))
        return named, signal

    def tick(state: Inner, tick: Tick) -> Step:
        after, signal = counting.tick(state, tick)
        return _named(after, _names(state)), signal

    return replace(counting, step=step, tick=tick)


def _fits(when: AlertsWhen, item: Input) -> bool:
    if not isinstance(item, AlertInput) or (when.colours and item.colour not in when.colours):
        return False
    return item.alert_type in when.types or item.rule in when.rules


def _names(state: Inner | None) -> Names:
    return state.names if isinstance(state, CountState) else {}


def _named(after: Inner | None, known: Names) -> Inner | None:
    """With the names of what still counts."""
    if not isinstance(after, CountState):
        return after
    names = {what: known[what] for what in after.what if what in known}
    return msgspec.structs.replace(after, names=names)


def _words(names: Names) -> dict[str, dict[str, str]]:
    """The places, in order of their codes, as people of each language read them."""
    shown = [names[what] for what in sorted(names) if what != NOWHERE]
    more = len(shown) - MOST_NAMED
    zh = "、".join(one for one, _ in shown[:MOST_NAMED]) + (
        f" 等 {len(shown)} 处" if more > 0 else ""
    )
    en = ", ".join(one for _, one in shown[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return {"zh": {"places": zh}, "en": {"places": en}}
