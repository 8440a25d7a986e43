"""What rules remember is bounded, and what the bounds cost is counted."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from hub_server.alerting import engine
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state
from hub_server.pipeline import arrivals
from hub_server.pipeline.arrivals import CLOCK
from linli_contract.event_types import ENVELOPE_READING
from linli_contract.payloads import Measurement, Reading
from linli_settings import parse
from tests.support.hub import NOW, Device, HubClock, decoded, figures, make_parts, make_pipeline

PACK = """
pack: test
version: 2026-01-01
rules:
  - name: high
    type: gas_leak
    colour: orange
    when: {type: threshold, metric: gas_lel, above: 10}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
"""


def test_inputs_judged_early_are_counted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_WAITING", 3)
    rules = Rules(tuple(compile_pack(parse(PACK, Pack), "set1")))
    pipeline = make_pipeline(ledger, HubClock(), make_parts(rules=rules))
    device = Device()
    times = [NOW - timedelta(seconds=5 - second) for second in range(5)]
    pipeline.run(decoded(*(device.reading(time, {"gas_lel": 1}) for time in times[:3])))
    assert "inputs_early" not in figures(ledger)
    pipeline.run(decoded(*(device.reading(time, {"gas_lel": 1}) for time in times[3:])))
    assert figures(ledger)["inputs_early"] == 2


def clocks(ledger: Ledger) -> set[str]:
    with ledger.read() as conn:
        return set(conn.scalars(select(alert_state.c.key).where(alert_state.c.rule == CLOCK)))


def seen(device: Device, second: int, source: str) -> Received:
    time = NOW - timedelta(seconds=60 - second)
    reading = Reading((Measurement(source, "gas_lel", 1.0, "u"),))
    return device.event(ENVELOPE_READING, source, time, "reading", reading)


def test_invented_sources_do_not_grow_the_ledger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MOST_CLOCKS", 3)
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(*(seen(device, n, f"s{n}") for n in range(3))))
    assert "clocks_dropped" not in figures(ledger)
    pipeline.run(decoded(seen(device, 5, "s0"), seen(device, 6, "s3")))
    assert clocks(ledger) == {"pi-0001/s0", "pi-0001/s2", "pi-0001/s3"}
    make_pipeline(ledger, clock).run(decoded(*(seen(device, n, f"s{n}") for n in range(7, 10))))
    assert clocks(ledger) == {"pi-0001/s7", "pi-0001/s8", "pi-0001/s9"}
    assert figures(ledger)["clocks_dropped"] == 4
