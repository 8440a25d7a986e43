"""From one rule set to the next, inside the pipeline's transaction between two batches.

Rules whose fingerprint stays keep what they remember; changed ones start anew; what a removed one
has open ends, and the cases it opened go on.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from hub_server import audit
from hub_server.alerting.book import Book, Draft
from hub_server.alerting.ending import end_alerts
from hub_server.alerting.state import KeyState
from hub_server.devices.areas import store_areas
from hub_server.ledger import counters
from hub_server.ledger.tables import alert_state
from hub_server.pipeline.arrivals import CLOCK
from hub_server.rule_sets.reading import RuleSet
from hub_server.rule_sets.versions import NOBODY, newest, record, sign

REMOVED, CHANGED = "rule_removed", "rule_changed"
"""Causes of an alert's end."""


@dataclass(frozen=True)
class Author:
    """Who wants a switch, and why."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Change:
    """Names of rules, by what a switch does to them."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For the audit: the kept ones only as a number."""
        shown = {"new": self.new, "changed": self.changed, "removed": self.removed}
        return {**{name: list(rules) for name, rules in shown.items()}, "kept": len(self.kept)}

    def text(self) -> str:
        """In both languages."""
        counts = len(self.new), len(self.changed), len(self.removed), len(self.kept)
        zh = "新增 {} 条，修改 {} 条，删除 {} 条，不变 {} 条".format(*counts)
        return f"{zh} · " + "{} new, {} changed, {} removed, {} kept".format(*counts)


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    """What a switch between sets with these fingerprints does."""
    both = before.keys() & after.keys()
    return Change(
        new=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(sorted(name for name in both if before[name] != after[name])),
        removed=tuple(sorted(before.keys() - after.keys())),
        kept=tuple(sorted(name for name in both if before[name] == after[name])),
    )


@dataclass(frozen=True)
class Switch:
    """One switch to ``found``; ``before`` None takes the ledger's newest set (at a start)."""

    found: RuleSet
    author: Author
    clock: Callable[[], datetime]
    before: Mapping[str, str] | None = None

    def apply(self, conn: Connection, book: Book, draft: Draft) -> None:
        """Forget, end, and write down the version."""
        now, found = self.clock(), self.found
        last = newest(conn)
        before = self.before
        if before is None:
            before = last.fingerprints if last else {}
        change = compare(before, found.fingerprints())
        gone = {*change.removed, *_strangers(conn, found)}
        _forget(conn, gone | set(change.changed), book, draft)
        for rule in sorted(gone):
            end_alerts(conn, rule, REMOVED, now)
        for rule in change.changed:
            end_alerts(conn, rule, CHANGED, now)
        store_areas(conn, found.areas)
        if last is None or last.hash != found.version:
            record(conn, found, self.author.name, self.author.note, now)
            counters.add(conn, "rule_switches")
            audit.note(conn, now, self.author.name, "rules_switch", found.version, change.as_json())
        elif self.author.name not in NOBODY:
            sign(conn, found.version, self.author.name, self.author.note)


def _strangers(conn: Connection, found: RuleSet) -> set[str]:
    """Rules that the ledger remembers something of and no set names: of before it kept sets."""
    known = conn.scalars(select(alert_state.c.rule).distinct())
    return {rule for rule in known if rule != CLOCK} - found.fingerprints().keys()


def _forget(conn: Connection, rules: Set[str], book: Book, draft: Draft) -> None:
    """What ``rules`` remember, here and for workers that are not here."""
    for rule in sorted(rules):
        conn.execute(delete(alert_state).where(alert_state.c.rule == rule))
    for place in book.places(rules):
        draft.put(*place, KeyState())
