"""Rule tests as data: inputs at virtual times, the alerts expected; nobody sleeps.

A test's clock starts at 0 s. Readings and observations arrive when they happen unless
``arrives`` says otherwise; a tick passes every second.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from hub_server.alerting.engine import Arrival, Limits, evaluate, evaluate_tick
from hub_server.alerting.inputs import (
    HeartbeatInput,
    Input,
    MeasurementInput,
    ObservationInput,
    Site,
    Tick,
)
from hub_server.alerting.rule_cases import (
    Case,
    Expected,
    HeartbeatStep,
    ObservationStep,
    ReadingStep,
    RuleTestFile,
    Step,
)
from hub_server.alerting.rules import TEST_SUFFIX, Rule, Rules, load_pack
from hub_server.alerting.state import KeyState
from hub_server.alerting.types import Alert, Ended
from linli_settings import load

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Memory:
    """State of rules for one test."""

    states: dict[tuple[str, str], KeyState] = field(default_factory=dict)
    clocks: dict[str, datetime] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)

    def get(self, rule: str, key: str) -> KeyState | None:
        return self.states.get((rule, key))

    def put(self, rule: str, key: str, state: KeyState) -> None:
        self.states[rule, key] = state

    def end(self, ended: Ended) -> None:
        self.ended.append(ended)

    def due(self, now: datetime) -> list[tuple[str, str]]:
        return [place for place, state in self.states.items() if state.due and state.due <= now]


@dataclass(frozen=True)
class Failure:
    """A test that did not give what it should."""

    test: str
    expected: list[str]
    found: list[str]

    def text(self) -> str:
        """What to print."""
        expected = "\n    ".join(self.expected) or "(no alert)"
        found = "\n    ".join(self.found) or "(no alert)"
        return f"{self.test}\n  expected\n    {expected}\n  found\n    {found}"


def run_test_file(file: Path, limits: Limits) -> tuple[int, list[Failure]]:
    """How many tests ran, and those that failed.

    Raises:
        ConfigError: the test file or its pack is broken.
    """
    pack = load_pack(file.with_name(file.name.removesuffix(TEST_SUFFIX) + ".yaml"))
    cases = load(file, RuleTestFile).tests
    results = [run_case(case, pack, limits) for case in cases]
    return len(cases), [failure for failure in results if failure]


def run_case(case: Case, pack: Iterable[Rule], limits: Limits) -> Failure | None:
    """Play one test through the rules; None when it gives what it should."""
    rules = Rules(tuple(pack))
    alerts = _play(case, rules, limits)
    found = [_told(alert) for alert in alerts]
    broken = [f"rule {name} broke: {error}" for name, error in rules.broken.items()]
    expected = sorted(case.alerts, key=lambda e: (e.at, e.rule))
    alerts.sort(key=lambda a: (a.fired_at, a.rule))
    right = len(alerts) == len(expected) and all(map(_fits, expected, alerts)) and not broken
    wanted = [_wanted(e) for e in expected]
    return None if right else Failure(case.name, wanted, found + broken)


def _play(case: Case, rules: Rules, limits: Limits) -> list[Alert]:
    memory = _Memory()
    queue = sorted(_inputs(case), key=lambda pair: pair[0])
    end = max([case.until or 0.0, *(at for at, _ in queue)])
    alerts: list[Alert] = []
    for second in range(int(end) + 1):
        now = _at(second)
        while queue and queue[0][0] <= second:
            alerts += _arrive(queue.pop(0)[1], rules, memory, limits, now)
        receiving = _at(case.receiving_from) if second >= case.receiving_from else None
        tick = Tick(now, receiving)
        alerts += evaluate_tick(rules, memory, memory.due(now), tick, limits)
    return alerts


def _arrive(
    item: Input, rules: Rules, memory: _Memory, limits: Limits, now: datetime
) -> list[Alert]:
    place = f"{item.site.device}/{item.site.source}"
    clock = max(memory.clocks.get(place, START), min(item.time, now))
    memory.clocks[place] = clock
    if item.time < clock - timedelta(seconds=limits.late_s):
        item = _late(item)
    return evaluate(rules, memory, [Arrival(item, clock)], limits, now)


def _late(item: Input) -> Input:
    return msgspec.structs.replace(item, late=True)


def _inputs(case: Case) -> list[tuple[float, Input]]:
    rows: list[tuple[float, Input]] = []
    for index, reading in enumerate(case.readings):
        rows.append((reading.arrival, _measurement(reading, f"r{index}")))
    for index, seen in enumerate(case.observations):
        rows.append((seen.arrival, _observation(seen, f"o{index}")))
    for beat in case.heartbeats:
        rows += [(at, _heartbeat(beat, at)) for at in _times(beat)]
    return rows


def _times(beat: HeartbeatStep) -> list[float]:
    if beat.every is None or beat.until is None:
        return [beat.at]
    count = int((beat.until - beat.at) / beat.every) + 1
    return [beat.at + beat.every * n for n in range(count)]


def _site(step: Step) -> Site:
    source = step.source or step.device
    return Site(
        county="330899",
        device=step.device,
        source=source,
        grid="330899001001001",
        lat=29.0,
        lon=119.0,
        zh=source,
        en=source,
    )


def _measurement(step: ReadingStep, event_id: str) -> MeasurementInput:
    return MeasurementInput(
        site=_site(step),
        time=_at(step.at),
        received_at=_at(step.arrival),
        event_id=event_id,
        metric=step.metric,
        value=step.value,
        unit=step.unit,
    )


def _observation(step: ObservationStep, event_id: str) -> ObservationInput:
    return ObservationInput(
        site=_site(step),
        time=_at(step.at),
        event_id=event_id,
        event_type=step.event,
        observation_id=event_id,
        zone=step.zone,
        label=step.label,
        count=step.count,
    )


def _heartbeat(step: HeartbeatStep, at: float) -> HeartbeatInput:
    return HeartbeatInput(site=_site(step), time=_at(at), received_at=_at(at), event_id=f"h{at:g}")


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _fits(expected: Expected, alert: Alert) -> bool:
    return (
        expected.rule == alert.rule
        and _at(expected.at) == alert.fired_at
        and expected.late == alert.late
        and expected.colour in (None, alert.colour)
        and expected.zh in (None, alert.reason.zh)
        and expected.en in (None, alert.reason.en)
    )


def _told(alert: Alert) -> str:
    at = (alert.fired_at - START).total_seconds()
    late = " late" if alert.late else ""
    return f"{at:g}s {alert.rule} {alert.colour}{late}: {alert.reason.zh} / {alert.reason.en}"


def _wanted(expected: Expected) -> str:
    late = " late" if expected.late else ""
    texts = " / ".join(text for text in (expected.zh, expected.en) if text)
    return f"{expected.at:g}s {expected.rule} {expected.colour or ''}{late}: {texts}"
