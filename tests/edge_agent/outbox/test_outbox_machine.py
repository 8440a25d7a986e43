"""Whatever happens in whatever order: nothing is lost, nothing is deleted without the hub's word.

The machine plays broker, hub, crashes and reconnects against the real outbox on a real file.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_agent.outbox import Lane, Limits
from linli_contract.envelope import decode
from linli_contract.payloads import AckRange
from linli_contract.ranges import to_ranges
from tests.edge_agent.outbox.outbox_kit import START, after, draft, open_outbox

EPOCH = "epoch-1"


class Outboxes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.seconds = 0.0
        self.kept: dict[int, str] = {}  # sequence → id, of everything append returned
        self.at_hub: dict[int, str] = {}  # what the hub's ledger has
        self.acked: set[int] = set()
        self.on_the_way: list[tuple[int, str]] = []  # broker → hub
        self.taken: list[int] = []  # edge → broker, no PUBACK yet
        self.database, self.outbox = open_outbox(Path(self.folder.name), Limits(lane_window=5))

    @rule(lane=st.sampled_from(Lane))
    def append(self, lane: Lane) -> None:
        envelope = self.outbox.append(draft(lane), after(self.seconds))
        assert envelope.number not in self.kept
        self.kept[envelope.number] = envelope.id

    @rule(limit=st.integers(1, 8), arrives=st.booleans())
    def publish(self, limit: int, arrives: bool) -> None:
        rows = self.outbox.take(START.mono + self.seconds, limit)
        lanes = [row.lane for row in rows]
        assert lanes == sorted(lanes)
        for row in rows:
            assert row.sequence not in self.taken, "handed out twice on one connection"
            assert decode(row.body).id == self.kept[row.sequence]
            self.taken.append(row.sequence)
            if arrives:
                self.on_the_way.append((row.sequence, self.kept[row.sequence]))

    @rule(refused=st.booleans())
    def puback(self, refused: bool) -> None:
        mark = self.outbox.mark_refused if refused else self.outbox.mark_sent
        mark(self.taken, START.mono + self.seconds)
        self.taken = []

    @rule(count=st.integers(0, 5))
    def hub_keeps(self, count: int) -> None:
        for sequence, message_id in self.on_the_way[:count]:
            self.at_hub[sequence] = message_id
        del self.on_the_way[:count]

    @rule()
    def hub_acknowledges(self) -> None:
        ranges = [AckRange(EPOCH, a, b) for a, b in to_ranges(self.at_hub)]
        self.outbox.confirm([*ranges, AckRange("epoch-0", 1, 10**6)])
        self.acked |= set(self.at_hub)

    @rule()
    def broker_dies(self) -> None:
        self.on_the_way, self.taken = [], []
        self.outbox.reset()

    @rule()
    def edge_dies(self) -> None:
        # the old connection is left as a killed process leaves it: nothing is flushed
        self.taken = []
        self.database, self.outbox = open_outbox(
            Path(self.folder.name), Limits(lane_window=5), epoch="never"
        )

    @rule(seconds=st.sampled_from([1.0, 30.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    @invariant()
    def nothing_is_lost(self) -> None:
        with self.database.reading() as db:
            held = {int(row[0]) for row in db.execute("SELECT sequence FROM rows")}
        missing = set(self.kept) - held - set(self.at_hub)
        assert not missing, f"neither kept nor at the hub: {missing}"
        assert set(self.kept) - held <= self.acked, "deleted before the hub said so"

    def teardown(self) -> None:
        self._everything_arrives_in_the_end()
        self.database.close()
        self.folder.cleanup()

    def _everything_arrives_in_the_end(self) -> None:
        self.outbox.reset()
        later = START.mono + self.seconds + 61  # what was refused has waited
        while rows := self.outbox.take(later, 10):
            numbers = [row.sequence for row in rows]
            for row in rows:
                self.at_hub[row.sequence] = decode(row.body).id
            self.outbox.mark_sent(numbers, later)
            self.outbox.confirm([AckRange(EPOCH, n, n) for n in numbers])
        assert self.outbox.count() == 0
        assert self.at_hub == self.kept


TestOutboxes = Outboxes.TestCase
TestOutboxes.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
