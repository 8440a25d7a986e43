"""Wishes, arming and commands in the ledger: on both databases, in virtual time."""

import json
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import delete, select

from hub_server.devices import arming, desired, orders
from hub_server.devices.arming import Switch, end_overdue, switch, watched
from hub_server.devices.desired import By, UnknownDeviceError, line_up, roll_back
from hub_server.devices.orders import is_late, note_reply, order, state_of
from hub_server.devices.revoke import revoke
from hub_server.ingest.types import Received, StateMessage
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import audit, commands, device_messages, devices
from hub_server.pipeline import states
from linli_contract.payloads import Reply, TwinReported
from linli_settings import ConfigError
from tests.support.hub import NOW, decoded, make_ledger

BY = By("qian", NOW, "why")
DEVICE = "pi-0001"
TOPIC = f"linli/v1/330899/{DEVICE}/twin/desired"


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = make_ledger(ledger_url)
    yield made
    made.close()


def _zone(*behaviours: dict[str, object]) -> dict[str, object]:
    line = {"name": "door", "a": [0, 0], "armed": True}
    zone = {"name": "yard", "behaviours": list(behaviours)}
    return {"cameras": [{"name": "gate", "zones": [zone], "lines": [line]}]}


REPORTED = _zone({"type": "intrusion", "armed": True}, {"type": "crowd", "armed": True})


def report(
    ledger: Ledger, version: int, config: dict[str, object] = REPORTED, **told: object
) -> None:
    """As it comes from the device, through the pipeline's own stage."""
    payload = msgspec.json.encode(TwinReported(version, config, **told))
    topic = f"linli/v1/330899/{DEVICE}/twin/reported"
    [message] = decoded(Received(topic, payload, NOW))
    assert isinstance(message, StateMessage)
    with ledger.write() as conn:
        states.apply(conn, message, NOW)


def waiting(ledger: Ledger) -> list[tuple[str, dict[str, object] | None]]:
    with ledger.read() as conn:
        rows = conn.execute(select(device_messages).order_by(device_messages.c.seq)).mappings()
        return [(r["topic"], json.loads(r["payload"]) if r["payload"] else None) for r in rows]


def wish(ledger: Ledger, config: dict[str, object], by: By = BY) -> int:
    with ledger.write() as conn:
        return desired.wish(conn, DEVICE, config, by)


def state(ledger: Ledger, version: int) -> tuple[str, list[str]]:
    with ledger.read() as conn:
        rows = {row["version"]: row for row in desired.versions(conn, DEVICE)}
    return rows[version]["state"], rows[version]["errors"]


def test_a_hundred_versions_stay_and_the_last_the_device_took(ledger: Ledger) -> None:
    wish(ledger, {"log": {"level": "info"}})
    report(ledger, 1)
    for _ in range(desired.KEPT):
        wish(ledger, {"log": {"level": "debug"}})
    with ledger.read() as conn:
        kept = sorted(row["version"] for row in desired.versions(conn, DEVICE, 1000))
    assert kept == [1, *range(2, desired.KEPT + 2)]
    report(ledger, 4)
    wish(ledger, {"log": {"level": "debug"}})
    wish(ledger, {"log": {"level": "debug"}})
    with ledger.read() as conn:
        kept = sorted(row["version"] for row in desired.versions(conn, DEVICE, 1000))
    assert kept == list(range(4, desired.KEPT + 4))
    with ledger.write() as conn:
        roll_back(conn, DEVICE, 4, BY)


def test_a_wish_waits_to_be_sent_and_only_the_newest_does(ledger: Ledger) -> None:
    wish(ledger, {"log": {"level": "info"}})
    assert wish(ledger, {"log": {"level": "debug"}}) == 2
    assert waiting(ledger) == [(TOPIC, {"version": 2, "config": {"log": {"level": "debug"}}})]
    assert state(ledger, 1) == ("superseded", [])
    with ledger.read() as conn:
        found = conn.execute(select(audit)).mappings().all()
    assert [(row["actor"], row["action"]) for row in found] == [("qian", "desired")] * 2


def test_what_is_wrong_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(ConfigError):
        wish(ledger, {"broker": {}})
    with pytest.raises(UnknownDeviceError), ledger.write() as conn:
        desired.wish(conn, "pi-9999", {}, BY)
    assert waiting(ledger) == []


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([{"trial": True}], "trial"),
        ([{"trial": True}, {}], "applied"),
        ([{"ok": False, "errors": ("x: expected y, found z",)}], "refused"),
        (
            [{"trial": True}, {"ok": False, "errors": ("rolled back to 0",)}],
            "rolled_back",
        ),
        (
            [{"ok": False, "errors": ("rolled back to 1",)}],
            "rolled_back",
        ),
        ([{"trial": True}, {"ok": False, "errors": ("started 3 times",)}], "rolled_back"),
    ],
)
def test_what_the_device_says(ledger: Ledger, told: list[dict[str, object]], expected: str) -> None:
    version = wish(ledger, {})
    for one in told:
        report(ledger, version, **one)
    assert state(ledger, version) == (expected, list(told[-1].get("errors", ())))  # type: ignore[call-overload]


