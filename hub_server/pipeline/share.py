"""What one pipeline answers for, where several share a county: whole communities, or the rules
over everybody's alerts."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub_server.ingest.types import Message, device_of
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.registry import Registry


@dataclass(frozen=True)
class Share:
    """The communities of one partition; empty stands for grids that lie in none."""

    lane: str
    """Name of its writes in the ledger (:meth:`hub_server.ledger.engine.Ledger.write`)."""
    communities: frozenset[str]
    areas: Areas
    second: bool = False
    """It runs the rules over alerts that the others hand over, and nothing else."""

    def holds(self, grid: str) -> bool:
        """Whether what happens in ``grid`` is this pipeline's."""
        return self.areas.place(grid).community in self.communities

    def of(self, batch: Iterable[Message], registry: Registry) -> list[Message]:
        """Without the messages of devices that stand elsewhere by now.

        A bridge that had not heard of it sent them here. They are not acknowledged, so the device
        sends them again, and the bridge knows by then. A device nobody enrolled stands nowhere.
        """
        return [message for message in batch if self.holds(_grid(message, registry))]


def _grid(message: Message, registry: Registry) -> str:
    known = registry.devices.get(device_of(message))
    return known.grid if known else ""
