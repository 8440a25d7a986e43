"""Rules that are not ``at_once``: input shuffled and doubled within the lateness and cut by
restarts gives, once the clock has passed, exactly the alerts and incidents of ordered input."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub_server.alerting.engine import Limits
from hub_server.alerting.inputs import Tick
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents
from hub_server.pipeline.flow import Pipeline
from linli_contract.payloads import Phase
from linli_settings import parse
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_parts

LATE_S, DOWN_S, STORY_S, STEP_S = 60, 10, 300, 5
PACK = """
pack: order
version: 2026-01-01
rules:
  - name: gas
    type: gas_leak
    colour: red
    when: {type: threshold, metric: gas_lel, above: 10, clear: 5, for: 20s}
    scope: source
    group: {by: [type, source]}
    repeat: 60s
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
  - name: water
    type: waterlogging
    when:
      type: levels
      metric: water_depth
      samples: 2
      levels: [{colour: blue, above: 5, clear: 3}, {colour: red, above: 15, clear: 12}]
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{value} {colour}", en: "{value}"}
    source: "a test"
  - name: rising
    type: heavy_rain
    colour: yellow
    when: {type: rate, metric: water_depth, rising: 10 cm/min, falling: 20 cm/min, window: 1min}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{rate}", en: "{rate}"}
    source: "a test"
  - name: thirsty
    type: elder_inactivity
    colour: orange
    when: {type: total, metric: water_depth, below: 40, window: 1min, gap: 2min, clear: 50}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
  - name: often
    type: loitering
    colour: yellow
    when: {type: count, events: [loitering], at_least: 3, window: 1min}
    scope: grid
    group: {by: [type, grid]}
    reason: {zh: "{count}", en: "{count}"}
    source: "a test"
  - name: everywhere
    type: crowd
    colour: yellow
    when: {type: distinct, events: [loitering], of: device, at_least: 2, window: 1min}
    scope: community
    group: {by: [type, community]}
    reason: {zh: "{count}", en: "{count}"}
    source: "a test"
  - name: silent
    type: device_offline
    colour: yellow
    when: {type: no_data, of: heartbeat, after: 45s}
    scope: device
    group: {by: [type, device]}
    reason: {zh: "{seconds}", en: "{seconds}"}
    source: "a test"
  - name: fused
    type: smoke_fire
    colour: red
    when:
      type: all
      within: 1min
      of:
        gas: {type: threshold, metric: gas_lel, above: 10}
        seen: {type: observation, event: loitering}
    scope: grid
    group: {by: [type, grid]}
    reason: {zh: "{gas_value} {seen_label}", en: "{gas_value}"}
    source: "a test"
  - name: either
    type: manhole
    colour: orange
    when:
      type: any
      within: 30s
      of:
        deep: {type: threshold, metric: water_depth, above: 15, for: 10s}
        quiet: {type: no_data, of: measurement, metric: gas_lel, after: 40s}
    scope: county
    group: {by: [type, county]}
    reason: {zh: "{matched} {deep_value}", en: "{matched}"}
    source: "a test"
  - name: several
    type: manhole
    colour: red
    when:
      {type: alerts, types: [gas_leak, loitering, device_offline], distinct: device, at_least: 2,
       window: 1min}
    scope: county
    group: {by: [type, county]}
    reason: {zh: "{count} {places}", en: "{count}"}
    source: "a test"
  - name: each
    type: crowd
    colour: red
    when: {type: alerts, rules: [gas, water, silent, watched], at_least: 3, window: 2min}
    scope: town
    group: {by: [type, town]}
    reason: {zh: "{count} {places}", en: "{count}"}
    source: "a test"
  - name: watched
    type: intrusion
    colour: orange
    when: {type: observation, event: loitering}
    scope: zone
    schedule: {windows: [{from: "15:50", to: "16:02"}]}
    group: {by: [type, zone]}
    cool_down: 20s
    repeat: 60s
    reason: {zh: "{zone}", en: "{zone}"}
    source: "a test"
