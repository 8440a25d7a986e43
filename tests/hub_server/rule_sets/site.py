"""A folder of rules that may change while a pipeline runs them, in virtual time."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import RowMapping, Table, select

from hub_server.alerting.inputs import Tick
from hub_server.ledger.engine import Ledger
from hub_server.pipeline.flow import Pipeline
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.reading import RuleSet
from tests.hub_server.rule_sets.broken_rules import AREAS, TYPES
from tests.support.hub import NOW, Device, HubClock, decoded, make_parts

GAS = """\
  - name: gas
    type: gas_leak
    colour: red
    when: {type: threshold, metric: gas_lel, above: 10, clear: 8, for: 30s}
    scope: source
    group: {by: [type, source]}
    at_once: true
    reason: {zh: "{value}", en: "gas {value}"}
    source: "a test"
"""
SEEN = """\
  - name: seen
    type: intrusion
    colour: orange
    when: {type: observation, event: intrusion}
    scope: zone
    group: {by: [type, zone]}
    at_once: true
    reason: {zh: "{zone}", en: "{zone}"}
    source: "a test"
"""
SLOW = """\
  - name: slow
    type: gas_leak
    colour: yellow
    when: {type: threshold, metric: gas_lel, above: 5, clear: 4, samples: 2}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
"""
OFFLINE = """\
  - name: offline
    type: device_offline
    colour: yellow
    when: {type: no_data, of: heartbeat, after: 90s}
    scope: device
    group: {by: [type, device]}
    at_once: true
    reason: {zh: "{seconds}", en: "{seconds}"}
    source: "a test"
"""
HEAD = "pack: first\nversion: 2026-11-22\nrules:\n"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Site:
    """One hub: its folder, its keeper, its pipeline; may be started again."""

    def __init__(self, ledger: Ledger, folder: Path, *rules: str) -> None:
        self.ledger, self.folder, self.clock = ledger, folder, HubClock()
        self.device = Device()
        self.since: datetime | None = NOW
        folder.mkdir()
        (folder / "areas.yaml").write_text(AREAS, encoding="utf-8")
        (folder / "incident_types.yaml").write_text(TYPES, encoding="utf-8")
        self.write(*rules or (GAS, SEEN))
        self.start()

    def write(self, *rules: str, name: str = "first.yaml") -> None:
        (self.folder / name).write_text(HEAD + "".join(rules), encoding="utf-8")

    def start(self) -> RuleSet:
        """As at a start of the process."""
        self.keeper = Keeper(self.ledger, self.folder, "", self.clock)
        with self.ledger.read() as conn:
            found = self.keeper.choose(conn)
        self.pipeline = Pipeline(self.ledger, make_parts(rules=found.rules), self.clock)
        self.keeper.begin(self.pipeline, found)
        return found

    def look(self, times: int = 2) -> None:
        """As the watch does every second: a folder must be still to be read."""
        for _ in range(times):
            self.clock.forward(0.001)
            for job in self.keeper.look():
                job()

    def gas(self, second: float, value: float) -> None:
        self.clock.now = at(second)
        self.pipeline.run(decoded(self.device.reading(at(second), {"gas_lel": value})))

    def tick(self, second: float) -> None:
        self.clock.now = at(second)
        self.pipeline.tick(Tick(self.clock.now, self.since))

    def rows(self, table: Table) -> list[RowMapping]:
        with self.ledger.read() as conn:
            return list(conn.execute(select(table)).mappings())
