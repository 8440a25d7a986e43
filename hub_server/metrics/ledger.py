"""Figures counted in the ledger's tables when they are asked for: every process shows the same."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from prometheus_client import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Select, func, select

from hub_server.alerting.matcher import Told
from hub_server.alerting.silences import Kind as SilenceKind
from hub_server.alerting.silences import covering
from hub_server.ledger.counters import read_all
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alerts_out,
    device_messages,
    devices,
    incidents,
    outbound,
    pictures,
    quarantine,
)
from hub_server.metrics.exposed import Row, counter, gauge
from hub_server.metrics.family import From, Kind
from hub_server.metrics.table import FAMILIES
from hub_server.pipeline.sequences import gaps

SLOW = timedelta(seconds=60)
"""What reads whole tables is read once in that time, however often it is asked for."""
COUNTERS = tuple(one.name for one in FAMILIES if one.of is From.LEDGER and one.kind is Kind.COUNTER)


class LedgerFigures(Collector):
    """Reads one snapshot each time."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._ledger, self._clock = ledger, clock
        self._slow: tuple[datetime, list[Metric]] | None = None

    def collect(self) -> Iterator[Metric]:
        """Raises:
        SQLAlchemyError: the ledger does not answer.
        """
        now = self._clock()
        with self._ledger.read() as conn:
            found = [*_counters(conn), *_cases(conn), *_outbound(conn, now), *_devices(conn, now)]
            if self._slow is None or not timedelta(0) <= now - self._slow[0] < SLOW:
                self._slow = (now, [*_quarantine(conn), *_pictures(conn), _size(conn)])
        yield from found
        yield from self._slow[1]


def _counters(conn: Connection) -> Iterator[Metric]:
    counted = read_all(conn)
    for name in COUNTERS:
        short = name.removeprefix("linli_").removesuffix("_total")
        yield counter(name, [((), counted.get(short, 0))])


def _cases(conn: Connection) -> Iterator[Metric]:
    query = select(incidents.c.state, func.count()).group_by(incidents.c.state)
    yield gauge("linli_incidents", _rows(conn, query))


def _outbound(conn: Connection, now: datetime) -> Iterator[Metric]:
    row = outbound.c
    waits, failed = row.done_at.is_(None) & row.failed_at.is_(None), row.failed_at.is_not(None)
    counts = [func.count().filter(waits), func.count().filter(failed)]
    oldest = func.min(row.created_at).filter(waits)
    query = select(row.target, *counts, oldest).group_by(row.target)
    found = [tuple(one) for one in conn.execute(query)]
    states: list[Row] = []
    for target, waiting, refused, _ in found:
        states += [((target, "waiting"), waiting), ((target, "failed"), refused)]
    yield gauge("linli_outbound", states)
    handed = select(func.count()).select_from(alerts_out)
    yield gauge("linli_alerts_out", [((), conn.scalar(handed) or 0)])
    ages: list[Row] = [((one[0],), _age(one[3], now)) for one in found]
    yield gauge("linli_outbound_oldest_seconds", ages)


def _devices(conn: Connection, now: datetime) -> Iterator[Metric]:
    ours = devices.c.revoked_at.is_(None)
    states = select(devices.c.state, func.count()).where(ours).group_by(devices.c.state)
    by_state = _rows(conn, states)
    yield gauge("linli_devices", by_state)
    yield gauge("linli_devices_enrolled", [((), sum(count for _, count in by_state))])
    yield gauge("linli_devices_maintenance", [((), _maintained(conn, now))])
    missing = gaps(conn, now)
    yield gauge("linli_devices_with_gaps", [((), len({gap.device for gap in missing}))])
    lost = sum(gap.last - gap.first + 1 for gap in missing)
    yield gauge("linli_messages_missing", [((), lost)])
    waiting = conn.scalar(select(func.count()).select_from(device_messages)) or 0
    yield gauge("linli_device_messages_waiting", [((), waiting)])


def _maintained(conn: Connection, now: datetime) -> int:
    found = [one for one in covering(conn, now, now) if one.kind is SilenceKind.MAINTENANCE]
    if not found:
        return 0
    query = select(devices.c.device, devices.c.grid).where(devices.c.revoked_at.is_(None))
    places = [Told(device=name, source=name, grid=grid) for name, grid in conn.execute(query)]
    return sum(any(one.matcher.matches(place) for one in found) for place in places)


def _quarantine(conn: Connection) -> Iterator[Metric]:
    held = quarantine.c
    query = select(held.reason, func.count()).group_by(held.reason)
    yield gauge("linli_quarantine_rows", _rows(conn, query))
    size = conn.scalar(select(func.sum(func.length(held.payload)))) or 0
    yield gauge("linli_quarantine_bytes", [((), float(size))])


def _pictures(conn: Connection) -> Iterator[Metric]:
    count, size = conn.execute(select(func.count(), func.sum(pictures.c.size))).one()
    yield gauge("linli_pictures", [((), count)])
    yield gauge("linli_pictures_bytes", [((), float(size or 0))])


def _size(conn: Connection) -> Metric:
    if conn.dialect.name == "postgresql":
        query = "SELECT pg_database_size(current_database())"
    else:
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    size = conn.exec_driver_sql(query).scalar_one()
    return gauge("linli_ledger_bytes", [((), float(size))])


def _rows(conn: Connection, query: Select[*tuple[str, int]]) -> list[Row]:
    return [((str(label),), float(count)) for label, count in conn.execute(query)]


def _age(time: datetime | None, now: datetime) -> float:
    return max(0.0, (now - time).total_seconds()) if time else 0.0
