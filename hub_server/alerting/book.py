"""The state of all rules in memory, written through: a transaction works on a draft of it."""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, select

from hub_server.alerting.state import KeyState, from_json
from hub_server.alerting.types import Ended
from hub_server.ledger.bulk import upsert_rows
from hub_server.ledger.tables import alert_state

Place = tuple[str, str]
"""(rule, key)"""
CLOCK = "@clock"
"""Under this name, which no rule can have, the state keeps each source's newest event time; the
key is ``device/source``."""


class _Parent(Protocol):
    def get(self, rule: str, key: str) -> KeyState | None: ...
    def clocks(self, device: str) -> set[str]: ...


class Draft:
    """Changes on top of a book or of another draft; kept apart until they are adopted."""

    def __init__(self, parent: _Parent) -> None:
        self._parent = parent
        self.changes: dict[Place, KeyState] = {}
        self.ended: list[Ended] = []
        """Alerts whose condition cleared, in order."""
        self.early = 0
        """Inputs judged before their turn."""

    def get(self, rule: str, key: str) -> KeyState | None:
        """The newest state."""
        return self.changes.get((rule, key)) or self._parent.get(rule, key)

    def clocks(self, device: str) -> set[str]:
        """Keys of the clocks of a device's sources."""
        found = self._parent.clocks(device)
        for (rule, key), state in self.changes.items():
            if rule == CLOCK and _device(key) == device:
                (found.discard if state.empty else found.add)(key)
        return found

    def put(self, rule: str, key: str, state: KeyState) -> None:
        """Change a state in this draft."""
        self.changes[rule, key] = state

    def end(self, ended: Ended) -> None:
        """Note that an alert is over."""
        self.ended.append(ended)

    def note_early(self, count: int) -> None:
        """Note that inputs were judged before their turn."""
        self.early += count

    def adopt(self, changes: Mapping[Place, KeyState]) -> None:
        """Take over the changes of a draft on top of this one."""
        self.changes.update(changes)

    def save(self, conn: Connection) -> None:
        """Write the changes; what is empty again is deleted."""
        gone = [place for place, state in self.changes.items() if state.empty]
        kept = [place for place, state in self.changes.items() if not state.empty]
        if gone:
            conn.execute(_DELETE, [{"of": rule, "at": key} for rule, key in gone])
        if kept:
            # the ledger's own serializer of JSON writes structs as to_json would
            rows = [(*place, self.changes[place], self.changes[place].community) for place in kept]
            upsert_rows(conn, alert_state, ("rule", "key"), ("state", "community"), rows)


_DELETE = delete(alert_state).where(
    (alert_state.c.rule == bindparam("of")) & (alert_state.c.key == bindparam("at"))
)


def _device(key: str) -> str:
    return key.partition("/")[0]


class Book:
    """What the ledger holds, for one process: the lease sees to it that there is only one."""

    def __init__(self, states: Mapping[Place, KeyState]) -> None:
        self._states = dict(states)
        self._due: dict[Place, datetime] = {}
        self._clocks: dict[str, set[str]] = {}
        self._note_due(self._states)
        self._note_clocks(self._states)

    @classmethod
    def read(cls, conn: Connection, communities: set[str] | None = None) -> "Book":
        """The book of the ledger; only of ``communities`` where they are given."""
        query = select(alert_state)
        if communities is not None:
            query = query.where(alert_state.c.community.in_(communities))
        return cls({(row.rule, row.key): from_json(row.state) for row in conn.execute(query)})

    def get(self, rule: str, key: str) -> KeyState | None:
        """The committed state."""
        return self._states.get((rule, key))

    def clocks(self, device: str) -> set[str]:
        """Keys of the clocks of a device's sources; the caller's own."""
        return set(self._clocks.get(device, ()))

    def due(self, now: datetime) -> list[Place]:
        """The places a tick at ``now`` may change."""
        return [place for place, at in self._due.items() if at <= now]

    @property
    def timers(self) -> int:
        """How many places wait for the clock."""
        return len(self._due)

    def rules_due(self) -> set[str]:
        """Names of the rules that have timers."""
        return {rule for rule, _ in self._due}

    def places(self, rules: Set[str]) -> list[Place]:
        """Where any of ``rules`` remembers something."""
        return [place for place in self._states if place[0] in rules]

    def everywhere(self) -> list[Place]:
        """Where anything is remembered, clocks too."""
        return list(self._states)

    def draft(self) -> Draft:
        """A draft for one transaction."""
        return Draft(self)

    def adopt(self, changes: Mapping[Place, KeyState]) -> None:
        """Take over a draft's changes, after its transaction was committed."""
        self._states.update(changes)
        for place in [place for place, state in changes.items() if state.empty]:
            del self._states[place]
        self._note_due(changes)
        self._note_clocks(changes)

    def remind(self) -> None:
        """Take up every timer again, those of rules that were broken too."""
        self._due.clear()
        self._note_due(self._states)

    def forget(self, rules: Iterable[str]) -> None:
        """Drop the timers of rules that are gone or broken, so that ticks pass them by."""
        names = set(rules)
        self._due = {place: at for place, at in self._due.items() if place[0] not in names}

    def _note_due(self, states: Mapping[Place, KeyState]) -> None:
        for place, state in states.items():
            if state.due is None or state.empty:
                self._due.pop(place, None)
            else:
                self._due[place] = state.due

    def _note_clocks(self, states: Mapping[Place, KeyState]) -> None:
        for (rule, key), state in states.items():
            if rule == CLOCK:
                keys = self._clocks.setdefault(_device(key), set())
                (keys.discard if state.empty else keys.add)(key)
                if not keys:
                    del self._clocks[_device(key)]
