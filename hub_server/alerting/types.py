"""An Alert: a rule fired, with its reason."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from linli_contract.event_types import Colour

_NAMESPACE = uuid.UUID("6f0a52a1-93c2-5b5e-9d0f-3a1de2a4c330")
_RANK = {colour: rank for rank, colour in enumerate(Colour)}


@dataclass(frozen=True)
class Reason:
    """Why a rule fired, for people, and the values it saw."""

    zh: str
    en: str
    values: Mapping[str, float | int | str]

    def as_json(self) -> dict[str, object]:
        """As the ledger keeps it."""
        return {"zh": self.zh, "en": self.en, "values": dict(self.values)}


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One firing of one rule; ``id`` is a pure function of what fired, so a replay repeats it."""

    id: str
    rule: str
    rules_version: str
    type: str
    """An event type of the contract: it decides the incident's class and limits."""
    colour: Colour
    county: str
    device: str
    source: str
    """The camera or sensor; the device's own name when it is the device itself."""
    zone: str = ""
    grid: str
    lat: float
    lon: float
    """WGS-84 degrees"""
    time: datetime
    """Event time."""
    fired_at: datetime
    """The hub's clock."""
    late: bool = False
    """It came after the allowed lateness: kept and opened, but nobody is paged."""
    at_once: bool = False
    reason: Reason
    event_id: str = ""
    """The message that completed the condition; empty when the clock did (no data)."""
    group_key: str
    """Open incidents are unique by it: a further alert joins."""
    observation_id: str = ""
    pictures: tuple[tuple[str, str], ...] = ()
    """(sha256, kind) of the observation's pictures, which may still be on their way."""
    community: str = ""
    town: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Free words of the rule, to route by."""
    repeats: bool = False
    """Its condition still holds: it was told before."""
    passing: bool = False
    """It is over as soon as it is told: nothing will say so later."""
    eases: bool = False
    """Its condition is less grave than before: it joins, and opens nothing."""
    held: str = ""
    """What held it back until now: inhibited, silenced or maintenance."""


@dataclass(frozen=True)
class Ended:
    """The alert ``id`` is over."""

    id: str
    time: datetime
    """Event time."""
    cause: str
    """cleared, rose, eased, schedule, rule_removed, gone, or why its observation ended"""


def alert_id(rule: str, key: str, cause: str) -> str:
    """The id of the alert that ``rule`` fires for ``key`` because of ``cause``.

    ``cause`` is an event id or, where the clock fired, the time the condition began.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{rule}|{key}|{cause}"))


def incident_id(alert: str) -> str:
    """The id of the incident an alert opens."""
    return str(uuid.uuid5(_NAMESPACE, f"incident|{alert}"))


def worse(first: Colour, second: Colour) -> Colour:
    """The graver of two warning colours: blue < yellow < orange < red."""
    return max(first, second, key=_RANK.__getitem__)
