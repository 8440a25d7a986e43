"""The API, put together from one router a file."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response

from hub_server.api.phone import add_phone, built_page
from hub_server.api.problems import ProblemBody, add_handlers, problem
from hub_server.api.routes import (
    changes,
    county,
    devices,
    figures,
    incidents,
    orders,
    pictures,
    probes,
    refused,
    registry,
    rules,
    session,
    silences,
)
from hub_server.api.security import SecurityHeaders
from hub_server.api.services import Services
from hub_server.metrics.ledger import LedgerFigures

PREFIX = "/api/v1"
_ROUTERS = (
    session.router,
    incidents.router,
    changes.router,
    pictures.router,
    registry.router,
    devices.router,
    orders.router,
    refused.router,
    rules.router,
    silences.router,
    figures.router,
    county.router,
)


def create_app(services: Services, people: bool = True) -> FastAPI:
    """The application; it starts nothing and holds nothing but ``services``.

    Without ``people`` it answers only the probes: a process that serves nobody is watched too.
    """
    app = FastAPI(
        title="Linli hub 邻里",
        summary="Cases of a county's grids: what was seen, who handles it, what the county knows",
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        # The interactive pages load scripts from the internet, which a county network has not.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses={"4XX": {"model": ProblemBody, "description": "A problem document"}},
    )
    app.state.services = services
    app.state.counted = LedgerFigures(services.ledger, services.clock)
    app.add_middleware(SecurityHeaders)
    add_handlers(app)
    app.include_router(probes.router)
    if not people:
        return app
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(_nothing_else(), prefix="/api")
    add_phone(app, services.phone_dir or built_page())
    return app


def _operation_id(route: APIRoute) -> str:
    """``get_incidents``: the function's own name, unique over all routers."""
    return route.name


def _nothing_else() -> APIRouter:
    """An unknown address under ``/api`` is a problem document, never the phone page."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(path: str) -> Response:
        return problem(404, f"/api/{path} is not an address of this API")

    return router
