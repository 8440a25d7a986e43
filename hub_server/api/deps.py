"""What routes ask for: the services, the signed-in person, a role, a device."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select

from hub_server.api.problems import ApiProblem
from hub_server.api.services import Services
from hub_server.auth.roles import Role
from hub_server.auth.tokens import TokenError, read_session
from hub_server.auth.users import User, find_user
from hub_server.devices.registry import DEVICE_TOKEN, token_hash
from hub_server.incidents.taps import Actor
from hub_server.ledger.tables import devices

_bearer = HTTPBearer(auto_error=False, description="From POST /session")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def services(request: Request) -> Services:
    """The parts behind the API."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


def now(parts: ServicesDep) -> datetime:
    """The moment of the request, UTC."""
    return parts.clock()


Now = Annotated[datetime, Depends(now)]


def _unauthorised(detail: str) -> ApiProblem:
    headers = {"WWW-Authenticate": "Bearer"}
    return ApiProblem(HTTPStatus.UNAUTHORIZED, detail, headers=headers)


def _token(credentials: _Credentials) -> str:
    if credentials is None:
        raise _unauthorised("sign in: no bearer token")
    return credentials.credentials


Token = Annotated[str, Depends(_token)]


def signed_in(token: Token, parts: ServicesDep, at: Now) -> User:
    """The person of the bearer token, as the ledger has them now."""
    try:
        name = read_session(token, parts.tokens, at)
    except TokenError as error:
        raise _unauthorised(str(error)) from None
    with parts.ledger.read() as conn:
        user = find_user(conn, name)
    if user is None:
        raise _unauthorised("this user may no longer sign in")
    return user


SignedIn = Annotated[User, Depends(signed_in)]


def actor(user: SignedIn) -> Actor:
    """The person as the incidents know them."""
    return Actor(user.name, user.role, user.area)


ActorDep = Annotated[Actor, Depends(actor)]


def _only(user: User, *roles: Role) -> User:
    if user.role not in roles:
        needed = ", ".join(roles)
        raise ApiProblem(HTTPStatus.FORBIDDEN, f"expected role {needed}, you are {user.role}")
    return user


def operator(user: SignedIn) -> User:
    """An operator or an admin."""
    return _only(user, Role.OPERATOR, Role.ADMIN)


def caretaker(user: SignedIn) -> User:
    """Who looks after devices: technician, operator or admin."""
    return _only(user, Role.TECHNICIAN, Role.OPERATOR, Role.ADMIN)


def technician(user: SignedIn) -> User:
    """Who configures devices: a technician or an admin."""
    return _only(user, Role.TECHNICIAN, Role.ADMIN)


def admin(user: SignedIn) -> User:
    """An admin."""
    return _only(user, Role.ADMIN)


Operator = Annotated[User, Depends(operator)]
Admin = Annotated[User, Depends(admin)]
Caretaker = Annotated[User, Depends(caretaker)]


def uploader(token: Token, parts: ServicesDep, at: Now) -> tuple[str, str]:
    """(device, person) of an upload; one of them is empty."""
    if not token.startswith(DEVICE_TOKEN):
        return "", signed_in(token, parts, at).name
    query = select(devices.c.device).where(
        devices.c.token_hash == token_hash(token), devices.c.revoked_at.is_(None)
    )
    with parts.ledger.read() as conn:
        device = conn.scalar(query)
    if device is None:
        raise _unauthorised("this device is not enrolled, or its token was revoked")
    return device, ""


Uploader = Annotated[tuple[str, str], Depends(uploader)]
