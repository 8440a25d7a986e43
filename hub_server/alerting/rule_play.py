"""Plays a rule test in virtual time: inputs as they arrive, a tick every second."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.engine import Arrival, Limits, evaluate, evaluate_tick
from hub_server.alerting.inputs import (
    JUDGED,
    HeartbeatInput,
    Input,
    MeasurementInput,
    ObservationInput,
    Phase,
    Site,
    Tick,
    arrived_at,
)
from hub_server.alerting.rule_cases import Case, HeartbeatStep, ObservationStep, ReadingStep, Step
from hub_server.alerting.rules import Rules
from hub_server.alerting.second import alert_inputs, arrivals_of, by_stage, nameless
from hub_server.alerting.state import KeyState, from_json, to_json
from hub_server.alerting.types import Alert, Ended

RENEW_S = 60.0
"""How often a device renews an observation under way."""
COMMUNITY_DIGITS, TOWN_DIGITS = 12, 9
_Arriving = tuple[float, Input]


@dataclass
class Told:
    """What came of a test."""

    alerts: list[Alert] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


@dataclass
class _Memory:
    """State of rules for one test."""

    told: Told
    states: dict[tuple[str, str], KeyState] = field(default_factory=dict)
    clocks: dict[str, datetime] = field(default_factory=dict)

    def get(self, rule: str, key: str) -> KeyState | None:
        return self.states.get((rule, key))

    def put(self, rule: str, key: str, state: KeyState) -> None:
        self.states[rule, key] = state

    def end(self, ended: Ended) -> None:
        self.told.ended.append(ended)

    def note_early(self, count: int) -> None:
        """Nobody counts in a test."""

    def due(self, now: datetime) -> list[tuple[str, str]]:
        return [place for place, state in self.states.items() if state.due and state.due <= now]

    def restart(self) -> None:
        """Only what the ledger holds is left."""
        self.states = {place: from_json(to_json(state)) for place, state in self.states.items()}


class Play:
    """One test on its way."""

    def __init__(self, case: Case, rules: Rules, limits: Limits) -> None:
        self._case = case
        self._rules = rules
        self._limits = limits
        self._told = Told()
        self._memory = _Memory(self._told)

    def run(self) -> Told:
        """The alerts and ends, in order."""
        case, memory = self._case, self._memory
        queue = sorted(self._inputs(), key=lambda pair: pair[0])
        end = max([case.until or 0.0, *(at for at, _ in queue)])
        for second in range(int(end) + 1):
            if second in case.restarts:
                memory.restart()
            now = self._at(second)
            while queue and queue[0][0] <= second:
                self._arrive(queue.pop(0)[1], now)
            tick = Tick(
                now, self._at(case.receiving_from) if second >= case.receiving_from else None
            )
            inputs, over = by_stage(self._rules, memory.due(now))
            self._tell(evaluate_tick(self._rules, memory, inputs, tick, self._limits), now)
            self._told.alerts += evaluate_tick(self._rules, memory, over, tick, self._limits)
        return self._told

    def _tell(self, alerts: Sequence[Alert], now: datetime) -> None:
        """Alerts of rules over inputs, and what rules over alerts make of them."""
        arrived = arrivals_of(alert_inputs(alerts, nameless))
        self._told.alerts += alerts
        self._told.alerts += evaluate(self._rules, self._memory, arrived, self._limits, now)

    def _arrive(self, item: Input, now: datetime) -> None:
        place, clocks = f"{item.site.device}/{item.site.source}", self._memory.clocks
        clock = max(clocks.get(place, self._case.begins), min(item.time, now))
        clocks[place] = clock
        slack = timedelta(seconds=self._limits.late_s)
        late, aged = item.time < clock - slack, item.time < arrived_at(item) - slack
        item = msgspec.structs.replace(item, late=late, aged=aged)
        arrivals = [Arrival(item, clock)]
        self._tell(evaluate(self._rules, self._memory, arrivals, self._limits, now), now)

    def _inputs(self) -> list[_Arriving]:
        rows: list[_Arriving] = []
        for index, reading in enumerate(self._case.readings):
            if reading.quality not in JUDGED:
                continue
            rows.append((reading.arrival, self._measurement(reading, f"r{index}")))
        for index, seen in enumerate(self._case.observations):
            rows += self._observation(seen, f"o{index}")
        for beat in self._case.heartbeats:
            rows += [(at, self._heartbeat(beat, at)) for at in _times(beat)]
        return rows

    def _measurement(self, step: ReadingStep, event_id: str) -> MeasurementInput:
        return MeasurementInput(
            site=_site(step),
            time=self._at(step.at),
            received_at=self._at(step.arrival),
            event_id=event_id,
            metric=step.metric,
            value=step.value,
            unit=step.unit,
        )

    def _observation(self, step: ObservationStep, name: str) -> list[_Arriving]:
        rows: list[_Arriving] = [(step.arrival, self._seen(step, name, "start", step.at))]
        if step.ends is None:
            return rows
        renewals = int((step.ends - step.at) / RENEW_S)
        for number in range(1, renewals + 1):
            at = step.at + RENEW_S * number
            rows.append((at, self._seen(step, name, "update", at)))
        rows.append((step.ends, self._seen(step, name, "end", step.ends)))
        return rows

    def _seen(self, step: ObservationStep, name: str, phase: Phase, at: float) -> ObservationInput:
        arrival = step.arrival if phase == "start" else at
        return ObservationInput(
            site=_site(step),
            time=self._at(at),
            received_at=self._at(arrival),
            event_id=name if phase == "start" else f"{name}-{phase}-{at:g}",
            event_type=step.event,
            observation_id=name,
            zone=step.zone,
            label=step.label,
            count=step.count,
            dwell_s=step.dwell,
            phase=phase,
        )

    def _heartbeat(self, step: HeartbeatStep, at: float) -> HeartbeatInput:
        time = self._at(at)
        return HeartbeatInput(site=_site(step), time=time, received_at=time, event_id=f"h{at:g}")

    def _at(self, seconds: float) -> datetime:
        return self._case.begins + timedelta(seconds=seconds)


def _times(beat: HeartbeatStep) -> list[float]:
    if beat.every is None or beat.until is None:
        return [beat.at]
    count = int((beat.until - beat.at) / beat.every) + 1
    return [beat.at + beat.every * n for n in range(count)]


def _site(step: Step) -> Site:
    source = step.source or step.device
    return Site(
        county=step.grid[:6],
        device=step.device,
        source=source,
        grid=step.grid,
        lat=29.0,
        lon=119.0,
        zh=source,
        en=source,
        community=step.grid[:COMMUNITY_DIGITS],
        town=step.grid[:TOWN_DIGITS],
    )
