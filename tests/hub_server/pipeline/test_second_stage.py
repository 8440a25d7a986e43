"""Rules over alerts: in one hub in the same batch, and across workers by way of the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import RowMapping, Table, select, update

from hub_server.alerting.inputs import AlertInput, Tick
from hub_server.alerting.matcher import Matcher
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.silences import Kind, Wish, add_silence
from hub_server.alerting.spec import Pack
from hub_server.alerting.state import SECOND_STAGE
from hub_server.ingest.types import AlertMessage, Message, Received
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alert_state,
    alerts,
    alerts_counted,
    alerts_out,
    devices,
    incidents,
    quarantine,
    sources,
    steps,
)
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.second_stage import KEEP, prune_counted
from hub_server.pipeline.share import Share
from hub_server.pipeline.work import Parts
from linli_settings import parse
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_parts

GRIDS = ["330899001001001", "330899001002001", "330899100201001"]
NAMES = [f"pi-{number}" for number in range(len(GRIDS))]
PACK = """
pack: county
version: 2026-11-22
rules:
  - name: leak
    type: gas_leak
    colour: orange
    when: {type: threshold, metric: gas_lel, above: 10, clear: 8}
    scope: source
    group: {by: [type, source]}
    at_once: true
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
  - name: leaks
    type: gas_leak
    colour: red
    when: {type: alerts, types: [gas_leak], distinct: community, at_least: 3, window: 15min}
    scope: county
    group: {by: [type, county]}
    at_once: true
    reason: {zh: "{places}", en: "{count} within {minutes} min: {places}"}
    source: "a test"