def test_a_version_the_ledger_does_not_know_changes_nothing_but_is_never_given_again(
    ledger: Ledger,
) -> None:
    report(ledger, 40)
    assert wish(ledger, {}) == 41


def test_back_to_the_last_that_was_taken(ledger: Ledger) -> None:
    good = wish(ledger, {"log": {"level": "info"}})
    report(ledger, good)
    bad = wish(ledger, {"log": {"level": "loud"}})
    report(ledger, bad, ok=False, errors=("no",))
    with ledger.write() as conn:
        assert roll_back(conn, DEVICE, None, BY) == 3
    assert waiting(ledger)[-1][1] == {"version": 3, "config": {"log": {"level": "info"}}}
    with ledger.write() as conn:
        assert roll_back(conn, DEVICE, 0, BY) == 4
    assert waiting(ledger)[-1][1] == {"version": 4, "config": {}}
    with ledger.write() as conn, pytest.raises(ConfigError, match="a version of this device"):
        roll_back(conn, DEVICE, 77, BY)


def test_after_a_new_connection_every_wish_is_sent_again_and_a_revoked_device_is_cleared(
    ledger: Ledger,
) -> None:
    wish(ledger, {})
    with ledger.write() as conn:
        conn.execute(delete(device_messages))
        line_up(conn)
    assert waiting(ledger) == [(TOPIC, {"version": 1, "config": {}})]
    with ledger.write() as conn:
        order(conn, DEVICE, "snapshot", {}, 30, BY)
        revoke(conn, DEVICE, "qian", NOW)
    assert waiting(ledger) == [(TOPIC, None)]
    with ledger.write() as conn:
        line_up(conn)
    assert waiting(ledger) == [(TOPIC, None)]


# ------------------------------------------------------------------ arming
OFF = Switch("gate", "yard", armed=False, until=NOW + timedelta(hours=2))


def _switch(ledger: Ledger, asked: Switch) -> dict[str, object]:
    with ledger.write() as conn:
        switch(conn, DEVICE, asked, BY)
    config = waiting(ledger)[-1][1]
    assert config is not None
    found = config["config"]
    assert isinstance(found, dict)
    return found


def test_disarmed_for_a_time_and_then_as_before(ledger: Ledger) -> None:
    report(ledger, 0)
    wish(ledger, {"log": {"level": "debug"}})
    both = {"intrusion": {"armed": False}, "crowd": {"armed": False}}
    zones = {"cameras": {"gate": {"zones": {"yard": {"behaviours": both}}}}}
    assert _switch(ledger, OFF) == {"log": {"level": "debug"}, **zones}
    assert end_overdue(ledger, NOW + timedelta(hours=1, minutes=59)) == 0
    assert end_overdue(ledger, NOW + timedelta(hours=2)) == 1
    assert waiting(ledger)[-1][1] == {"version": 3, "config": {"log": {"level": "debug"}}}
    with ledger.read() as conn:
        newest = desired.newest(conn, DEVICE)
    assert newest is not None
    assert (newest["author"], newest["note"]) == ("linli", "its time is over")


def test_a_county_that_is_armed_until_one_hour_is_ended_in_pieces(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arming, "PIECE", 1)
    report(ledger, 0)
    for zone in ("yard", "door"):
        with ledger.write() as conn:
            switch(conn, DEVICE, Switch("gate", zone, False, NOW + timedelta(hours=1)), BY)
    later = NOW + timedelta(hours=2)
    assert [end_overdue(ledger, later) for _ in range(3)] == [1, 1, 0]
    with ledger.read() as conn:
        assert arming.switched(conn, DEVICE) == {}


def test_a_new_wish_keeps_what_is_disarmed(ledger: Ledger) -> None:
    report(ledger, 0)
    _switch(ledger, OFF)
    wish(ledger, {"log": {"level": "debug"}})
    config = waiting(ledger)[-1][1]
    assert config is not None
    assert "cameras" in config["config"]  # type: ignore[operator]
    with ledger.read() as conn:
        newest = desired.newest(conn, DEVICE)
    assert newest is not None
    assert newest["base"] == {"log": {"level": "debug"}}


