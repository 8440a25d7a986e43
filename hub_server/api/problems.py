"""Every error as ``application/problem+json`` (RFC 9457), with ``errors`` by field."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from hub_server.incidents.taps import ActionError, BadTap, NotNow, NotYours, UnknownIncident
from hub_server.ledger.engine import LedgerBusyError
from linli_settings import ConfigError

log = structlog.get_logger("api")
MEDIA_TYPE = "application/problem+json"
_STATUS: dict[type[ActionError], int] = {UnknownIncident: 404, NotYours: 403, NotNow: 409}


class ProblemBody(BaseModel):
    """What every error looks like."""

    type: str = Field(default="about:blank", description="A stable name of the kind of problem")
    title: str
    status: int
    detail: str = ""
    errors: dict[str, str] = Field(default={}, description="What is wrong, by field")


class ApiProblem(Exception):  # noqa: N818 - the standard's word
    """Raised by a route; becomes a problem document."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail = status, detail
        self.errors, self.headers = dict(errors or {}), dict(headers or {})
        super().__init__(detail)


def problem(
    status: int,
    detail: str,
    errors: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response itself."""
    title = HTTPStatus(status).phrase
    body = ProblemBody(title=title, status=status, detail=detail, errors=dict(errors or {}))
    return JSONResponse(
        body.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def add_handlers(app: FastAPI) -> None:
    """Answer every exception a route may raise, and those of the framework, as a problem."""

    @app.exception_handler(ApiProblem)
    async def api_problem(_request: Request, error: ApiProblem) -> Response:
        return problem(error.status, error.detail, error.errors, error.headers)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def validation(_request: Request, error: RequestValidationError) -> Response:
        errors = {_field(detail["loc"]): str(detail["msg"]) for detail in error.errors()}
        return problem(422, "the request does not fit", errors)

    @app.exception_handler(ActionError)
    async def action(_request: Request, error: ActionError) -> Response:
        if isinstance(error, BadTap):
            return problem(422, str(error), {error.field: str(error).partition(": ")[2]})
        return problem(_STATUS[type(error)], str(error))

    @app.exception_handler(ConfigError)
    async def config(_request: Request, error: ConfigError) -> Response:
        errors = {
            one.field: f"expected {one.expected}, found {one.found}" for one in error.problems
        }
        return problem(422, str(error), errors)

    @app.exception_handler(LedgerBusyError)
    async def busy(_request: Request, _error: LedgerBusyError) -> Response:
        return problem(503, "the ledger is busy, try again", headers={"Retry-After": "1"})

    @app.exception_handler(Exception)
    async def bug(_request: Request, error: Exception) -> Response:
        log.error("a route failed", exc_info=error)
        return problem(500, "the hub failed on this request; its log has the cause")


def _field(loc: tuple[int | str, ...]) -> str:
    """``('body', 'pictures', 0, 'kind')`` → ``pictures[0].kind``."""
    name = ""
    for part in loc[1:] or loc:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name
