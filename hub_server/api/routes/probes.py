"""For machines: alive and ready, and figures in the Prometheus text format."""

from collections.abc import Mapping

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)

from hub_server.api.deps import ServicesDep
from hub_server.api.figures import COUNTERS, read_stats
from hub_server.api.models import Health, Stats
from hub_server.ledger import probe
from hub_server.ledger.counters import read_all
from hub_server.pipeline.sequences import gaps
from linli_settings import redact

router = APIRouter(tags=["probes"])


@router.get("/health", summary="Alive and ready", responses={503: {"model": Health}})
def get_health(parts: ServicesDep, response: Response) -> Health:
    """200 when every part is ready, else 503 and which is not."""
    found = {"ledger": probe.fault(parts.ledger), **parts.checks()}
    faults = {name: redact(fault) for name, fault in found.items() if fault}
    response.status_code = 503 if faults else 200
    checks = {name: not fault for name, fault in found.items()}
    return Health(alive=True, ready=not faults, checks=checks, faults=faults)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def get_metrics(parts: ServicesDep) -> Response:
    """The figures of the ledger, read now: every process of the hub shows the same."""
    with parts.ledger.read() as conn:
        stats, counted = read_stats(conn), read_all(conn)
        missing = gaps(conn, parts.clock())
    registry = _registry(stats, counted)
    lost = Gauge("linli_messages_missing", "Sequences that never came", registry=registry)
    lost.set(sum(gap.last - gap.first + 1 for gap in missing))
    for name, value in parts.gauges().items():
        Gauge(f"linli_{name}", f"{name} of this process", registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _registry(stats: Stats, counted: Mapping[str, int]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for name in sorted({*COUNTERS, *counted}):  # what was dropped anywhere is a counter too
        counter = Counter(f"linli_{name}", f"Counter {name} of the ledger", registry=registry)
        counter.inc(counted.get(name, 0))
    cases = Gauge("linli_incidents", "Cases by state", ["state"], registry=registry)
    for state, count in stats.incidents.items():
        cases.labels(state).set(count)
    out = Gauge("linli_outbound", "Rows to go out", ["target", "state"], registry=registry)
    for target, rows in stats.outbound.items():
        out.labels(target, "waiting").set(rows.waiting)
        out.labels(target, "failed").set(rows.failed)
    return registry
