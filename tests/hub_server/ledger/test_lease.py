"""One reader of a source at a time."""

import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub_server.ledger.engine import Ledger
from hub_server.ledger.lease import LEASE_S, Lease, LeaseHeldError
from tests.support.hub import NOW, make_ledger

LATER = NOW + timedelta(seconds=LEASE_S + 1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


def lease(ledger: Ledger, holder: str) -> Lease:
    return Lease(ledger, "ingest", holder)


def test_a_second_holder_is_told_who_holds_it(ledger: Ledger) -> None:
    assert lease(ledger, "a/1/x").take(NOW) is None
    held = lease(ledger, "b/2/y").take(NOW)
    assert held == ("a/1/x", NOW + timedelta(seconds=LEASE_S))


def test_the_holder_renews(ledger: Ledger) -> None:
    first = lease(ledger, "a/1/x")
    first.take(NOW)
    assert first.take(NOW + timedelta(seconds=5)) is None
    held = lease(ledger, "b/2/y").take(NOW + timedelta(seconds=LEASE_S + 1))
    assert held is not None


def test_what_ran_out_is_free(ledger: Ledger) -> None:
    lease(ledger, "a/1/x").take(NOW)
    assert lease(ledger, "b/2/y").take(LATER) is None


def test_who_lost_it_may_write_no_more(ledger: Ledger) -> None:
    first, second = lease(ledger, "a/1/x"), lease(ledger, "b/2/y")
    first.take(NOW)
    second.take(LATER)
    with ledger.write() as conn:
        second.check(conn)
        with pytest.raises(LeaseHeldError, match="b/2/y"):
            first.check(conn)


def test_released_is_free_at_once_but_only_by_its_holder(ledger: Ledger) -> None:
    first, second = lease(ledger, "a/1/x"), lease(ledger, "b/2/y")
    first.take(NOW)
    second.release()
    assert second.take(NOW) is not None
    first.release()
    assert second.take(NOW) is None


def test_a_holder_killed_on_this_machine_is_passed_over(ledger: Ledger) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    host = socket.gethostname()
    lease(ledger, f"{host}/{gone.pid}/x").take(NOW)
    assert lease(ledger, f"{host}/{os.getpid()}/y").take(NOW) is None


def test_a_living_holder_on_this_machine_is_not(ledger: Ledger) -> None:
    host = socket.gethostname()
    lease(ledger, f"{host}/{os.getppid()}/x").take(NOW)
    assert lease(ledger, f"{host}/{os.getpid()}/y").take(NOW) is not None