def test_a_line_and_two_behaviours_of_one_type(ledger: Ledger) -> None:
    twice = _zone({"type": "intrusion", "labels": ["person"]}, {"type": "intrusion", "armed": True})
    report(ledger, 0, twice)
    assert [(w.zone, w.behaviours) for w in watched(twice)] == [
        ("yard", ("intrusion", "intrusion")),
        ("door", ("line_crossing",)),
    ]
    line = _switch(ledger, Switch("gate", "door", armed=False))
    assert line == {"cameras": {"gate": {"lines": {"door": {"armed": False}}}}}
    rows = _switch(ledger, OFF)["cameras"]["gate"]["zones"]["yard"]["behaviours"]  # type: ignore[index]
    assert rows == [
        {"type": "intrusion", "labels": ["person"], "armed": False},
        {"type": "intrusion", "armed": False},
    ]


def test_what_cannot_be_switched(ledger: Ledger) -> None:
    report(ledger, 0)
    for asked, words in (
        (Switch("gate", "roof", armed=False), "gate/yard, gate/door"),
        (Switch("gate", "yard", armed=False, until=NOW), "a time to come"),
        (Switch("gate", "yard", armed=None), "one that was switched"),
    ):
        with pytest.raises(ConfigError, match=words), ledger.write() as conn:
            switch(conn, DEVICE, asked, BY)
    assert waiting(ledger) == []


def test_a_revoked_device_does_not_keep_the_clock_busy(ledger: Ledger) -> None:
    report(ledger, 0)
    _switch(ledger, OFF)
    with ledger.write() as conn:
        revoke(conn, DEVICE, "qian", NOW)
    assert end_overdue(ledger, NOW + timedelta(hours=3)) == 1
    assert end_overdue(ledger, NOW + timedelta(hours=3)) == 0
    with ledger.read() as conn:
        assert arming.switched(conn, DEVICE) == {}


# ------------------------------------------------------------------ commands
def _order(ledger: Ledger) -> str:
    with ledger.write() as conn:
        return order(conn, DEVICE, "snapshot", {"camera": "gate"}, 30, BY)


def _state(ledger: Ledger, command: str, after_s: float) -> tuple[str, bool]:
    with ledger.read() as conn:
        row = orders.find_command(conn, command)
    assert row is not None
    return state_of(row, NOW + timedelta(seconds=after_s)), is_late(row)


def _reply(ledger: Ledger, reply: Reply, after_s: float, device: str = DEVICE) -> None:
    with ledger.write() as conn:
        note_reply(conn, device, reply, NOW + timedelta(seconds=after_s))


def test_a_command_is_answered_late_or_not_at_all(ledger: Ledger) -> None:
    done, late, silent = _order(ledger), _order(ledger), _order(ledger)
    assert _state(ledger, done, 29) == ("waiting", False)
    _reply(ledger, Reply(done, ok=True, result={"camera": "gate"}), 2)
    _reply(ledger, Reply(done, ok=False, error="again"), 3)
    _reply(ledger, Reply(late, ok=False, error="expired at …"), 31)
    _reply(ledger, Reply(silent, ok=True), 1, device="pi-0002")
    assert _state(ledger, done, 60) == ("done", False)
    assert _state(ledger, late, 60) == ("refused", True)
    assert _state(ledger, silent, 29) == ("waiting", False)
    assert _state(ledger, silent, 30) == ("expired", False)


def test_commands_of_long_ago_go(ledger: Ledger) -> None:
    _order(ledger)
    with ledger.write() as conn:
        assert orders.prune_commands(conn, NOW + timedelta(days=179)) == 0
        assert orders.prune_commands(conn, NOW + timedelta(days=181)) == 1


def test_so_many_may_wait(ledger: Ledger) -> None:
    for _ in range(orders.MOST_WAITING):
        _order(ledger)
    with pytest.raises(ConfigError, match="wait already"):
        _order(ledger)
    with ledger.read() as conn:
        assert len(conn.execute(select(commands)).all()) == orders.MOST_WAITING


@pytest.mark.parametrize(
    ("name", "span"), [("a/b", 30.0), ("", 30.0), ("snapshot", 0.0), ("snapshot", 3601.0)]
)
def test_commands_that_cannot_be_sent(ledger: Ledger, name: str, span: float) -> None:
    with pytest.raises(ConfigError), ledger.write() as conn:
        order(conn, DEVICE, name, {}, span, BY)


def test_a_device_that_was_revoked_gets_nothing(ledger: Ledger) -> None:
    with ledger.write() as conn:
        conn.execute(devices.update().values(revoked_at=NOW))
    with pytest.raises(UnknownDeviceError):
        _order(ledger)


def test_a_device_that_is_enrolled_anew_gets_its_wish_again(ledger: Ledger) -> None:
    wish(ledger, {"log": {"level": "debug"}})
    with ledger.write() as conn:
        revoke(conn, DEVICE, "qian", NOW)
        conn.execute(devices.update().values(revoked_at=None))
        line_up(conn, DEVICE)
    assert waiting(ledger) == [(TOPIC, {"version": 1, "config": {"log": {"level": "debug"}}})]
