"""Pictures in by idempotent PUT, out with every look in the audit log."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from hub_server.api.deps import Now, ServicesDep, SignedIn, Uploader
from hub_server.api.problems import ApiProblem
from hub_server.audit import note
from hub_server.incidents.views import may_see_picture
from hub_server.pictures import LARGEST, PictureError, record

router = APIRouter(prefix="/pictures", tags=["pictures"])
Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.put(
    "/{sha256}",
    summary="Upload a picture",
    status_code=HTTPStatus.CREATED,
    responses={200: {"description": "Known already"}, 413: {"description": "Too large"}},
)
async def put_picture(
    sha256: Sha256, request: Request, response: Response, who: Uploader, parts: ServicesDep, at: Now
) -> dict[str, str]:
    """The body is the JPEG whose SHA-256 the address names."""
    data = await _body(request)
    device, user = who

    def keep() -> bool:
        # The file is whole on the disk before the ledger says that the hub has it.
        parts.pictures.write(sha256, data)
        with parts.ledger.write() as conn:
            return record(conn, sha256, len(data), at, device=device, user=user)

    try:
        new = await run_in_threadpool(keep)
    except PictureError as error:
        field, _, detail = str(error).partition(": ")
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), {field: detail}) from None
    if new:
        parts.changes.signal()
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return {"sha256": sha256}


@router.get("/{sha256}", summary="Look at a picture", response_class=Response)
def get_picture(sha256: Sha256, user: SignedIn, parts: ServicesDep, at: Now) -> Response:
    """The JPEG; only of cases in my area, or my own. Every look is audited."""
    with parts.ledger.read() as conn:
        seen = may_see_picture(conn, sha256, user)
    data = parts.pictures.read(sha256) if seen else None
    if data is None:
        raise ApiProblem(HTTPStatus.NOT_FOUND, f"picture: {sha256} is not in your area")
    with parts.ledger.write() as conn:
        note(conn, at, user.name, "picture.look", sha256)
    return Response(data, media_type="image/jpeg")


async def _body(request: Request) -> bytes:
    """The whole body, never more than the largest picture and one chunk of it in memory."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "image/jpeg":
        detail = f"Content-Type: expected image/jpeg, got {kind or 'none'}"
        raise ApiProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST:
            detail = f"size: expected at most {LARGEST} bytes"
            raise ApiProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return bytes(data)
