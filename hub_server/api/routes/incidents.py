"""Cases: the list, one of them, and the actions people take."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query

from hub_server.api.deps import ActorDep, Now, ServicesDep
from hub_server.api.inputs import TapIn
from hub_server.api.models import Incident, IncidentDetail, IncidentPage
from hub_server.api.problems import ApiProblem
from hub_server.api.services import Services
from hub_server.audit import note
from hub_server.incidents.actions import act
from hub_server.incidents.life import State
from hub_server.incidents.taps import Actor, Tap, TapPicture
from hub_server.incidents.views import Wanted, find_incident, last_change, list_incidents

router = APIRouter(prefix="/incidents", tags=["incidents"])


@router.get("", summary="Cases in my area, newest change first")
def get_incidents(
    actor: ActorDep,
    parts: ServicesDep,
    at: Now,
    state: Annotated[list[State] | None, Query(description="Only these states")] = None,
    mine: Annotated[bool, Query(description="Only those dispatched to me")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(description="Only changes older than this")] = None,
) -> IncidentPage:
    """``last_change`` is where ``GET /changes`` goes on from."""
    states = tuple(one.value for one in state or ())
    wanted = Wanted(states, actor.name if mine else None, before, limit)
    with parts.ledger.read() as conn:
        rows, last = list_incidents(conn, actor.area, wanted, at), last_change(conn)
    return IncidentPage(items=[Incident.model_validate(row) for row in rows], last_change=last)


@router.get("/{incident}", summary="One case")
def get_incident(incident: str, actor: ActorDep, parts: ServicesDep, at: Now) -> IncidentDetail:
    """With its steps, pictures, alerts and the actions I may take now."""
    return _detail(parts, incident, actor, at)


@router.post("/{incident}/actions", summary="Take an action")
def post_action(
    incident: str,
    body: TapIn,
    actor: ActorDep,
    parts: ServicesDep,
    at: Now,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=64)],
) -> IncidentDetail:
    """The case after it. Repeating a call with the same key is one action."""
    pictures = tuple(TapPicture(one.sha256, one.kind) for one in body.pictures)
    tap = Tap(body.action, idempotency_key, body.result, body.worker, body.note, pictures)
    with parts.ledger.write() as conn:
        outcome = act(conn, incident, tap, actor, parts.targets, at)
        if not outcome.repeated:
            note(conn, at, actor.name, f"incident.{body.action}", incident)
    parts.changes.signal()
    return _detail(parts, incident, actor, at)


def _detail(parts: Services, incident: str, actor: Actor, at: datetime) -> IncidentDetail:
    with parts.ledger.read() as conn:
        view = find_incident(conn, incident, actor, at)
    if view is None:
        raise ApiProblem(HTTPStatus.NOT_FOUND, f"incident: {incident!r} is not in your area")
    return IncidentDetail.model_validate(view)
