"""Rules whose alerts are held back, a ledger for them, and what tests of that ask of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from hub_server.alerting.matcher import Matcher
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.silences import Kind, Wish, add_silence
from hub_server.alerting.spec import Pack
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.share import Share
from linli_contract.payloads import Phase
from tests.support.hub import NOW, Device, HubClock, make_ledger, make_parts

Row = dict[str, object]
_TEXTS = {"observation": "{zone}", "no_data": "{seconds}"}


def rule(name: str, event: str, scope: str, when: Row, **more: object) -> Row:
    """A rule that fires at once; grouped by its scope if ``more`` says nothing else."""
    text = _TEXTS.get(str(when["type"]), "{value}")
    return {
        "name": name,
        "type": event,
        "scope": scope,
        "when": when,
        "group": {"by": ["type", scope]},
        "at_once": True,
        "reason": {"zh": text, "en": text},
        "source": "a test",
        **more,
    }


def above(metric: str, limit: float, clear: float) -> Row:
    return {"type": "threshold", "metric": metric, "above": limit, "clear": clear}


def gas(name: str, inhibitor: Row, **more: object) -> Row:
    """Blue, unless ``inhibitor`` is open."""
    when = above("gas_lel", 10, 8)
    held = {"colour": "blue", "inhibited_by": [inhibitor]}
    return rule(name, "gas_leak", "source", when, **held, **more)


def carbon_monoxide(name: str, **more: object) -> Row:
    return rule(name, "gas_leak", "source", above("co", 50, 40), colour="red", **more)


SEEN_WHEN: Row = {"type": "observation", "event": "intrusion"}
SEEN = rule("seen", "intrusion", "zone", SEEN_WHEN, colour="orange")
MISSED: Row = {"type": "no_data", "of": "heartbeat", "after": "90s"}
OFFLINE = rule("offline", "device_offline", "device", MISSED, colour="yellow")


def rules_of(*rows: Row) -> Rules:
    pack = Pack.model_validate({"pack": "held", "version": "2026-01-01", "rules": rows})
    return Rules(tuple(compile_pack(pack, "v1")))


def two_devices(url: str) -> Iterator[Ledger]:
    """A ledger that pi-0001 and pi-0002 are enrolled in."""
    ledger = make_ledger(url, "pi-0001", "pi-0002", synced=False)
    yield ledger
    ledger.close()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def pipeline(
    ledger: Ledger, rules: Rules, *communities: str, clock: HubClock | None = None
) -> Pipeline:
    """All of the county, or a worker's part of it."""
    parts = make_parts(rules=replace(rules, broken={}))
    if communities:
        share = Share(communities[0], frozenset(communities), parts.areas)
        parts = replace(parts, share=share)
    return Pipeline(ledger, parts, clock or HubClock())


def silence(
    ledger: Ledger, begin: float, end: float, kind: Kind = Kind.SILENCE, **match: object
) -> str:
    """Its name; those that match by more fields come after the others."""
    wish = Wish(kind, Matcher.model_validate(match), at(begin), at(end), "painting")
    with ledger.write() as conn:
        return add_silence(conn, wish, "zhao", at(begin), bytes(9) + bytes([len(match)])).id


def left(device: Device, seconds: float) -> Received:
    """The end of the observation o1."""
    moment = at(seconds)
    return device.observation(moment, "o1", phase=Phase.END, ended_at=moment, cause="left")