"""
RULES = Rules(tuple(compile_pack(parse(PACK, Pack), "v1")))
NAMES = ("pi-0001", "pi-0002")


@dataclass(frozen=True)
class Happening:
    """One message of a device at a time of the story, and how it travels."""

    at: int
    device: str
    kind: str
    value: float
    delay: int
    doubled: bool


def happenings() -> st.SearchStrategy[list[Happening]]:
    one = st.builds(
        Happening,
        at=st.integers(0, STORY_S // STEP_S).map(lambda n: n * STEP_S),
        device=st.sampled_from(NAMES),
        kind=st.sampled_from(["gas_lel", "gas_lel", "water_depth", "water_depth", "seen", "beat"]),
        value=st.sampled_from([0.0, 4.0, 6.0, 11.0, 16.0, 30.0]),
        delay=st.integers(0, LATE_S - DOWN_S),
        doubled=st.booleans(),
    )
    return st.lists(one, min_size=5, max_size=40)


def messages(story: Sequence[Happening]) -> list[Received]:
    """As the devices make them, in order of time; received at once."""
    devices = {name: Device(name) for name in NAMES}
    return [made for n, one in enumerate(story) for made in _made(n, one, devices[one.device])]


def _made(number: int, one: Happening, device: Device) -> list[Received]:
    time = NOW + timedelta(seconds=one.at)
    if one.kind == "beat":
        return [device.health(time)]
    if one.kind == "seen":
        name, end = f"o{number}", time + timedelta(seconds=one.value)
        over = {"phase": Phase.END, "ended_at": end, "cause": "left"}
        return [
            device.observation(time, name, event="loitering"),
            device.observation(end, name, event="loitering", **over),
        ]
    return [device.reading(time, {one.kind: one.value})]


def play(ledger: Ledger, arrivals: Iterable[Received], restarts: Sequence[int]) -> None:
    """Take the arrivals in as their time comes; a tick every few seconds, to well after the end."""
    parts = replace(make_parts(rules=RULES), limits=Limits(LATE_S))
    clock, since = HubClock(), NOW - timedelta(hours=1)
    pipeline = Pipeline(ledger, parts, clock)
    line = sorted(arrivals, key=lambda one: one.at)
    for second in range(0, STORY_S + 8 * LATE_S, STEP_S):
        now = clock.now = NOW + timedelta(seconds=second)
        if any(start <= second < start + DOWN_S for start in restarts):
            since = now + timedelta(seconds=STEP_S)
            continue  # down: what arrives waits at the broker
        if since == now:
            pipeline = Pipeline(ledger, parts, clock)
        due = [one for one in line if one.at <= now]
        line = line[len(due) :]
        pipeline.run(decoded(*(replace(one, at=now) for one in due)))
        pipeline.tick(Tick(now, since))
    assert not line


def outcome(ledger: Ledger) -> Mapping[str, object]:
    """What people and other systems see."""
    shown = ("id", "rule", "colour", "time", "late", "ended_at", "end_cause", "reason", "incident")
    with ledger.read() as conn:
        told = conn.execute(select(*(alerts.c[name] for name in shown))).all()
        names = ("group_key", "colour", "occurred_at", "ended_at", "alert_count", "late", "reason")
        cases = conn.execute(select(*(incidents.c[name] for name in names))).all()
    return {"alerts": sorted(map(str, told)), "incidents": sorted(map(str, cases))}


def run(arrivals: Iterable[Received], restarts: Sequence[int] = ()) -> Mapping[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        ledger = make_ledger(Path(folder), *NAMES, synced=False)
        try:
            play(ledger, arrivals, restarts)
            return outcome(ledger)
        finally:
            ledger.close()


def travelled(story: Sequence[Happening], made: Sequence[Received]) -> list[Received]:
    """The messages as they arrive: late by each one's delay, some of them twice."""
    delays = [one for one in story for _ in range(2 if one.kind == "seen" else 1)]
    out = []
    for one, message in zip(delays, made, strict=True):
        at = message.at + timedelta(seconds=one.delay)
        out += [replace(message, at=at)] * (2 if one.doubled else 1)
    return out


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(happenings(), st.lists(st.integers(0, STORY_S), max_size=2))
def test_shuffled_doubled_and_restarted_is_as_ordered(
    story: list[Happening], restarts: list[int]
) -> None:
    story = sorted(story, key=lambda one: one.at)
    made = messages(story)
    assert run(travelled(story, made), restarts) == run(made)


def test_the_story_makes_every_rule_fire() -> None:
    """The property would hold of rules that never fire."""
    plan = [
        (0, "beat"), (0, "seen"), (5, "seen"), (10, "seen"), (10, "water_depth", 6.0),
        (20, "gas_lel", 30.0), (25, "gas_lel", 30.0), (30, "gas_lel", 30.0), (40, "gas_lel", 30.0),
        (40, "water_depth", 30.0), (45, "water_depth", 30.0), (60, "water_depth", 30.0),
        (130, "water_depth", 0.0),
    ]  # fmt: skip
    story = [
        Happening(at, NAMES[n % 2 if kind == "seen" else 0], kind, (*rest, 0.0)[0], 0, False)
        for n, (at, kind, *rest) in enumerate(plan)
    ]
    found = run(messages(story))
    fired = {rule.spec.name for rule in RULES.rules if f"'{rule.spec.name}'" in str(found)}
    assert fired == {rule.spec.name for rule in RULES.rules}
