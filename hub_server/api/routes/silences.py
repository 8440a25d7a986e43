"""Silences and maintenance windows: list, add, end."""

import os
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import Connection, select

from hub_server.alerting.matcher import Matcher
from hub_server.alerting.silences import (
    SilenceError,
    Wish,
    add_silence,
    end_silence,
    list_silences,
)
from hub_server.api.deps import Caretaker, Now, ServicesDep
from hub_server.api.problems import ApiProblem
from hub_server.api.silence_models import SilenceIn, SilenceOf
from hub_server.auth.users import User
from hub_server.ledger.tables import areas

router = APIRouter(prefix="/silences", tags=["rules"])


@router.get("", summary="Silences and maintenance windows that are not over")
def get_silences(user: Caretaker, parts: ServicesDep, at: Now) -> list[SilenceOf]:
    """Those that reach into my area; the next to end first."""
    with parts.ledger.read() as conn:
        found = list_silences(conn, at)
    return [SilenceOf.of(one) for one in found if _reaches(one.matcher, user)]


@router.post("", summary="Add one: its alerts are kept, marked, and open nothing", status_code=201)
def post_silence(wish: SilenceIn, user: Caretaker, parts: ServicesDep, at: Now) -> SilenceOf:
    """Within my area only."""
    asked = Wish(
        wish.kind, _within(wish.matcher, user), wish.begins_at or at, wish.ends_at, wish.reason
    )
    try:
        with parts.ledger.write() as conn:
            return SilenceOf.of(add_silence(conn, asked, user.name, at, os.urandom(10)))
    except SilenceError as error:
        raise ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None


@router.post("/{silence}/end", summary="End one now")
def post_silence_end(silence: str, user: Caretaker, parts: ServicesDep, at: Now) -> SilenceOf:
    """404 when there is none in force."""
    try:
        with parts.ledger.write() as conn:
            ended = end_silence(conn, silence, user.name, at)
            _must_be_mine(conn, ended.matcher, user)
    except SilenceError as error:
        raise ApiProblem(HTTPStatus.NOT_FOUND, str(error)) from None
    return SilenceOf.of(ended)


def _within(matcher: Matcher, user: User) -> Matcher:
    """``matcher`` where the person may be silent; one that says no area means theirs."""
    if not matcher.area:
        return matcher.model_copy(update={"area": user.area})
    if not matcher.area.startswith(user.area):
        detail = f"area: expected one in yours ({user.area}), got {matcher.area!r}"
        raise ApiProblem(HTTPStatus.FORBIDDEN, detail)
    return matcher


def _reaches(matcher: Matcher, user: User) -> bool:
    return user.sees(matcher.area) or user.area.startswith(matcher.area)


def _must_be_mine(conn: Connection, matcher: Matcher, user: User) -> None:
    """One that says no area is of the whole county."""
    codes = [matcher.area] if matcher.area else conn.scalars(select(areas.c.code)).all()
    if not all(user.sees(code) for code in codes):
        found = repr(matcher.area) if matcher.area else "the county's"
        detail = f"silence: expected one in your area ({user.area}), got {found}"
        raise ApiProblem(HTTPStatus.FORBIDDEN, detail)
