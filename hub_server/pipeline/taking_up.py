"""Held alerts that nothing holds back any more and that have not ended: they open now.

A silence hides a gas alert for two hours; the gas is still there afterwards, so people must hear
of it. With each tick a piece of what is held is looked at, as if it fired at that moment. Those
that are free go through the door of new alerts, with their own time and reason; what only eased
from an alert that people were told of joins its case if that is open, as it would have. What an
alert opened is written in its row in the same transaction: it is taken up once, whatever stops
between.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection, RowMapping, exists, literal_column, select
from sqlalchemy.exc import OperationalError

from hub_server.alerting.easing import only_eased
from hub_server.alerting.holding import Held, hold_of
from hub_server.alerting.making import group_key
from hub_server.alerting.silences import Silence, covering
from hub_server.alerting.types import Alert, Reason
from hub_server.ledger import counters
from hub_server.ledger.engine import in_turn
from hub_server.ledger.tables import alerts, devices, inbox
from hub_server.pipeline import observations
from hub_server.pipeline.opening import mark, open_cases
from hub_server.pipeline.registry import Registries
from hub_server.pipeline.work import Parts, Work
from linli_contract import envelope as envelopes
from linli_contract.event_types import ENVELOPE_EVENT, Colour
from linli_contract.payloads import Observation

log = structlog.get_logger("pipeline")
PIECE = 100
"""Alerts looked at with one tick; the next tick goes on after them."""
_HELD = (
    select(alerts)
    .where(
        alerts.c.held != literal_column("''"),  # as the partial index says it
        alerts.c.incident.is_(None),
        alerts.c.ended_at.is_(None),
        # of one that was revoked nobody would say that it is over
        exists().where(devices.c.device == alerts.c.device, devices.c.revoked_at.is_(None)),
    )
    .order_by(alerts.c.id)
    .limit(PIECE)
)


_NOTHING = Held("", "")


class Waiting:
    """Goes round the held alerts of one pipeline, a piece a tick; belongs to its thread."""

    def __init__(self) -> None:
        self._after = ""
        """The last id looked at. A restart begins anew: that finds no less."""
        self._next = ""

    def news(self, conn: Connection, parts: Parts, now: datetime) -> bool:
        """Whether the next piece needs a write; if not, it has been looked at."""
        rows = self._piece(conn, parts)
        quiet = covering(conn, now, now) if rows else []
        if any(_held_by(conn, row, quiet, parts, now) != _was(row) for row in rows):
            return True
        self.done()
        return False

    def take_up(self, conn: Connection, work: Work, parts: Parts, registries: Registries) -> None:
        """Open those of the piece that nothing holds; note what holds the others by now."""
        in_turn(conn)
        rows = self._piece(conn, parts)
        quiet = covering(conn, work.now, work.now) if rows else []
        opened = 0
        for row in sorted(rows, key=lambda one: (one["time"], one["id"])):
            held = _held_by(conn, row, quiet, parts, work.now)  # the one before may hold this one
            if held is None:
                opened += _open(conn, row, work, parts, registries)
            elif held != _was(row):
                mark(conn, {}, {row["id"]: held})
        counters.add_all(conn, {"alerts_taken_up": opened})
        work.changed = work.changed or opened > 0

    def done(self) -> None:
        """The piece has been looked at, and what came of it is committed."""
        self._after = self._next

    def _piece(self, conn: Connection, parts: Parts) -> Sequence[RowMapping]:
        query = _HELD.where(alerts.c.id > self._after)
        if parts.share is not None:
            query = query.where(alerts.c.community.in_(sorted(parts.share.communities)))
        rows = list(conn.execute(query).mappings())
        self._next = rows[-1]["id"] if len(rows) == PIECE else ""
        return [row for row in rows if row["rule"] in parts.rules.known]


def _was(row: RowMapping) -> Held:
    return Held(row["held"], row["held_by"])


def _held_by(
    conn: Connection, row: RowMapping, quiet: Sequence[Silence], parts: Parts, now: datetime
) -> Held | None:
    """What would hold the alert back if it fired now."""
    return hold_of(conn, replace(_alert(row, parts), time=now), quiet, parts.rules)


def _open(
    conn: Connection, row: RowMapping, work: Work, parts: Parts, registries: Registries
) -> bool:
    """Let it open or join. One that cannot must not stop the clock of all others."""
    try:
        with conn.begin_nested():
            alert = _whole(conn, _alert(row, parts), registries)
            alert = replace(alert, eases=only_eased(conn, row))
            cases = open_cases(conn, [alert], work, parts)
            mark(conn, cases, {} if cases else {alert.id: _NOTHING})
            if alert.observation_id and cases:
                observations.link(conn, {alert.observation_id: cases[alert.id]})
    except OperationalError:
        raise
    except Exception:  # it stays held and is tried again; the log says why
        log.exception("held alert not taken up", alert=row["id"], rule=row["rule"])
        return False
    return bool(cases)


def _alert(row: RowMapping, parts: Parts) -> Alert:
    """As the ledger has it: without its place on the map and its pictures."""
    rule, reason = parts.rules.known[row["rule"]], row["reason"]
    alert = Alert(
        id=row["id"],
        rule=row["rule"],
        rules_version=row["rules_version"],
        type=row["type"],
        colour=Colour(row["colour"]),
        county=parts.county,
        community=row["community"],
        town=parts.areas.place(row["grid"]).town,
        device=row["device"],
        source=row["source"],
        zone=row["zone"],
        grid=row["grid"],
        lat=0.0,
        lon=0.0,
        time=row["time"],
        fired_at=row["fired_at"],
        late=row["late"],
        at_once=rule.spec.at_once,
        reason=Reason(reason["zh"], reason["en"], reason["values"]),
        event_id=row["event_id"],
        group_key="",
        observation_id=row["observation"],
        labels=row["labels"],
        held=row["held"],
    )
    return replace(alert, group_key=group_key(rule.spec.group.by, alert))


def _whole(conn: Connection, alert: Alert, registries: Registries) -> Alert:
    site = registries.read(conn, [alert.device]).site(alert.device, alert.source)
    return replace(alert, lat=site.lat, lon=site.lon, pictures=_pictures(conn, alert))


def _pictures(conn: Connection, alert: Alert) -> tuple[tuple[str, str], ...]:
    """Those of the message that it fired by, as long as its bytes are kept."""
    query = select(inbox.c.payload).where(
        inbox.c.device == alert.device,
        inbox.c.id == alert.event_id,
        inbox.c.type == ENVELOPE_EVENT + alert.type,
    )
    payload = conn.scalar(query) if alert.observation_id else None
    if not payload:
        return ()
    seen = envelopes.decode_data(envelopes.decode(payload), Observation)
    return tuple((picture.sha256, picture.kind) for picture in seen.pictures)
