"""A command of the hub is done once: when it comes twice, and when the agent was restarted."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge_agent.outbox import CommandLog, Database
from edge_agent.outbox import commands as log_module
from edge_agent.remote import INTERRUPTED, CommandError, Commands, Handler
from linli_contract.payloads import Command, Reply
from tests.edge_agent.outbox.outbox_kit import SOURCE, START
from tests.edge_agent.publisher.publisher_kit import eventually


class Process:
    """One run of the agent with the outbox in ``folder``."""

    def __init__(self, folder: Path, handler: Handler | None = None) -> None:
        self.database = Database(folder / "outbox.sqlite", SOURCE, lambda: "epoch-1")
        self.done: list[dict[str, object]] = []
        self.replies: list[Reply] = []
        handlers = {"test_event": handler or self._do}
        log = CommandLog(self.database)
        self.commands = Commands(handlers, log, self.replies.append, lambda: START)

    def _do(self, args: dict[str, object]) -> dict[str, object]:
        self.done.append(args)
        return {"number": len(self.done)}

    def give(self, identity: str, name: str = "test_event", expires_in: float = 60.0) -> Reply:
        expires = START.wall + timedelta(seconds=expires_in)
        self.commands.handle(name, Command(identity, name, expires, {"id": identity}))
        return self.replies[-1]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path)
    yield made
    made.database.close()


def again(before: Process, handler: Handler | None = None) -> Process:
    before.database.close()
    return Process(before.database.file.parent, handler)


def test_a_command_that_comes_twice_is_done_once_and_answered_twice(process: Process) -> None:
    first = process.give("c-1")
    assert first == Reply("c-1", ok=True, result={"number": 1})
    assert process.give("c-1") == first
    assert process.done == [{"id": "c-1"}]


def test_nor_is_it_done_again_after_a_restart(process: Process) -> None:
    first = process.give("c-1")
    restarted = again(process)
    assert restarted.give("c-1") == first
    assert restarted.done == []
    assert restarted.give("c-2").ok
    assert restarted.done == [{"id": "c-2"}]


def test_one_in_whose_middle_the_agent_ended_is_not_done_again(tmp_path: Path) -> None:
    def killed(args: dict[str, object]) -> dict[str, object]:
        raise KeyboardInterrupt  # as SIGKILL: no code of ours runs after it

    dying = Process(tmp_path, killed)
    with pytest.raises(KeyboardInterrupt):
        dying.give("c-1")
    restarted = again(dying)
    assert restarted.give("c-1") == Reply("c-1", ok=False, error=INTERRUPTED)
    assert restarted.done == []


def test_a_refusal_is_the_answer_too(process: Process) -> None:
    def refuse(args: dict[str, object]) -> dict[str, object]:
        raise CommandError("no picture: the lens is covered")

    refusing = again(process, refuse)
    said = refusing.give("c-1")
    assert said == Reply("c-1", ok=False, error="no picture: the lens is covered")
    assert again(refusing).give("c-1") == said


@pytest.mark.parametrize(
    ("name", "expires_in", "error"),
    [("reboot", 60.0, "name: expected one of test_event"), ("test_event", -1.0, "expired at")],
)
def test_one_that_cannot_be_done_is_not(
    process: Process, name: str, expires_in: float, error: str
) -> None:
    said = process.give("c-1", name, expires_in)
    assert not said.ok
    zh, en = said.error.split(" · ")
    assert en.startswith(error)
    assert re.search("[\u4e00-\u9fff]{2}", zh)
    assert process.done == []


def test_a_done_command_that_has_expired_since_keeps_its_answer(process: Process) -> None:
    first = process.give("c-1")
    assert process.give("c-1", expires_in=-1.0) == first


def test_the_newest_are_remembered(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "REMEMBERED", 3)
    for number in range(10):
        process.give(f"c-{number}")
    with process.database.reading() as db:
        kept = [row[0] for row in db.execute("SELECT id FROM commands ORDER BY number")]
    assert kept == ["c-7", "c-8", "c-9"]


def test_what_cannot_be_noted_is_not_done_and_said(process: Process) -> None:
    process.database.close()
    said = process.give("c-1")
    assert not said.ok
    assert said.error.startswith("设备无法记录，没有执行 · the device cannot note it: ")
    assert process.done == []


def test_what_is_done_but_cannot_be_noted_so_is_answered_as_done(tmp_path: Path) -> None:
    def last(args: dict[str, object]) -> dict[str, object]:
        made.database.close()
        return {"number": 7}

    made = Process(tmp_path, last)
    assert made.give("c-1") == Reply("c-1", ok=True, result={"number": 7})


def test_a_command_that_goes_wrong_does_not_keep_the_next_from_its_turn(process: Process) -> None:
    process.give("c-1")
    with process.database.transaction() as db:
        db.execute("UPDATE commands SET reply = ?", (b"damaged",))
    process.commands.start()
    for identity in ("c-1", "c-2"):
        expires = START.wall + timedelta(seconds=60)
        command = Command(identity, "test_event", expires, {"id": identity})
        process.commands.offer("test_event", msgspec.json.encode(command))
    eventually(lambda: len(process.replies) == 3, "both are answered", 10)
    process.commands.stop(5)
    _, damaged, after = process.replies
    assert not damaged.ok
    assert "failed: DecodeError" in damaged.error
    assert after.ok
    assert process.done == [{"id": "c-1"}, {"id": "c-2"}]


def test_an_outbox_of_before_gets_the_table(process: Process) -> None:
    with process.database.transaction() as db:
        db.execute("DROP TABLE commands")
    assert again(process).give("c-1").ok
