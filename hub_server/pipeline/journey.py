"""The hub's journey as one list: keep → evaluate → open → enqueue, in one transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hub_server.alerting.engine import evaluate, evaluate_tick
from hub_server.alerting.inputs import Tick
from hub_server.alerting.second import by_stage
from hub_server.alerting.silences import maintenance
from hub_server.ingest.types import device_of
from hub_server.ledger import counters
from hub_server.pipeline import observations, second_stage
from hub_server.pipeline.keep import keep
from hub_server.pipeline.opening import open_incidents
from hub_server.pipeline.points import add_points
from hub_server.pipeline.registry import Registries, Registry
from hub_server.pipeline.work import Parts, Work


def run_stages(conn: Connection, work: Work, parts: Parts, registries: Registries) -> None:
    """The journey, in order."""
    if parts.share is not None and parts.share.second:
        _run_second(conn, work, parts)
        return
    devices = {device_of(message) for message in work.batch}
    registry = registries.read(conn, devices)
    if parts.share is not None:
        mine = parts.share.of(work.batch, registry)
        work.counts["misrouted"] += len(work.batch) - len(mine)
        work.batch = mine
    keep(conn, work, registry, parts)
    work.laps.end("keep")
    work.alerts = evaluate(parts.rules, work.draft, work.arrivals, parts.limits, work.now)
    work.counts["inputs_early"] += work.draft.early
    work.laps.end("evaluate")
    told = open_incidents(conn, work, parts)
    second_stage.go_on(conn, work, parts, told)
    work.laps.end("open")
    add_points(conn, work.kept, work.alerts, registry, parts.areas)
    counters.add_all(conn, work.counts)
    work.laps.end("enqueue")


def _run_second(conn: Connection, work: Work, parts: Parts) -> None:
    """The journey of alerts that other workers handed over."""
    work.laps.end("keep")
    second_stage.take_in(conn, work, parts)
    work.laps.end("evaluate")
    add_points(conn, [], work.alerts, Registry(parts.areas, {}), parts.areas)
    counters.add_all(conn, work.counts)
    work.laps.end("enqueue")


def run_tick(
    conn: Connection, work: Work, tick: Tick, due: Sequence[tuple[str, str]], parts: Parts
) -> None:
    """The same journey for the hub's clock."""
    hushed = maintenance(conn, tick.now)
    inputs, over = by_stage(parts.rules, due)
    work.alerts = evaluate_tick(parts.rules, work.draft, inputs, tick, parts.limits, hushed)
    told = open_incidents(conn, work, parts)
    second_stage.go_on(conn, work, parts, told, (over, tick, hushed))
    ended = observations.end_overdue(conn, tick, parts.renew_s, parts.share)
    work.changed = work.changed or ended > 0
    add_points(conn, [], work.alerts, Registry(parts.areas, {}), parts.areas)
