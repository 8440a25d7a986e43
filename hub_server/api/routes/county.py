"""The county centre's signed callback: what became of a case there."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ValidationError

from hub_server.api.deps import Now, ServicesDep
from hub_server.api.problems import ApiProblem
from hub_server.county_link.callback import Callback, UnknownCase, take_callback
from hub_server.county_link.signing import SignatureError, verify

router = APIRouter(prefix="/county", tags=["county"])
LARGEST = 64_000


class Receipt(BaseModel):
    """The answer in the centre's own envelope."""

    code: int = 0
    msg: str = "ok"
    datas: dict[str, str] = {}


@router.post("/callback", summary="Signed status changes from the county data centre")
async def post_callback(request: Request, parts: ServicesDep, at: Now) -> Receipt:
    """Verified by signature, clock and nonce; a repeated id changes nothing."""
    body = await _body(request)
    if parts.county is None:
        raise ApiProblem(HTTPStatus.NOT_FOUND, "no county link is configured")
    try:
        nonce = verify(parts.county, request.headers, body, at)
    except SignatureError as error:
        raise ApiProblem(HTTPStatus.UNAUTHORIZED, str(error)) from None
    callback, window_s = _read(body), parts.county.window_s

    def take() -> None:
        with parts.ledger.write() as conn:
            take_callback(conn, callback, nonce, window_s, at)

    try:
        await run_in_threadpool(take)
    except SignatureError as error:
        raise ApiProblem(HTTPStatus.UNAUTHORIZED, str(error)) from None
    except UnknownCase as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, str(error)) from None
    parts.changes.signal()
    return Receipt(datas={"incident": callback.incident})


def _read(body: bytes) -> Callback:
    try:
        return Callback.model_validate_json(body)
    except ValidationError as error:
        fields = {".".join(map(str, one["loc"])): one["msg"] for one in error.errors()}
        detail = "the callback does not fit"
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, fields) from None


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST:
            raise ApiProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST} bytes")
    return bytes(data)
