"""Plays the inbox through rules in virtual time: nothing is written, memory does not grow with it.

The clock is that of the arrivals, as the inbox has them; ticks pass where the hub's journal says
that they did, so absence is judged as it was, and nothing is judged while no hub ran.
"""

import heapq
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from sqlalchemy import RowMapping, select

from hub_server.alerting.book import Draft
from hub_server.alerting.engine import Limits, evaluate, evaluate_tick
from hub_server.alerting.inputs import Input, Site, Tick
from hub_server.alerting.matcher import Told
from hub_server.alerting.rules import Rules
from hub_server.alerting.second import alert_inputs, arrivals_of, by_stage
from hub_server.alerting.silences import Kind, covering
from hub_server.alerting.state import KeyState
from hub_server.alerting.types import Alert
from hub_server.ingest.decode import decode
from hub_server.ingest.types import EventMessage, Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import inbox, receiving
from hub_server.pipeline import arrivals
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.registry import Registries, Registry
from hub_server.pipeline.work import Work
from hub_server.rule_sets.reading import RuleSet
from linli_contract import topics
from linli_contract.event_types import ENVELOPE_EVENT, ENVELOPE_HEALTH, ENVELOPE_READING
from linli_contract.payloads import Observation, Phase
from linli_contract.topics import Channel

PAGE = 1000
"""Messages read at once."""
MOST_OBSERVATIONS = 100_000
"""Observations whose beginning is remembered."""
TICK = timedelta(seconds=1)
MEAN = TICK / 2
"""Nobody wrote down when within its second a tick came: half way is nearest on the whole."""
Place = tuple[str, str]
Watch = Callable[[Input, datetime], None]
"""Sees each input with the hub's time."""


LaneOf = Callable[[str], str]
"""Community of a state → whose clock it goes by, where several pipelines have their own."""


def one_lane(_community: str) -> str:
    """Where one pipeline runs all rules."""
    return ""


class Memory:
    """The state of rules and when a tick may change it."""

    def __init__(self, lane_of: LaneOf = one_lane) -> None:
        self._lane_of = lane_of
        self._states: dict[Place, KeyState] = {}
        self._turns: dict[str, list[tuple[datetime, Place]]] = defaultdict(list)

    def get(self, rule: str, key: str) -> KeyState | None:
        """The newest state."""
        return self._states.get((rule, key))

    def clocks(self, device: str) -> set[str]:
        """None: what is replayed is bounded by what was kept."""
        return set()

    def adopt(self, draft: Draft) -> None:
        """Take over the changes of a draft on top of this."""
        for place, state in draft.changes.items():
            if state.empty:
                self._states.pop(place, None)
                continue
            self._states[place] = state
            if state.due is not None:
                heapq.heappush(self._turns[self._lane_of(state.community)], (state.due, place))

    def next_turns(self) -> dict[str, datetime]:
        """Lane → when a tick may change something."""
        return {lane: turns[0][0] for lane, turns in self._turns.items() if turns}

    def take(self, lane: str, now: datetime) -> list[Place]:
        """The places a tick of ``lane`` at ``now`` may change, each once."""
        found: dict[Place, None] = {}
        turns = self._turns[lane]
        while turns and turns[0][0] <= now:
            _, place = heapq.heappop(turns)
            state = self._states.get(place)
            if state is not None and state.due is not None and state.due <= now:
                found[place] = None
        return list(found)

    def again(self, lane: str, places: Sequence[Place], at: datetime) -> None:
        """Those of ``places`` that a tick left due are asked again at ``at``."""
        for place in places:
            state = self._states.get(place)
            if state is not None and state.due is not None and state.due < at:
                heapq.heappush(self._turns[lane], (at, place))

    def states(self, rule: str) -> dict[str, KeyState]:
        """By key."""
        return {key: state for (name, key), state in self._states.items() if name == rule}


