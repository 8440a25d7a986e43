"""Whether an alert that was held back is what is left of one that people were told of.

A level that eases joins its case and opens none: people know already that it was worse. Held
back, it is a row like any other; that it eased stands in the row of the alert before it, which
ended at that moment for that reason.
"""

from sqlalchemy import Connection, RowMapping, select

from hub_server.ledger.tables import alerts

EASED, REPEATED = "eased", "repeated"
_FOLLOWED = (EASED, REPEATED)
_LONGEST = 500
"""Alerts looked back on; beyond, it counts as news: to hear twice is better than not at all."""


def only_eased(conn: Connection, row: RowMapping) -> bool:
    """Whether ``row`` of the alerts eased, or repeats what eased, from one with an incident."""
    eased, time = False, row["time"]
    for _ in range(_LONGEST):
        query = select(alerts.c.time, alerts.c.incident, alerts.c.end_cause).where(
            alerts.c.rule == row["rule"],
            alerts.c.ended_at == time,
            alerts.c.end_cause.in_(_FOLLOWED),
            alerts.c.device == row["device"],
            alerts.c.source == row["source"],
            alerts.c.zone == row["zone"],
        )
        before = conn.execute(query.limit(1)).one_or_none()
        if before is None:
            return False
        eased = eased or before.end_cause == EASED
        if before.incident is not None:
            return eased
        time = before.time
    return False
