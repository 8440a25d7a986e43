"""What a condition says when it changes."""

from datetime import datetime

import msgspec

from hub_server.alerting.inputs import Site
from linli_contract.event_types import Colour

Value = float | int | str


class Firing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A condition came true, or its level changed."""

    site: Site
    time: datetime
    """Event time."""
    values: dict[str, Value]
    event_id: str = ""
    zone: str = ""
    observation_id: str = ""
    pictures: tuple[tuple[str, str], ...] = ()
    colour: Colour | None = None
    """Of the level; None: the rule's."""
    eases: bool = False
    """A graver level ended and this one still holds."""
    sites: dict[str, Site] = {}
    """Where the sub-conditions came true, by their names."""
    words: dict[str, dict[str, str]] = {}
    """Language → fields of the reason that are not the same in each."""


class Cleared(msgspec.Struct, frozen=True):
    """A condition that had fired holds no longer."""

    time: datetime
    """Event time."""


Signal = Firing | Cleared