class Player:
    """Plays what was received in [start, end].

    Args:
        rules: of ``found``, or some of them.
        watch: sees each input before the rules do.
        lane_of: whose clock each state goes by.
    """

    def __init__(
        self,
        ledger: Ledger,
        found: RuleSet,
        rules: Rules,
        limits: Limits,
        watch: Watch | None = None,
        lane_of: LaneOf = one_lane,
    ) -> None:
        self._ledger, self._rules, self._limits, self._watch = ledger, rules, limits, watch
        self._areas = Areas(found.areas)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.memory = Memory(lane_of)
        self.messages = self.skipped = 0
        """Messages played, and those that no device can be told of any more."""

    def play(self, start: datetime, end: datetime) -> Iterator[Alert]:
        """The alerts, in order of the hub's time."""
        self._clock = _Clock(self._ledger, start, end)
        registries = Registries(self._areas)
        for page in self._pages(start, end):
            with self._ledger.read() as conn:
                registry = registries.read(conn, {row["device"] for row in page})
            for row in page:
                yield from self._pass(row["received_at"])
                yield from self._arrive(row, registry)
        yield from self._pass(end)

    def _pages(self, start: datetime, end: datetime) -> Iterator[Sequence[RowMapping]]:
        last = -1
        while True:
            query = select(inbox).where(
                inbox.c.seq > last, inbox.c.received_at >= start, inbox.c.received_at <= end
            )
            with self._ledger.read() as conn:
                page = conn.execute(query.order_by(inbox.c.seq).limit(PAGE)).mappings().all()
            if not page:
                return
            last = page[-1]["seq"]
            yield page

    def _arrive(self, row: RowMapping, registry: Registry) -> Iterator[Alert]:
        message = _message(row, registry)
        if message is None:
            self.skipped += 1
            return
        self.messages += 1
        now = row["received_at"]
        work = Work([message], now, Draft(self.memory))
        one = arrivals.timed(message, work, registry, self._limits)
        items = list(arrivals.inputs_of(one, registry, self._is_first(message)))
        if self._watch:
            for item in items:
                self._watch(item, now)
        arrived = [arrivals.Arrival(item, one.clock) for item in items]
        alerts = evaluate(self._rules, work.draft, arrived, self._limits, now)
        alerts += self._over(alerts, work.draft, now)
        self.memory.adopt(work.draft)
        yield from alerts

    def _over(self, alerts: Sequence[Alert], draft: Draft, now: datetime) -> list[Alert]:
        """What rules over alerts make of ``alerts``; whether one was held back nobody asks here."""
        if not self._rules.second:
            return []
        items = alert_inputs(alerts, self._areas.names)
        if self._watch:
            for item in items:
                self._watch(item, now)
        return evaluate(self._rules, draft, arrivals_of(items), self._limits, now)

    def _is_first(self, message: EventMessage) -> bool:
        """Whether it begins an observation; one that was under way at the start does not."""
        seen = message.payload
        if not isinstance(seen, Observation):
            return False
        known = seen.observation_id in self._seen
        self._seen[seen.observation_id] = None
        self._seen.move_to_end(seen.observation_id)
        if len(self._seen) > MOST_OBSERVATIONS:
            self._seen.popitem(last=False)
        return not known and (seen.phase is Phase.START or seen.started_at >= self._clock.start)

    def _pass(self, until: datetime) -> Iterator[Alert]:
        """Let the hub's clock pass: a tick wherever one may change something."""
        while (found := self._clock.first(self.memory.next_turns())) is not None:
            lane, tick = found
            if tick.now > until:
                return
            due = self.memory.take(lane, tick.now)
            draft = Draft(self.memory)
            hushed = self._clock.hushed(tick.now)
            inputs, over = by_stage(self._rules, due)
            alerts = evaluate_tick(self._rules, draft, inputs, tick, self._limits, hushed)
            alerts += self._over(alerts, draft, tick.now)
            alerts += evaluate_tick(self._rules, draft, over, tick, self._limits, hushed)
            self.memory.adopt(draft)
            self.memory.again(lane, due, tick.now + MEAN)
            yield from alerts


_Journal = tuple[Sequence[RowMapping], list[datetime]]
"""Rows of one lane, and the newest tick until each."""


class _Clock:
    """When ticks passed, since when the hub received then, and where people were at work."""

    def __init__(self, ledger: Ledger, start: datetime, end: datetime) -> None:
        query = select(receiving).where(receiving.c.last >= start, receiving.c.first <= end)
        with ledger.read() as conn:
            self._rows = conn.execute(query.order_by(receiving.c.seq)).mappings().all()
            quiet = covering(conn, start, end)
        self._lanes: dict[str, _Journal] = {}
        self._maintenance = [one for one in quiet if one.kind is Kind.MAINTENANCE]
        self.start = start

    def first(self, turns: Mapping[str, datetime]) -> tuple[str, Tick] | None:
        """The lane whose tick comes first, of those that wait; None when none is known."""
        ticks = ((lane, self._tick(lane, at)) for lane, at in turns.items())
        known = [(lane, tick) for lane, tick in ticks if tick is not None]
        return min(known, key=lambda pair: (pair[1].now, pair[0]), default=None)

    def _tick(self, lane: str, at: datetime) -> Tick | None:
        """The first tick of ``lane`` from ``at`` on; None when no more is known to have run.

        A ledger that kept no journal then is taken to have received all along.
        """
        if not self._rows:
            return Tick(at + MEAN, self.start)
        found = self._lanes.get(lane)
        if found is None:
            # what named no lane was every pipeline's: of before workers wrote whose clock it is
            ours = [row for row in self._rows if row["lane"] in ("", lane)]
            found = ours, list(accumulate((row["last"] for row in ours), max))
            self._lanes[lane] = found
        rows, lasts = found
        place = bisect_left(lasts, at)
        if place == len(rows):
            return None
        row = rows[place]
        return Tick(max(row["first"], min(at + MEAN, row["last"])), row["since"])

    def hushed(self, now: datetime) -> Callable[[Site], bool]:
        """Whether a place was under maintenance."""
        found = [one for one in self._maintenance if one.covers(now)]

        def under(site: Site) -> bool:
            told = Told(device=site.device, source=site.source, grid=site.grid)
            return any(one.matcher.matches(told) for one in found)

        return under


def _message(row: RowMapping, registry: Registry) -> EventMessage | None:
    """The message of an inbox row; None when its device or its form is unknown by now."""
    device = row["device"]
    if device not in registry.devices:
        return None
    county, kind = registry.devices[device].county, row["type"]
    named = {ENVELOPE_READING: Channel.READING, ENVELOPE_HEALTH: Channel.HEALTH}
    channel = named.get(kind, Channel.EVENT)
    name = kind.removeprefix(ENVELOPE_EVENT) if channel is Channel.EVENT else ""
    topic = topics.build(county, device, channel, name)
    message = decode(Received(topic, row["payload"], row["received_at"]), county)
    return message if isinstance(message, EventMessage) else None
