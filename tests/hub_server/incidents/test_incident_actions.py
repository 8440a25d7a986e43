"""A person's tap on a real ledger."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub_server.auth.roles import Role
from hub_server.incidents.actions import Outcome, act
from hub_server.incidents.life import Action
from hub_server.incidents.taps import (
    Actor,
    BadTap,
    NotNow,
    NotYours,
    Tap,
    TapPicture,
    UnknownIncident,
)
from hub_server.ledger.tables import incident_pictures
from hub_server.pictures import record
from tests.hub_server.world import COUNTY, GRID, OTHER_GRID, World, make_world

OPERATOR = Actor("zhao", Role.OPERATOR, COUNTY)
WORKER = Actor("li", Role.WORKER, GRID)
BEFORE, AFTER = "a" * 64, "b" * 64
PAIR = (TapPicture(BEFORE, "handle_before"), TapPicture(AFTER, "handle_after"))
TARGETS = ("county", "console")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_world(tmp_path)
    made.open_incident(targets=TARGETS)
    with made.ledger.write() as conn:
        for sha256 in (BEFORE, AFTER):
            record(conn, sha256, 10, made.clock.now, user="li")
    return made


def tap(world: World, actor: Actor, action: str, key: str = "", **more: object) -> Outcome:
    made = Tap(Action(action), key or f"k{world.clock.now.timestamp()}", **more)  # type: ignore[arg-type]
    world.clock.tick(1)
    with world.ledger.write() as conn:
        return act(conn, "case-1", made, actor, TARGETS, world.clock.now)


def to_handling(world: World) -> None:
    tap(world, OPERATOR, "verify", result="exist")
    tap(world, OPERATOR, "register")
    tap(world, OPERATOR, "dispatch", worker="li")
    tap(world, WORKER, "acknowledge")


def test_the_whole_story(world: World) -> None:
    to_handling(world)
    assert tap(world, WORKER, "handle", pictures=PAIR).state == "pending_check"
    tap(world, OPERATOR, "check", result="pass")
    before = world.row("case-1")["change"]
    assert tap(world, OPERATOR, "close").state == "closed"
    row = world.row("case-1")
    assert (row["state"], row["closed_at"]) == ("closed", world.clock.now)
    assert row["change"] > before  # type: ignore[operator]
    assert world.steps_of("case-1") == [
        "report",
        "verify",
        "register",
        "dispatch",
        "acknowledge",
        "handle",
        "submit",
        "check",
        "close",
    ]


def test_each_step_is_queued_for_the_county_once(world: World) -> None:
    to_handling(world)
    tap(world, WORKER, "handle", pictures=PAIR)
    rows = world.outbound_rows("county")
    states = [row["payload"]["data"]["case"]["state"] for row in rows]  # type: ignore[index]
    assert states == [
        "pending_verify",
        "pending_register",
        "pending_dispatch",
        "pending_handle",
        "handling",
        "handle_finish",
        "pending_check",
    ]
    assert len({row["key"] for row in rows}) == len(rows)


def test_a_notice_only_where_somebody_must_act(world: World) -> None:
    to_handling(world)
    notices = [row["payload"] for row in world.outbound_rows("console")]
    assert [(n["kind"], n["to"]) for n in notices] == [  # type: ignore[index]
        ("report", ["zhao"]),
        ("dispatch", ["li"]),
    ]


def test_the_same_key_is_one_action(world: World) -> None:
    first = tap(world, OPERATOR, "verify", "one", result="exist")
    again = tap(world, OPERATOR, "verify", "one", result="exist")
    assert (again.step, again.repeated) == (first.step, True)
    assert world.steps_of("case-1") == ["report", "verify"]
    assert len(world.outbound_rows("county")) == 2


def test_a_key_of_another_action_is_refused(world: World) -> None:
    tap(world, OPERATOR, "verify", "one", result="exist")
    with pytest.raises(BadTap, match="key: was used for verify"):
        tap(world, OPERATOR, "register", "one")


def test_not_passed_goes_back_and_counts(world: World) -> None:
    to_handling(world)
    tap(world, WORKER, "handle", pictures=PAIR)
    assert tap(world, OPERATOR, "check", result="not_pass").state == "handling"
    assert world.row("case-1")["rework_count"] == 1
    tap(world, WORKER, "handle", pictures=PAIR)
    assert world.row("case-1")["check_result"] is None
    with pytest.raises(NotNow, match="passed check"):
        tap(world, OPERATOR, "close")


def test_resume_goes_back_to_where_it_was(world: World) -> None:
    tap(world, OPERATOR, "verify", result="exist")
    tap(world, OPERATOR, "register")
    tap(world, OPERATOR, "dispatch", worker="li")
    tap(world, OPERATOR, "suspend")
    assert tap(world, OPERATOR, "resume").state == "pending_handle"
    tap(world, WORKER, "acknowledge")
    tap(world, OPERATOR, "suspend")
    assert tap(world, OPERATOR, "resume").state == "handling"


def test_a_returned_case_is_nobodys(world: World) -> None:
    to_handling(world)
    tap(world, WORKER, "return", note="not my grid")
    assert world.row("case-1")["worker"] is None
    with pytest.raises(NotNow):
        tap(world, WORKER, "handle", pictures=PAIR)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ((), "at least one handle_before"),
        ((PAIR[0],), "at least one handle_after"),
        ((TapPicture(BEFORE, "handle_before"), TapPicture(BEFORE, "handle_after")), "different"),
        ((*PAIR, *[TapPicture(c * 64, "handle_after") for c in "cdef"]), "at most 4"),
        ((*PAIR, TapPicture("c" * 64, "selfie")), "expected a kind"),
        ((PAIR[0], TapPicture("c" * 64, "handle_after")), "not uploaded yet"),
    ],
)
def test_handle_needs_a_pair(world: World, pictures: tuple[TapPicture, ...], message: str) -> None:
    to_handling(world)
    with pytest.raises(BadTap, match=message):
        tap(world, WORKER, "handle", pictures=pictures)
    assert world.row("case-1")["state"] == "handling"
    with world.ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(incident_pictures)) == 0


@pytest.mark.parametrize("worker", ["nobody", "wang", "zhao", None])
def test_dispatch_needs_a_worker_of_the_grid(world: World, worker: str | None) -> None:
    tap(world, OPERATOR, "verify", result="exist")
    tap(world, OPERATOR, "register")
    with pytest.raises(BadTap, match="worker"):
        tap(world, OPERATOR, "dispatch", worker=worker)


def test_outside_the_area_there_is_no_case(world: World) -> None:
    with pytest.raises(UnknownIncident):
        tap(world, Actor("x", Role.OPERATOR, OTHER_GRID), "verify", result="exist")


def test_a_worker_does_not_verify(world: World) -> None:
    with pytest.raises(NotYours):
        tap(world, WORKER, "verify", result="exist")
    assert world.steps_of("case-1") == ["report"]
