"""What is wished of a device, what is armed in it, and the commands it gets."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection, RowMapping, select

from hub_server.api.deps import Caretaker, Now, ServicesDep, technician
from hub_server.api.order_models import (
    CommandIn,
    CommandOf,
    DifferenceOf,
    RollBackIn,
    SwitchedOf,
    SwitchIn,
    TwinOf,
    WatchedOf,
    WishIn,
    WishOf,
)
from hub_server.api.problems import ApiProblem
from hub_server.auth.roles import Role
from hub_server.auth.users import User
from hub_server.devices import arming, desired, orders
from hub_server.devices.desired import By, UnknownDeviceError
from hub_server.devices.wish import differences
from hub_server.ledger.tables import sources

router = APIRouter(prefix="/devices/{device}", tags=["devices"])
Technician = Annotated[User, Depends(technician)]
_WISHES = (Role.TECHNICIAN, Role.ADMIN)
_SWITCHES = (*_WISHES, Role.OPERATOR)


@router.get("/twin", summary="What is wished of a device and what it reports")
def get_twin(device: str, user: Caretaker, parts: ServicesDep) -> TwinOf:
    """With the newest 20 wishes and what each zone does now."""
    with parts.ledger.read() as conn:
        return _twin(conn, _mine(conn, device, user), user)


@router.put("/twin", summary="Wish a configuration")
def put_twin(device: str, body: WishIn, user: Technician, parts: ServicesDep, at: Now) -> TwinOf:
    """The device checks it whole, tries it, and reports; ask again for what it says."""
    with parts.ledger.write() as conn:
        _mine(conn, device, user)
        desired.wish(conn, device, body.config, By(user.name, at, body.note))
        return _twin(conn, _mine(conn, device, user), user)


@router.post("/twin/rollback", summary="Wish an earlier configuration once more")
def post_rollback(
    device: str, body: RollBackIn, user: Technician, parts: ServicesDep, at: Now
) -> TwinOf:
    """As a version of its own."""
    with parts.ledger.write() as conn:
        _mine(conn, device, user)
        desired.roll_back(conn, device, body.version, By(user.name, at, body.note))
        return _twin(conn, _mine(conn, device, user), user)


@router.post("/arming", summary="Arm or disarm a zone or line")
def post_arming(
    device: str, body: SwitchIn, user: Caretaker, parts: ServicesDep, at: Now
) -> TwinOf:
    """For a time, or until it is ended."""
    asked = arming.Switch(body.camera, body.zone, body.armed, body.until)
    with parts.ledger.write() as conn:
        _mine(conn, device, user)
        arming.switch(conn, device, asked, By(user.name, at, body.note))
        return _twin(conn, _mine(conn, device, user), user)


@router.get("/commands", summary="The newest commands of a device")
def get_commands(device: str, user: Caretaker, parts: ServicesDep, at: Now) -> list[CommandOf]:
    """With what became of each."""
    with parts.ledger.read() as conn:
        _mine(conn, device, user)
        return [_command(row, at) for row in orders.commands_of(conn, device)]


@router.post("/commands", summary="Give a device a command", status_code=HTTPStatus.ACCEPTED)
def post_command(
    device: str, body: CommandIn, user: Technician, parts: ServicesDep, at: Now
) -> CommandOf:
    """It is done before it expires or not at all; ask for the answer by its id."""
    with parts.ledger.write() as conn:
        _mine(conn, device, user)
        by = By(user.name, at)
        command = orders.order(conn, device, body.name, body.args, body.expires_s, by)
        return _command(_one(conn, device, command), at)


@router.get("/commands/{command}", summary="One command and its answer")
def get_command(
    device: str, command: str, user: Caretaker, parts: ServicesDep, at: Now
) -> CommandOf:
    """``state`` is waiting or sent until there is an answer or it has expired."""
    with parts.ledger.read() as conn:
        _mine(conn, device, user)
        return _command(_one(conn, device, command), at)


def _mine(conn: Connection, device: str, user: User) -> RowMapping:
    """The row of an enrolled device in the person's area."""
    unknown = ApiProblem(HTTPStatus.NOT_FOUND, f"device: {device!r} is not in your area")
    try:
        row = desired.find_device(conn, device)
    except UnknownDeviceError:
        raise unknown from None
    if not user.sees(row["grid"]):
        raise unknown
    return row


def _one(conn: Connection, device: str, command: str) -> RowMapping:
    row = orders.find_command(conn, command)
    if row is None or row["device"] != device:
        raise ApiProblem(HTTPStatus.NOT_FOUND, f"command: {command!r} is none of this device")
    return row


def _twin(conn: Connection, row: RowMapping, user: User) -> TwinOf:
    wishes = desired.versions(conn, row["device"])
    last, told = next(iter(wishes), None), row["reported"]
    config = told.get("config") if told else None
    differ = differences(last["config"], config) if last and told else []
    return TwinOf(
        desired=_wish(last) if last else None,
        config=last["base"] if last else None,
        history=[_wish(one) for one in wishes],
        reported=config,
        in_force=told.get("in_force", told["version"]) if told else None,
        differences=[
            DifferenceOf.model_validate({"field": field, "desired": wished, "reported": now})
            for field, wished, now in differ
        ],
        zones=_zones(conn, row["device"], config),
        may_wish=user.role in _WISHES,
        may_switch=user.role in _SWITCHES,
    )


def _wish(row: RowMapping) -> WishOf:
    return WishOf.model_validate(dict(row))


def _zones(conn: Connection, device: str, config: object) -> list[WatchedOf]:
    found = conn.execute(select(sources.c.name, sources.c.zones).where(sources.c.device == device))
    names = {row.name: row.zones for row in found}
    switched = arming.switched(conn, device)
    rows = []
    for one in arming.watched(config):
        asked = switched.get((one.camera, one.zone))
        called = names.get(one.camera, {}).get(one.zone, {"zh": one.zone, "en": one.zone})
        rows.append(
            WatchedOf(
                **called,
                camera=one.camera,
                zone=one.zone,
                behaviours=list(one.behaviours),
                armed=one.armed,
                switched=SwitchedOf.model_validate(dict(asked)) if asked else None,
            )
        )
    return rows


def _command(row: RowMapping, at: Now) -> CommandOf:
    told = {"state": orders.state_of(row, at), "late": orders.is_late(row)}
    return CommandOf.model_validate({**row, **told})
