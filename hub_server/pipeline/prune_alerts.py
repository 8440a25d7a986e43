"""Alerts, silences and versions of the rules that nobody needs any more, a piece a transaction.

An alert stays while it goes on and while its incident is not final, however old it is. A version
of the rules stays as long as an alert that is kept names it, for its reasons to be read.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from hub_server.incidents.life import FINAL
from hub_server.ledger import counters
from hub_server.ledger.tables import alerts, incidents, rule_sets, silences

PIECE = 500
MOST_SETS = 100
"""Versions of the rules that are kept in any case; as many as the list of them shows."""
_AT_WORK = (
    select(incidents.c.id)
    .where(incidents.c.id == alerts.c.incident, incidents.c.state.not_in(sorted(FINAL)))
    .exists()
)


def drop_alerts(conn: Connection, limit: datetime) -> int:
    """Drop a piece of the alerts that fired and ended before ``limit``; how many."""
    names: list[str] = []
    rule = ""
    while len(names) < PIECE:  # rule by rule: that is what the index leads with
        found = conn.scalar(select(func.min(alerts.c.rule)).where(alerts.c.rule > rule))
        if found is None:
            break
        rule = found
        old = (alerts.c.rule == rule) & (alerts.c.ended_at < limit) & (alerts.c.fired_at < limit)
        query = select(alerts.c.id).where(old, ~_AT_WORK).limit(PIECE - len(names))
        names += conn.scalars(query)
    if names:
        conn.execute(delete(alerts).where(alerts.c.id.in_(names)))
    return _count(conn, len(names))


def drop_silences(conn: Connection, limit: datetime) -> int:
    """Drop a piece of the silences that ended before ``limit``; how many."""
    old = select(silences.c.id).where(silences.c.ends_at < limit).limit(PIECE)
    gone = conn.execute(delete(silences).where(silences.c.id.in_(old)))
    return _count(conn, gone.rowcount)


def drop_rule_sets(conn: Connection) -> int:
    """Drop a piece of the versions beyond the newest that no alert names; how many.

    The one in force is the newest: never dropped.
    """
    order = (rule_sets.c.switched_at.desc(), rule_sets.c.time.desc(), rule_sets.c.hash)
    beyond = conn.scalars(select(rule_sets.c.hash).order_by(*order).offset(MOST_SETS)).all()
    if not beyond:
        return 0
    used = set(conn.scalars(select(alerts.c.rules_version).distinct()))
    gone = [name for name in beyond if name not in used][:PIECE]
    if gone:
        conn.execute(delete(rule_sets).where(rule_sets.c.hash.in_(gone)))
    return _count(conn, len(gone))


def _count(conn: Connection, gone: int) -> int:
    if gone:
        counters.add(conn, "pruned", gone)
    return gone
