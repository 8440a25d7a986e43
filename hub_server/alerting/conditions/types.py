"""What a compiled condition is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hub_server.alerting.inputs import Input, Site, Tick
from hub_server.alerting.state import Inner
from hub_server.alerting.text import Values


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A condition came true."""

    site: Site
    time: datetime
    values: Values
    event_id: str = ""
    zone: str = ""
    observation_id: str = ""
    pictures: tuple[tuple[str, str], ...] = ()


Step = tuple[Inner | None, Firing | None]


@dataclass(frozen=True)
class Condition:
    """Closures over one rule's settings; none reads a clock or the ledger."""

    key: Callable[[Input], str | None]
    """Under which key an input counts; None when it is not this condition's."""
    step: Callable[[Inner | None, Input], Step]
    late: Callable[[Input], Firing | None]
    """What a late input says by itself; it never touches the state."""
    tick: Callable[[Inner, Tick], Step]
    due: Callable[[Inner], datetime | None]
    """From when on a tick may change something."""


def ignore_tick(state: Inner, _tick: Tick) -> Step:
    """For conditions that only inputs can change."""
    return state, None


def never_due(_state: Inner) -> None:
    """For conditions that only inputs can change."""


def nothing_late(_item: Input) -> None:
    """For conditions of which one late input proves nothing."""