"""


def rules_of(text: str = PACK) -> Rules:
    return Rules(tuple(compile_pack(parse(text, Pack, Path("county.yaml")), "v")))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = make_ledger(ledger_url, *NAMES, synced=False)
    with made.write() as conn:
        for name, grid in zip(NAMES, GRIDS, strict=True):
            conn.execute(update(devices).where(devices.c.device == name).values(grid=grid))
            conn.execute(update(sources).where(sources.c.device == name).values(grid=grid))
    yield made
    made.close()


class Hub:
    """A pipeline with rules over alerts, and a device in each of three communities."""

    def __init__(self, ledger: Ledger, text: str = PACK, share: Share | None = None) -> None:
        self.ledger, self.clock = ledger, HubClock()
        self.devices = [Device(name) for name in NAMES]
        self.parts = replace(make_parts(rules=rules_of(text)), share=share)
        self.restart()

    def restart(self) -> None:
        self.pipeline = Pipeline(self.ledger, self.parts, self.clock)

    def leak(self, *numbers: int, value: float = 12.0, at: datetime | None = None) -> None:
        time = at or self.clock.now
        self.pipeline.run(
            decoded(*[self.devices[n].reading(time, {"gas_lel": value}) for n in numbers])
        )

    def tick(self) -> None:
        self.pipeline.tick(Tick(self.clock.now, NOW - timedelta(hours=1)))

    def rows(self, table: Table) -> list[RowMapping]:
        with self.ledger.read() as conn:
            return list(conn.execute(select(table)).mappings())

    def of_county(self) -> list[RowMapping]:
        return [row for row in self.rows(alerts) if row["rule"] == "leaks"]

    def figures(self) -> dict[str, int]:
        with self.ledger.read() as conn:
            return counters.read_all(conn)


def test_alerts_of_one_batch_are_one_alert_and_one_case_of_the_county(ledger: Ledger) -> None:
    hub = Hub(ledger)
    hub.leak(0, 1, 2)
    [alert] = hub.of_county()
    assert (
        alert["reason"]["en"]
        == "3 within 15 min: Wutong Community, Hubin Community, Shiqiao Village"
    )
    cases = {row["group_key"]: row for row in hub.rows(incidents)}
    assert len(cases) == 4
    case = cases["gas_leak|330899"]
    assert (case["colour"], case["grid"], case["alert_count"]) == ("red", GRIDS[2], 1)
    assert alert["incident"] == case["id"]
    assert [row["incident"] for row in hub.rows(steps)][-1] == case["id"]


def test_what_it_counted_outlives_a_restart_and_is_the_second_stages(ledger: Ledger) -> None:
    hub = Hub(ledger)
    hub.leak(0)
    hub.leak(1)
    hub.restart()
    assert hub.of_county() == []
    hub.leak(2)
    assert len(hub.of_county()) == 1
    states = {row["rule"]: row["community"] for row in hub.rows(alert_state)}
    assert (states["leaks"], states["leak"]) == (SECOND_STAGE, GRIDS[2][:12])


def test_it_ends_when_the_window_has_fewer_again(ledger: Ledger) -> None:
    hub = Hub(ledger)
    hub.leak(0, 1, 2)
    hub.clock.forward(15 * 60)
    hub.tick()
    [alert] = hub.of_county()
    assert (alert["ended_at"], alert["end_cause"]) == (hub.clock.now, "cleared")


def test_an_alert_that_is_held_back_counts_for_nothing(ledger: Ledger) -> None:
    hub = Hub(ledger)
    with ledger.write() as conn:
        wish = Wish(
            kind=Kind.SILENCE,
            matcher=Matcher(device=NAMES[1]),
            begins_at=NOW - timedelta(hours=1),
            ends_at=NOW + timedelta(hours=1),
            reason="a test",
        )
        add_silence(conn, wish, "op", NOW, bytes(10))
    hub.leak(0, 1, 2)
    assert hub.of_county() == []


def test_a_message_that_comes_again_counts_once(ledger: Ledger) -> None:
    counting = PACK.replace("distinct: community, ", "")
    hub = Hub(ledger, counting)
    first = hub.devices[0].reading(NOW, {"gas_lel": 12.0})
    hub.pipeline.run(decoded(first, hub.devices[1].reading(NOW, {"gas_lel": 12.0})))
    hub.pipeline.run(decoded(first))
    assert hub.of_county() == []
    hub.leak(2)
    assert len(hub.of_county()) == 1


def test_a_rule_that_waits_judges_in_order_of_event_time(ledger: Ledger) -> None:
    late = PACK.replace(
        "group: {by: [type, county]}\n    at_once: true", "group: {by: [type, county]}"
    )
    hub = Hub(ledger, late)
    begin = hub.clock.now
    for number, back in ((2, 0), (0, 300), (1, 200)):  # the newest comes first
        hub.leak(number, at=begin - timedelta(seconds=back))
    hub.tick()
    assert hub.of_county() == []
    hub.clock.forward(603)
    hub.tick()
    [alert] = hub.of_county()
    assert (alert["time"], alert["device"]) == (begin, NAMES[2])


def first_stage(ledger: Ledger, parts: Parts | None = None) -> Hub:
    areas = make_parts().areas
    return Hub(ledger, share=Share("p0", frozenset(grid[:12] for grid in GRIDS), areas))


def second_stage(ledger: Ledger) -> Hub:
    return Hub(ledger, share=Share("alerts", frozenset({SECOND_STAGE}), make_parts().areas, True))


def handed(rows: list[RowMapping]) -> list[Message]:
    return [
        AlertMessage(Received("", b"", NOW), msgspec.convert(row["payload"], AlertInput))
        for row in rows
    ]


def test_a_worker_hands_its_alerts_over_in_the_batch_that_fired_them(ledger: Ledger) -> None:
    hub = first_stage(ledger)
    hub.leak(0, 1, 2)
    hub.leak(0, value=13.0)  # holds still: nothing new
    assert hub.of_county() == []
    rows = hub.rows(alerts_out)
    assert {row["id"] for row in rows} == {row["id"] for row in hub.rows(alerts)}
    assert {(row["lane"], row["county"]) for row in rows} == {("p0", "330899")}
    assert hub.figures()["alerts_handed_over"] == 3


def test_the_second_stage_counts_each_alert_once_however_often_it_comes(ledger: Ledger) -> None:
    first_stage(ledger).leak(0, 1, 2)
    second = second_stage(ledger)
    batch = handed(second.rows(alerts_out))
    second.pipeline.run([*batch[:2], batch[0]])
    assert second.of_county() == []
    second.restart()  # another worker took it over
    second.pipeline.run([batch[1]])
    assert second.of_county() == []
    second.pipeline.run(batch)
    assert len(second.of_county()) == 1
    assert len(second.rows(alerts_counted)) == 3
    figures = second.figures()
    assert (figures["alerts_taken_in"], figures["alerts_taken_in_again"]) == (3, 4)


def test_the_clock_of_the_second_stage_is_its_own(ledger: Ledger) -> None:
    first = first_stage(ledger)
    first.leak(0, 1, 2)
    second = second_stage(ledger)
    second.pipeline.run(handed(second.rows(alerts_out)))
    for hub in (first, second):
        hub.clock.forward(15 * 60)
    first.restart()
    first.tick()
    assert second.of_county()[0]["ended_at"] is None
    second.tick()
    assert second.of_county()[0]["ended_at"] == second.clock.now


def test_what_is_no_alert_is_kept_aside(ledger: Ledger) -> None:
    second = second_stage(ledger)
    second.pipeline.run(decoded(second.devices[0].reading(NOW, {"gas_lel": 12.0})))
    [row] = second.rows(quarantine)
    assert row["reason"] == "not_an_alert"


def test_counted_alerts_are_forgotten_after_kafka_forgot_them(ledger: Ledger) -> None:
    first_stage(ledger).leak(0)
    second = second_stage(ledger)
    second.pipeline.run(handed(second.rows(alerts_out)))
    with ledger.write() as conn:
        assert prune_counted(conn, NOW + KEEP) == 0
        assert prune_counted(conn, NOW + KEEP + timedelta(seconds=1)) == 1
