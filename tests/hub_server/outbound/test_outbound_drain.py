"""Draining: in order per incident, again after a failure, never doubled by its key."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.outbound.changes import Changes
from hub_server.outbound.drain import Drain, Message, Target
from hub_server.outbound.errors import DeliveryError, Refused, RetryLater
from hub_server.outbound.prune import prune_outbound
from hub_server.outbound.turns import LONGEST_RETRY_S, backoff_s
from tests.hub_server.serving import until
from tests.hub_server.world import World, make_world


@dataclass
class Receiver:
    """Fails as told, by incident."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    got: list[str] = field(default_factory=list)

    def __call__(self, message: Message) -> str:
        self.got.append(message.key)
        if left := self.fails.get(message.incident):
            raise left.pop(0)
        return ""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def drain_of(world: World, receiver: Receiver) -> Drain:
    return Drain(world.ledger, Target("county", receiver), Changes(), world.clock)


def open_two(world: World) -> None:
    world.open_incident("a", targets=("county",))
    world.open_incident("b", targets=("county",))


def test_delivered_once(world: World) -> None:
    open_two(world)
    receiver = Receiver()
    drain = drain_of(world, receiver)
    assert [drain.run_once(), drain.run_once()] == [2, 0]
    assert receiver.got == ["a:1", "b:2"]
    assert all(row["done_at"] for row in world.outbound_rows("county"))


def test_a_failure_holds_its_incident_alone_and_comes_again(world: World) -> None:
    from hub_server.outbound.enqueue import incident_changed

    open_two(world)
    with world.ledger.write() as conn:  # a second message of incident a, behind the first
        incident_changed(conn, "a", 2, ("county",), world.clock.now)
    receiver = Receiver({"a": [RetryLater("away"), RetryLater("away")]})
    drain = drain_of(world, receiver)
    drain.run_once()
    drain.run_once()
    assert receiver.got == ["a:1", "b:2"]
    world.clock.tick(1.6)  # the first back-off is 0.5 to 1.5 s
    drain.run_once()
    assert receiver.got == ["a:1", "b:2", "a:1"]
    world.clock.tick(0.9)  # the second one is at least 1 s
    assert drain.run_once() == 0
    world.clock.tick(3.1)
    assert [drain.run_once(), drain.run_once()] == [1, 1]
    assert receiver.got[3:] == ["a:1", "a:2"]
    [first, *_] = world.outbound_rows("county")
    assert (first["attempts"], first["error"]) == (3, "")


def test_refused_is_kept_shown_and_lets_the_next_pass(world: World) -> None:
    from hub_server.outbound.enqueue import incident_changed

    world.open_incident("a", targets=("county",))
    with world.ledger.write() as conn:
        conn.exec_driver_sql("UPDATE outbound SET key = 'a:0'")
        incident_changed(conn, "a", 1, ("county",), world.clock.now)
    receiver = Receiver({"a": [Refused("HTTP 400: no")]})
    drain = drain_of(world, receiver)
    assert [drain.run_once(), drain.run_once(), drain.run_once()] == [1, 1, 0]
    first, second = world.outbound_rows("county")
    assert (first["failed_at"], first["error"]) == (world.clock.now, "HTTP 400: no")
    assert second["done_at"]


@pytest.mark.parametrize("error", [DeliveryError("x"), ValueError("a bug")])
def test_a_bug_in_a_target_is_said_and_tried_again(world: World, error: Exception) -> None:
    world.open_incident("a", targets=("county",))
    drain = drain_of(world, Receiver({"a": [error]}))
    drain.run_once()
    [row] = world.outbound_rows("county")
    assert row["error"]
    assert row["failed_at"] is None
    world.clock.tick(2)
    drain.run_once()
    assert world.outbound_rows("county")[0]["done_at"]


def test_a_thread_is_woken_and_stops(world: World) -> None:
    receiver = Receiver()
    drain = drain_of(world, receiver)
    drain.start()
    world.open_incident("a", targets=("county",))
    drain.changes.signal()
    until(lambda: receiver.got)
    drain.stop()
    world.open_incident("b", targets=("county",))
    drain.changes.signal()
    assert receiver.got == ["a:1"]
    assert not drain._thread or not drain._thread.is_alive()


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_back_off_is_bounded(attempts: int, chance: float) -> None:
    assert 0.5 <= backoff_s(attempts, chance) <= 1.5 * LONGEST_RETRY_S
    assert backoff_s(attempts + 1, chance) >= backoff_s(attempts, chance)


def test_what_was_delivered_long_ago_goes_and_nothing_else(world: World) -> None:
    for name in ("done", "refused", "waiting"):
        world.open_incident(name, targets=("county",))
    fails: dict[str, list[Exception]] = {"refused": [Refused("no")], "waiting": [RetryLater("-")]}
    drain_of(world, Receiver(fails)).run_once()
    with world.ledger.write() as conn:
        world.clock.tick(30 * 86_400)
        assert prune_outbound(conn, world.clock.now) == 0
        world.clock.tick(1)
        assert prune_outbound(conn, world.clock.now) == 1
    assert [row["incident"] for row in world.outbound_rows("county")] == ["refused", "waiting"]
