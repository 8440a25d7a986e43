"""Which parts are replaced and when systemd is no longer fed, in virtual time."""

import socket
from pathlib import Path

import pytest

from edge_agent.clock import Clock
from edge_agent.notify import Notifier
from edge_agent.pulse import Pulse
from edge_agent.watchdog import TRIES, Judge, Stage, Watchdog

NOW = Clock().now


def _stage(stalled_s: float, done: int = 0, replaceable: bool = True, name: str = "d") -> Stage:
    return Stage(name, done, stalled_s, 30.0, (lambda: None) if replaceable else None)


def _verdicts(judge: Judge, *stages: Stage) -> tuple[list[str], list[str]]:
    verdict = judge.look(stages)
    return [stage.name for stage in verdict.restart], list(verdict.hopeless)


def test_what_makes_progress_is_left_alone() -> None:
    assert _verdicts(Judge(), _stage(0.0), _stage(30.0, name="e")) == ([], [])


def test_what_hangs_is_replaced_alone_and_feeding_goes_on() -> None:
    assert _verdicts(Judge(), _stage(31.0), _stage(0.0, name="e")) == (["d"], [])


def test_what_hangs_however_often_it_is_replaced_is_hopeless() -> None:
    judge = Judge()
    for _ in range(TRIES):
        assert _verdicts(judge, _stage(31.0)) == (["d"], [])
        assert _verdicts(judge, _stage(5.0)) == ([], [])  # the new one, so far
    assert _verdicts(judge, _stage(31.0)) == ([], ["d"])


def test_one_step_of_progress_gives_all_tries_back() -> None:
    judge = Judge()
    for _ in range(TRIES):
        _verdicts(judge, _stage(31.0))
    assert _verdicts(judge, _stage(1.0, done=1)) == ([], [])
    assert _verdicts(judge, _stage(31.0, done=1)) == (["d"], [])


def test_what_cannot_be_replaced_is_hopeless_at_once_until_it_works() -> None:
    judge = Judge()
    assert _verdicts(judge, _stage(31.0, replaceable=False)) == ([], ["d"])
    assert _verdicts(judge, _stage(1.0, replaceable=False)) == ([], [])


def test_a_thread_that_was_not_started_owes_nothing() -> None:
    pulse = Pulse()
    assert pulse.silent_s(1000.0) == 0.0
    pulse.beat(1000.0)
    assert (pulse.count, pulse.silent_s(1007.0)) == (1, 7.0)


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "notify"))
    listener.settimeout(5)
    return listener


def _said(listener: socket.socket) -> list[str]:
    listener.setblocking(False)
    said = []
    try:
        while True:
            said.append(listener.recv(500).decode())
    except BlockingIOError:
        return said


def test_systemd_hears_it(tmp_path: Path, systemd: socket.socket) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    notifier.ready()
    notifier.feed()
    notifier.status("1 of 1 cameras")
    notifier.status("1 of 1 cameras")  # said once
    notifier.stopping()
    assert _said(systemd) == ["READY=1", "WATCHDOG=1", "STATUS=1 of 1 cameras", "STOPPING=1"]


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"linli-test-{id(object())}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listener.recv(100) == b"READY=1"


def test_nobody_listening_and_a_socket_that_is_gone_are_no_harm(tmp_path: Path) -> None:
    assert not Notifier({}).listened
    Notifier({}).ready()
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).feed()


def test_a_hopeless_part_stops_the_feeding_and_is_a_fault(
    tmp_path: Path, systemd: socket.socket
) -> None:
    stages = [_stage(0.0, name="e")]
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    watchdog = Watchdog(lambda _mono: stages, notifier, lambda: "fine", NOW)
    watchdog.turn()
    assert _said(systemd) == ["WATCHDOG=1", "STATUS=fine"]
    stages.append(_stage(31.0, replaceable=False))
    watchdog.turn()
    assert _said(systemd) == []
    assert watchdog.faults() == ("stalled: d",)
    del stages[1]
    watchdog.turn()
    assert _said(systemd) == ["WATCHDOG=1"]
    assert watchdog.faults() == ()


def test_a_look_that_fails_does_not_feed(tmp_path: Path, systemd: socket.socket) -> None:
    def stages(_mono: float) -> list[Stage]:
        raise RuntimeError("a bug")

    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    watchdog = Watchdog(stages, notifier, lambda: "fine", NOW, turn_s=0.01)
    watchdog.start()
    while not watchdog.faults():
        pass
    watchdog.stop()
    assert _said(systemd) == []
    assert watchdog.faults() == ("part_failed: watchdog: RuntimeError",)
