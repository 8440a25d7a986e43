"""The clock: what counts as set."""

from datetime import UTC, datetime

from edge_agent import clock
from edge_agent.clock import RELEASED, Clock, Moment, boot_id, new_id


def test_a_plausible_time_is_enough_where_there_is_a_battery() -> None:
    now = Clock().now()
    assert now.clock_set
    assert now.wall > RELEASED
    assert now.boot == boot_id()


def test_without_a_battery_the_kernel_must_say_so(monkeypatch: object) -> None:
    for synchronised in (True, False):
        monkeypatch.setattr(clock, "synchronised", lambda s=synchronised: s)  # type: ignore[attr-defined]
        assert Clock(wait_for_ntp=True).now().clock_set is synchronised


def test_the_kernel_can_be_asked() -> None:
    assert clock.synchronised() in (True, False)


def test_the_anchor_is_when_the_monotonic_clock_was_zero() -> None:
    assert Moment(datetime(2026, 1, 1, tzinfo=UTC), 100.0).anchor == 1767225600 - 100


def test_ids_differ_and_grow_with_time() -> None:
    ids = [new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
