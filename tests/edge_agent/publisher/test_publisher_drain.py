"""PUBACKs are written down together; what a power cut forgets of them is only sent again."""

from pathlib import Path
from typing import cast

import pytest

from edge_agent.outbox import Lane
from edge_agent.publisher.drain import MARK_S, Drain
from edge_agent.publisher.session import Session
from tests.edge_agent.outbox.outbox_kit import START, draft, open_outbox

NOW = START.mono


class _Line:
    """What a drain sees of a session: room, and what the broker answered."""

    room = 20

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.refused: list[int] = []
        self.handed: list[int] = []

    def publish(self, sequence: int, topic: str, body: bytes, mono: float) -> None:
        self.handed.append(sequence)


def _drained(folder: Path, rows: int) -> tuple[Drain, _Line, Session]:
    _, outbox = open_outbox(folder)
    for _ in range(rows):
        outbox.append(draft(Lane.EVENTS), START)
    drain, line = Drain(outbox, "hub_ack"), _Line()
    session = cast(Session, line)
    drain.pump(session, NOW)
    return drain, line, session


def _marked(drain: Drain) -> int:
    return drain._outbox.lanes(START)[Lane.EVENTS].sent


def test_marks_wait_for_each_other(tmp_path: Path) -> None:
    drain, line, session = _drained(tmp_path, 6)
    for at, sequence in enumerate(line.handed):
        line.sent = [sequence]
        drain.note(session, NOW + at * MARK_S / 10)
    assert drain.counters.sent == 6
    assert _marked(drain) == 1  # the first at once, the others a little later together
    drain.note(session, NOW + MARK_S)
    assert _marked(drain) == 6


def test_the_end_of_a_connection_marks_what_is_left(tmp_path: Path) -> None:
    drain, line, session = _drained(tmp_path, 3)
    drain.mark(NOW)
    line.sent = list(line.handed)
    drain.note(session, NOW)
    assert _marked(drain) == 0
    drain.mark(NOW)
    assert _marked(drain) == 3


def test_a_process_that_ends_between_puback_and_mark_sends_again(tmp_path: Path) -> None:
    drain, line, session = _drained(tmp_path, 3)
    drain.mark(NOW)
    line.sent = list(line.handed)
    drain.note(session, NOW)
    _, again = open_outbox(tmp_path)
    assert [row.sequence for row in again.take(NOW, 10)] == [1, 2, 3]


@pytest.mark.parametrize("unmarked", [True, False])
def test_a_new_connection_sends_again_whether_marked_or_not(tmp_path: Path, unmarked: bool) -> None:
    drain, line, session = _drained(tmp_path, 3)
    if unmarked:
        drain.mark(NOW)
    line.sent = list(line.handed)
    drain.note(session, NOW)
    drain.begin()
    line.handed.clear()
    drain.pump(session, NOW)
    assert line.handed == [1, 2, 3]
