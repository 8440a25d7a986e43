"""Who sends: the devices of a batch and their sources, read with the batch's transaction."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select

from hub_server.alerting.inputs import Site
from hub_server.ledger.tables import devices, sources
from hub_server.pipeline.areas import Areas


@dataclass(frozen=True)
class Registry:
    """Rows of ``devices`` by name and of ``sources`` by (device, name)."""

    areas: Areas
    devices: dict[str, RowMapping]
    sources: dict[tuple[str, str], RowMapping]

    @classmethod
    def read(cls, conn: Connection, areas: Areas, names: Iterable[str]) -> "Registry":
        """What the ledger knows of the devices ``names``."""
        wanted = list(names)
        found = conn.execute(select(devices).where(devices.c.device.in_(wanted))).mappings()
        parts = conn.execute(select(sources).where(sources.c.device.in_(wanted))).mappings()
        return cls(
            areas,
            {row["device"]: row for row in found},
            {(row["device"], row["name"]): row for row in parts},
        )

    def refusal(self, device: str) -> str | None:
        """Why nothing of ``device`` is taken in; None when it may send."""
        row = self.devices.get(device)
        if row is None:
            return "not_enrolled"
        return "revoked" if row["revoked_at"] is not None else None

    def site(self, device: str, source: str) -> Site:
        """Where ``source`` of an enrolled device is.

        A source nobody registered stands at the device's other sources, or else in the
        middle of the device's grid: an alarm is worth more than its exact place.
        """
        row = self.devices[device]
        known = self.sources.get((device, source))
        lat, lon = (known["lat"], known["lon"]) if known else self._near(row)
        return Site(
            county=row["county"],
            device=device,
            source=source,
            grid=known["grid"] if known else row["grid"],
            lat=lat,
            lon=lon,
            zh=known["zh"] if known else source,
            en=known["en"] if known else source,
            zones=known["zones"] if known else {},
        )

    def _near(self, row: RowMapping) -> tuple[float, float]:
        own = [part for (device, _), part in self.sources.items() if device == row["device"]]
        if own:
            return own[0]["lat"], own[0]["lon"]
        centre = self.areas.centre(row["grid"])
        if centre is None:
            raise LookupError(f"grid of {row['device']}: expected a known area, got {row['grid']}")
        return centre
