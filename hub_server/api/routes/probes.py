"""For machines: alive, ready, and figures in the Prometheus text format."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from hub_server.api.deps import ServicesDep
from hub_server.api.models import Alive, Health
from hub_server.api.services import Services
from hub_server.ledger import probe
from hub_server.metrics.exposed import gauge
from hub_server.metrics.ledger import LedgerFigures
from linli_settings import redact

log = structlog.get_logger("api")
router = APIRouter(tags=["probes"])


@router.get("/health", summary="Alive and ready", responses={503: {"model": Health}})
def get_health(parts: ServicesDep, response: Response) -> Health:
    """200 when every part is ready, else 503 and which is not."""
    found, hangs = _checks(parts), parts.alive()
    faults = {name: redact(fault) for name, fault in found.items() if fault}
    if hangs:
        faults["alive"] = hangs
    response.status_code = 503 if faults else 200
    checks = {name: not fault for name, fault in found.items()}
    return Health(alive=not hangs, ready=not faults, checks=checks, faults=faults)


@router.get("/health/alive", summary="Alive", responses={503: {"model": Alive}})
async def get_alive(parts: ServicesDep, response: Response) -> Alive:
    """200 while the process gets on, else 503: a supervisor starts it anew.

    Asks no ledger and takes no thread: those may be what hangs.
    """
    fault = parts.alive()
    response.status_code = 503 if fault else 200
    return Alive(alive=not fault, fault=fault)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def get_metrics(request: Request, parts: ServicesDep) -> Response:
    """Those of the ledger, which every process of the hub shows alike, and those of this one."""
    everything = _Everything(parts, request.app.state.counted)
    return Response(generate_latest(everything), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True)
class _Everything:
    parts: Services
    counted: LedgerFigures

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        ready = _checks(self.parts).items()
        yield gauge("linli_ready", [((name,), float(not fault)) for name, fault in ready])
        yield gauge("linli_alive", [((), float(not self.parts.alive()))])
        try:
            yield from list(self.counted.collect())
        except SQLAlchemyError as error:  # linli_ready says it; this process's figures go on
            log.warning("ledger not read for its figures", error=type(error).__name__)
        yield from self.parts.figures()


def _checks(parts: Services) -> Mapping[str, str]:
    return {"ledger": probe.fault(parts.ledger), **parts.checks()}
