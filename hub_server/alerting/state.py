"""What rules remember between inputs, per rule and key; kept in the ledger as JSON."""

from datetime import datetime

import msgspec

from hub_server.alerting.inputs import Input, Site


class ThresholdState(msgspec.Struct, frozen=True, omit_defaults=True, tag="threshold"):
    """``since`` is None while all is well."""

    site: Site | None = None
    since: datetime | None = None
    """Event time of the first value over the limit."""
    arrived: datetime | None = None
    """The hub's time of that value."""
    samples: int = 0
    """Values over the limit in a row."""
    value: float = 0.0
    unit: str = ""
    event_id: str = ""
    fired: bool = False


class CountState(msgspec.Struct, frozen=True, omit_defaults=True, tag="count"):
    """Times of the events still inside the window, oldest first."""

    times: tuple[datetime, ...] = ()
    fired: bool = False


class NoDataState(msgspec.Struct, frozen=True, omit_defaults=True, tag="no_data"):
    site: Site | None = None
    seen: datetime | None = None
    """The hub's time of the newest message."""
    fired: bool = False


Inner = ThresholdState | CountState | NoDataState


class KeyState(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is kept for one rule and key."""

    inner: Inner | None = None
    waiting: tuple[Input, ...] = ()
    """Inputs whose turn comes when the source's clock passes the allowed lateness."""
    fired_at: datetime | None = None
    """Event time of the last alert, for the rule's cool-down."""
    clock: datetime | None = None
    """Of a source: its newest event time, never beyond the hub's now."""
    due: datetime | None = None
    """When a tick may change something."""


def to_json(state: KeyState) -> object:
    """As the ledger keeps it."""
    return msgspec.to_builtins(state)


def from_json(value: object) -> KeyState:
    """Back from the ledger.

    Raises:
        msgspec.ValidationError: another version wrote what this one cannot read.
    """
    return msgspec.convert(value, KeyState)
