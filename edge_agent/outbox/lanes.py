"""What each lane of the outbox holds, for the heartbeat."""

import sqlite3

from edge_agent.clock import Moment
from edge_agent.outbox.draft import Lane
from linli_contract.payloads import LaneHealth


def lane_health(db: sqlite3.Connection, now: Moment) -> tuple[LaneHealth, ...]:
    """Every lane, most important first."""
    lost = dict(db.execute("SELECT lane, count FROM dropped").fetchall())
    return tuple(_of_lane(db, lane, int(lost.get(lane.label, 0)), now) for lane in Lane)


def _of_lane(db: sqlite3.Connection, lane: Lane, dropped: int, now: Moment) -> LaneHealth:
    query = "SELECT count(*), coalesce(sum(sent), 0), min(created_at) FROM rows WHERE lane = ?"
    total, sent, oldest = db.execute(query, (int(lane),)).fetchone()
    return LaneHealth(
        lane.label,
        waiting=int(total) - int(sent),
        sent=int(sent),
        dropped=dropped,
        oldest_s=round(max(0.0, now.wall.timestamp() - oldest), 1) if oldest else 0.0,
    )
