"""What rules remember between inputs, per rule and key; kept in the ledger as JSON."""

from datetime import datetime

import msgspec

from hub_server.alerting.inputs import Input, Site
from hub_server.alerting.signals import Firing

SECOND_STAGE = "@county"
"""Stands for a community in the states of rules over alerts, which belong to none."""


class ThresholdState(msgspec.Struct, frozen=True, omit_defaults=True, tag="threshold"):
    """``since`` is None while all is well."""

    site: Site | None = None
    since: datetime | None = None
    """Event time of the first value over the limit."""
    arrived: datetime | None = None
    """The same on the rule's clock."""
    samples: int = 0
    """Values over the limit in a row."""
    value: float = 0.0
    unit: str = ""
    event_id: str = ""
    fired: bool = False


class LevelsState(msgspec.Struct, frozen=True, omit_defaults=True, tag="levels"):
    """One threshold's state for each level, and the gravest that holds (-1: none)."""

    parts: tuple[ThresholdState, ...] = ()
    level: int = -1


class RateState(msgspec.Struct, frozen=True, omit_defaults=True, tag="rate"):
    """(event time, value) of the samples inside the window, oldest first."""

    samples: tuple[tuple[datetime, float], ...] = ()
    fired: bool = False


class TotalState(msgspec.Struct, frozen=True, omit_defaults=True, tag="total"):
    """What a meter counted, by the parts of its window."""

    since: datetime | None = None
    """Event time from which on no longer silence interrupted it."""
    newest: datetime | None = None
    slots: tuple[tuple[datetime, float], ...] = ()
    """(begin, sum), oldest first."""
    fired: bool = False


class CountState(msgspec.Struct, frozen=True, omit_defaults=True, tag="count"):
    """Times of the events still inside the window, oldest first."""

    times: tuple[datetime, ...] = ()
    what: tuple[str, ...] = ()
    """Beside each time, what it counts for; empty where every event counts."""
    behind_s: float = 0.0
    """How far the newest event's time was behind the rule's clock."""
    fired: bool = False
    names: dict[str, tuple[str, str]] = {}
    """Of alerts: what they count for → its name, in Chinese and English."""


class NoDataState(msgspec.Struct, frozen=True, omit_defaults=True, tag="no_data"):
    site: Site | None = None
    seen: datetime | None = None
    """The newest message, on the rule's clock."""
    fired: bool = False


class HeldState(msgspec.Struct, frozen=True, omit_defaults=True, tag="held"):
    """Observations under way: id → when it was last heard of, on the rule's clock."""

    open: dict[str, datetime] = {}


Leaf = ThresholdState | LevelsState | RateState | TotalState | CountState | NoDataState | HeldState


class Truth(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sub-condition that came true."""

    firing: Firing
    until: datetime
    """It counts until then, on the rule's clock, and as long as it holds."""
    holds: bool = False


class GroupState(msgspec.Struct, frozen=True, omit_defaults=True, tag="group"):
    """Of all or any: the states and truths of its sub-conditions, by ``name|key``."""

    parts: dict[str, Leaf] = {}
    truths: dict[str, Truth] = {}
    fired: bool = False


Inner = Leaf | GroupState


class KeyState(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """All that is kept for one rule and key."""

    inner: Inner | None = None
    waiting: tuple[Input, ...] = ()
    """Inputs whose turn comes when the allowed lateness has passed, in order of time."""
    fired_at: datetime | None = None
    """Event time of the last alert, for the rule's cool-down."""
    clock: datetime | None = None
    """Of a source: its newest event time, never beyond the hub's now."""
    due: datetime | None = None
    """When a tick may change something, by the hub's clock."""
    community: str = ""
    """To whose work it belongs; empty for the county's."""
    alert: str = ""
    """The id of the alert that is open."""
    again: datetime | None = None
    """When it is repeated, on the rule's clock."""
    told: Firing | None = None
    """What is repeated then."""
    check: datetime | None = None
    """When its schedule may end, on the rule's clock."""

    @property
    def empty(self) -> bool:
        """Nothing is remembered."""
        if self.clock is not None:  # most are a source's clock, and many are asked
            return False
        return msgspec.structs.replace(self, community="", due=None) == _EMPTY


_EMPTY = KeyState()


def to_json_input(item: Input) -> object:
    """An input as the ledger keeps it."""
    return msgspec.to_builtins(item)


def to_json(state: KeyState) -> object:
    """As the ledger keeps it."""
    return msgspec.to_builtins(state)


def from_json(value: object) -> KeyState:
    """Back from the ledger.

    Raises:
        msgspec.ValidationError: another version wrote what this one cannot read.
    """
    return msgspec.convert(value, KeyState)
