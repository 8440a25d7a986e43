"""Who sends: the devices of a batch and their sources, as the batch's transaction sees them.

Whether a device may send is read with every batch; where its sources are changes only when it
is enrolled again, so that is kept in memory until then.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, select

from hub_server.alerting.inputs import Site
from hub_server.ledger.tables import devices, sources
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.spans import Spans

MOST_CACHED = 20_000
"""Devices whose sources are kept in memory: about 2 kB each."""
MOST_SOURCES = 256
"""Sources of one device kept in memory; more are worked out anew each time."""
_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_DEVICES = select(
    devices.c.device, devices.c.county, devices.c.grid, devices.c.enrolled_at, devices.c.revoked_at
).where(devices.c.device.in_(_NAMES))
_SOURCES = select(sources).where(sources.c.device.in_(_NAMES))


class _Found(NamedTuple):
    """A row of :data:`_DEVICES`."""

    device: str
    county: str
    grid: str
    enrolled_at: datetime
    revoked_at: datetime | None


@dataclass
class Known:
    """One enrolled device: where it and its sources are."""

    county: str
    grid: str
    enrolled_at: datetime
    sites: dict[str, Site] = field(default_factory=dict)
    """By source; those nobody registered are added as they speak."""
    spans: Spans = field(default_factory=Spans)
    """What came of it; it begins anew with each enrolment, as another worker may have had it."""


@dataclass(frozen=True)
class Registry:
    """The devices of one batch."""

    areas: Areas
    devices: dict[str, Known]
    revoked: frozenset[str] = frozenset()

    def refusal(self, device: str) -> str | None:
        """Why nothing of ``device`` is taken in; None when it may send."""
        if device in self.revoked:
            return "revoked"
        return None if device in self.devices else "not_enrolled"

    def site(self, device: str, source: str) -> Site:
        """Where ``source`` of an enrolled device is.

        A source nobody registered stands at the device's other sources, or else in the
        middle of the device's grid: an alarm is worth more than its exact place.
        """
        known = self.devices[device]
        site = known.sites.get(source)
        if site is None:
            site = self._unregistered(known, device, source)
            if len(known.sites) < MOST_SOURCES:
                known.sites[source] = site
        return site

    def _unregistered(self, known: Known, device: str, source: str) -> Site:
        near = next(iter(known.sites.values()), None)
        place = (near.lat, near.lon) if near else self.areas.centre(known.grid)
        if place is None:
            raise LookupError(f"grid of {device}: expected a known area, got {known.grid}")
        return Site(
            county=known.county,
            device=device,
            source=source,
            grid=known.grid,
            lat=place[0],
            lon=place[1],
            zh=source,
            en=source,
            community=self.community(device),
            town=self.areas.place(known.grid).town,
        )

    def community(self, device: str) -> str:
        """The community of an enrolled device: what work is split by; empty where there is none."""
        return self.areas.place(self.devices[device].grid).community


class Registries:
    """Makes the registry of each batch; belongs to one thread."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self._known: OrderedDict[str, Known] = OrderedDict()

    def read(self, conn: Connection, names: Iterable[str]) -> Registry:
        """What the ledger knows of the devices ``names``."""
        rows = [_Found(*row) for row in conn.execute(_DEVICES, {"names": list(names)})]
        stale = [row for row in rows if not self._fresh(row.device, row.enrolled_at)]
        if stale:
            self._load(conn, stale)
        found = {row.device: self._known[row.device] for row in rows}
        revoked = frozenset(row.device for row in rows if row.revoked_at is not None)
        while len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return Registry(self._areas, found, revoked)

    def spans(self, device: str) -> Spans | None:
        """What came of a device that was read lately; None for one that is not enrolled."""
        known = self._known.get(device)
        return known.spans if known else None

    def _fresh(self, device: str, enrolled_at: datetime) -> bool:
        known = self._known.get(device)
        if known is None or known.enrolled_at != enrolled_at:
            return False
        self._known.move_to_end(device)
        return True

    def _load(self, conn: Connection, rows: Sequence[_Found]) -> None:
        for row in rows:
            self._known[row.device] = Known(row.county, row.grid, row.enrolled_at)
            self._known.move_to_end(row.device)
        for part in conn.execute(_SOURCES, {"names": [row.device for row in rows]}):
            known = self._known[part.device]
            known.sites[part.name] = Site(
                county=known.county,
                device=part.device,
                source=part.name,
                grid=part.grid,
                lat=part.lat,
                lon=part.lon,
                zh=part.zh,
                en=part.en,
                zones=part.zones,
                community=self._areas.place(known.grid).community,
                town=self._areas.place(known.grid).town,
            )
