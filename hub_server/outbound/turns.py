"""Whose turn it is: in order per incident, and when a failed row comes again."""

from datetime import datetime

from sqlalchemy import Select, func, or_, select

from hub_server.ledger.tables import outbound

BATCH = 20
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 300.0


def backoff_s(attempts: int, chance: float) -> float:
    """Seconds to wait after ``attempts`` failures; ``chance`` in 0-1 spreads them over ±50 %.

    >>> backoff_s(1, 0.5), backoff_s(3, 0.5), backoff_s(100, 0.5)
    (1.0, 4.0, 300.0)
    """
    doubled: float = FIRST_RETRY_S * 2.0 ** min(attempts - 1, 30)
    return min(doubled, LONGEST_RETRY_S) * (0.5 + chance)


def due(target: str, now: datetime) -> Select[*tuple[object, ...]]:
    """Rows of ``target`` whose turn it is: none of their incident's earlier rows waits."""
    earlier = outbound.alias("earlier")
    blocked = select(func.count()).where(
        earlier.c.target == outbound.c.target,
        earlier.c.incident == outbound.c.incident,
        earlier.c.seq < outbound.c.seq,
        earlier.c.done_at.is_(None),
        earlier.c.failed_at.is_(None),
    )
    return (
        select(outbound)
        .where(
            outbound.c.target == target,
            outbound.c.done_at.is_(None),
            outbound.c.failed_at.is_(None),
            outbound.c.next_at <= now,
            or_(outbound.c.incident == "", blocked.scalar_subquery() == 0),
        )
        .order_by(outbound.c.seq)
        .limit(BATCH)
    )
