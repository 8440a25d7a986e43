"""Whether the parts of this process are ready: what ``/health`` says and the heartbeat asks."""

from dataclasses import dataclass

from hub_server.alive import Alive
from hub_server.devices.sending import Sending
from hub_server.incidents.views import calendar_fault
from hub_server.ingest.runner import Ingest
from hub_server.ledger import probe
from hub_server.ledger.engine import Ledger
from hub_server.ledger.standby import Standby
from hub_server.outbound.part import OutboundPart
from hub_server.rule_sets.keeper import Keeper


@dataclass(frozen=True)
class Checks:
    """Each part that runs here with its fault, empty where it is ready."""

    ledger: Ledger
    alive: Alive
    rules: Keeper
    ingest: Ingest | None
    standby: Standby
    sending: Sending
    outbound: OutboundPart

    def __call__(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if ingest := self.ingest:
            found["rules"] = self.rules.faults()
            found["ingest"] = "" if ingest.ready else ingest.fault or "not connected"
        if self.standby.holds:
            found["orders"] = self.sending.fault
        found["calendar"] = calendar_fault(self.ledger)
        return {**found, **self.outbound.faults()}

    def with_the_process(self) -> dict[str, str]:
        """Those, whether anything hangs, and whether the ledger answers."""
        return {"alive": self.alive.fault(), "ledger": probe.fault(self.ledger), **self()}
