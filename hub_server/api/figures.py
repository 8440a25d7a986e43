"""Figures of the ledger, for ``/stats`` and ``/metrics`` alike."""

from sqlalchemy import Connection, func, select

from hub_server.api.models import OutboundOf, Stats
from hub_server.ledger.counters import read_all
from hub_server.ledger.tables import incidents, outbound

COUNTERS = ("received", "stored", "duplicates", "quarantined", "dropped")


def read_stats(conn: Connection) -> Stats:
    """What came in, the cases by state, and what waits to go out."""
    counted = read_all(conn)
    by_state = select(incidents.c.state, func.count()).group_by(incidents.c.state)
    return Stats(
        **{name: counted.get(name, 0) for name in COUNTERS},
        incidents={str(row[0]): int(row[1]) for row in conn.execute(by_state)},
        outbound=_outbound(conn),
    )


def _outbound(conn: Connection) -> dict[str, OutboundOf]:
    open_ = outbound.c.done_at.is_(None)
    waiting = func.count().filter(open_ & outbound.c.failed_at.is_(None))
    failed = func.count().filter(outbound.c.failed_at.is_not(None))
    query = select(outbound.c.target, waiting, failed).group_by(outbound.c.target)
    return {
        target: OutboundOf(waiting=waits, failed=refused)
        for target, waits, refused in conn.execute(query)
    }
