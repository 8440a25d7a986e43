"""What a compiled condition is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub_server.alerting.inputs import AlertInput, HeartbeatInput, Input, MeasurementInput, Tick
from hub_server.alerting.signals import Cleared, Firing, Signal
from hub_server.alerting.state import Inner

__all__ = [
    "Cleared",
    "Condition",
    "Firing",
    "Interest",
    "Signal",
    "Step",
    "ignore_tick",
    "never_due",
    "nothing_late",
]

Step = tuple[Inner | None, Signal | None]
Interest = tuple[str, str]
"""What a condition looks at: (observation or follows, event type), (measurement, metric) or
(heartbeat, ""), (alert, ""). ``*`` stands for every metric."""
EVERY = "*"


@dataclass(frozen=True)
class Condition:
    """Closures over one rule's settings; none reads a clock or the ledger.

    Times in the state are on the rule's clock: the hub's for rules marked ``at_once``, the
    inputs' own event time for the others.
    """

    looks_at: frozenset[Interest]
    fits: Callable[[Input], bool]
    """Whether an input of these is the condition's."""
    step: Callable[[Inner | None, Input, datetime], Step]
    """What an input changes; the time is the rule's clock."""
    late: Callable[[Input], Firing | None]
    """What a late input says by itself; it never touches the state."""
    tick: Callable[[Inner, Tick], Step]
    due: Callable[[Inner], datetime | None]
    """From when on a tick may change something, on the rule's clock."""
    idle: Callable[[Input], bool]
    """Whether an input changes nothing where nothing is remembered."""
    ends: bool = True
    """Whether it says when it holds no longer."""
    absence: bool = False
    """Whether it is about silence: what comes outside a schedule counts all the same."""


def ignore_tick(state: Inner, _tick: Tick) -> Step:
    """For conditions that only inputs can change."""
    return state, None


def never_due(_state: Inner) -> None:
    """For conditions that only inputs can change."""


def nothing_late(_item: Input) -> None:
    """For conditions of which one late input proves nothing."""


def never_idle(_item: Input) -> bool:
    """For conditions that remember every input."""
    return False


def interest_of(item: Input) -> Interest:
    """Under what an input is looked for."""
    if isinstance(item, MeasurementInput):
        return ("measurement", item.metric)
    if isinstance(item, HeartbeatInput):
        return ("heartbeat", "")
    if isinstance(item, AlertInput):
        return ("alert", "")
    return ("observation" if item.phase == "start" else "follows", item.event_type)
