"""Messages made before the device knew the time.

Such a row keeps the boot and the anchor (wall clock minus monotonic clock) it was stamped with.
Once the clock is set in the same boot, every time in it moves by how far the anchor was wrong.
If that boot is over, or the clock does not come within ``PATIENCE_S``, it goes as it is, marked
estimated.
"""

import sqlite3
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from edge_agent.clock import Moment
from edge_agent.outbox.rows import ROW_OVERHEAD
from linli_contract.envelope import Envelope, decode, encode

PATIENCE_S = 600.0
_DATA_TIMES = ("started_at", "triggered_at", "ended_at")


def settle(db: sqlite3.Connection, now: Moment) -> int:
    """Give every row that can have it its final time; how many got it."""
    query = "SELECT sequence, body, created_at, boot, anchor FROM rows WHERE anchor IS NOT NULL"
    settled = 0
    for sequence, body, created_at, boot, anchor in db.execute(query).fetchall():
        verdict = _judge(now, boot, anchor, created_at)
        if verdict is None:
            continue
        envelope = move(decode(body), verdict.shift_s)
        final = encode(msgspec.structs.replace(envelope, timeestimated=verdict.estimated))
        db.execute(
            "UPDATE rows SET body = ?, size = ?, created_at = created_at + ?,"
            " boot = NULL, anchor = NULL WHERE sequence = ?",
            (final, len(final) + ROW_OVERHEAD, verdict.shift_s, sequence),
        )
        settled += 1
    return settled


class _Verdict(NamedTuple):
    shift_s: float
    estimated: bool


def _judge(now: Moment, boot: str, anchor: float, created_at: float) -> _Verdict | None:
    """What becomes of a row's time; None while waiting may still help."""
    if boot != now.boot:
        return _Verdict(0.0, estimated=True)
    if now.clock_set:
        return _Verdict(now.anchor - anchor, estimated=False)
    waited = now.mono - (created_at - anchor)
    return _Verdict(0.0, estimated=True) if waited > PATIENCE_S else None


def move(envelope: Envelope, seconds: float) -> Envelope:
    """The envelope with its capture time, and the times in its data, ``seconds`` later."""
    by = timedelta(seconds=seconds)
    data: dict[str, Any] = msgspec.json.decode(envelope.data)
    for name in _DATA_TIMES:
        if isinstance(value := data.get(name), str):
            data[name] = msgspec.convert(value, datetime, strict=False) + by
    raw = msgspec.Raw(msgspec.json.encode(data))
    return msgspec.structs.replace(envelope, time=envelope.time + by, data=raw)
