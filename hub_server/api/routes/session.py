"""Signing in, and who I am. The routes are plain functions: hashing runs in a worker thread."""

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request

from hub_server.api.deps import Now, ServicesDep, SignedIn
from hub_server.api.inputs import LinkIn, SignIn
from hub_server.api.models import Person, Session
from hub_server.api.problems import ApiProblem
from hub_server.api.services import Services
from hub_server.audit import note
from hub_server.auth.attempts import limits_of
from hub_server.auth.tokens import TokenError, make_session, read_link_code
from hub_server.auth.users import User, check_password, find_user

router = APIRouter(tags=["session"])
_NOT_YOU = "name or password is wrong"


@router.post("/session", summary="Sign in with name and password")
def sign_in(body: SignIn, request: Request, parts: ServicesDep, at: Now) -> Session:
    """A session token. Too many failures pause it for five minutes."""
    address = request.client.host if request.client else ""
    limits = limits_of(body.name, address)
    if wait := parts.attempts.wait_s(limits, at):
        headers = {"Retry-After": str(int(wait) + 1)}
        raise ApiProblem(HTTPStatus.TOO_MANY_REQUESTS, "too many failures", headers=headers)
    with parts.ledger.read() as conn:
        user = check_password(conn, body.name, body.password)
    if user is None:
        parts.attempts.failed(limits, at)
        _note(parts, at, body.name, "sign_in_failed")
        raise ApiProblem(HTTPStatus.UNAUTHORIZED, _NOT_YOU)
    parts.attempts.succeeded(body.name, address)
    return _session(parts, user, at, "sign_in")


@router.post("/session/link", summary="Sign in with the code of a sign-in link")
def sign_in_by_link(body: LinkIn, parts: ServicesDep, at: Now) -> Session:
    """A session token; the code is signed and short-lived."""
    try:
        name = read_link_code(body.code, parts.tokens, at)
    except TokenError as error:
        raise ApiProblem(HTTPStatus.UNAUTHORIZED, f"the sign-in link: {error}") from None
    with parts.ledger.read() as conn:
        user = find_user(conn, name)
    if user is None:
        raise ApiProblem(HTTPStatus.UNAUTHORIZED, "this user may no longer sign in")
    return _session(parts, user, at, "sign_in_by_link")


@router.get("/me", summary="Who I am")
def me(user: SignedIn) -> Person:
    """The signed-in person."""
    return _person(user)


def _session(parts: Services, user: User, at: datetime, action: str) -> Session:
    token, expires_at = make_session(user.name, parts.tokens, at)
    _note(parts, at, user.name, action)
    return Session(token=token, expires_at=expires_at, user=_person(user))


def _note(parts: Services, at: datetime, name: str, action: str) -> None:
    with parts.ledger.write() as conn:
        note(conn, at, name, action, "session")


def _person(user: User) -> Person:
    return Person.model_validate(vars(user))
