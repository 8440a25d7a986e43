"""Alerts that end, and alerts that are held back, on a real ledger."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub_server.alerting.book import Book
from hub_server.alerting.ending import end_alerts
from hub_server.alerting.inputs import Tick
from hub_server.alerting.silences import Kind, end_silence
from hub_server.alerting.state import KeyState
from hub_server.cli import app
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state, alerts, incidents
from tests.hub_server.held_kit import (
    OFFLINE,
    SEEN,
    Row,
    at,
    carbon_monoxide,
    gas,
    left,
    pipeline,
    rule,
    rules_of,
    silence,
    two_devices,
)
from tests.hub_server.hub_file import write_hub
from tests.support.hub import GRID, NOW, Device, HubClock, decoded, rows

GRAVER: Row = {"type": "gas_leak", "colours": ["red"], "same": "source"}
BLUE = gas("blue", GRAVER, labels={"team": "gas"})
DEPTHS: Row = {
    "type": "levels",
    "metric": "water_depth",
    "levels": [
        {"colour": "blue", "above": 5, "clear": 3},
        {"colour": "red", "above": 25, "clear": 20},
    ],
}
DEPTH = {"zh": "{value} {colour}", "en": "{value} {colour}"}
DEEP = rule("deep", "waterlogging", "source", DEPTHS, reason=DEPTH)
RULES = rules_of(BLUE, carbon_monoxide("red"), OFFLINE, SEEN, DEEP)
SINCE = NOW - timedelta(hours=1)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    yield from two_devices(ledger_url)


def test_an_alert_ends_when_its_condition_clears_and_its_case_says_so(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12})))
    [alert] = rows(ledger, alerts)
    assert (alert["ended_at"], alert["labels"]) == (None, {"team": "gas"})
    hub.run(decoded(device.reading(at(10), {"gas_lel": 7})))
    [alert] = rows(ledger, alerts)
    assert (alert["ended_at"], alert["end_cause"]) == (at(10), "cleared")
    [case] = rows(ledger, incidents)
    assert (case["ended_at"], case["state"]) == (at(10), "pending_verify")


def test_what_a_rule_has_open_ends_with_a_cause_and_the_case_goes_on(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12, "co": 60})))
    with ledger.write() as conn:
        assert end_alerts(conn, "blue", "rule_removed", at(60)) == 1
        assert end_alerts(conn, "blue", "rule_removed", at(61)) == 0
    ended = {row["rule"]: (row["ended_at"], row["end_cause"]) for row in rows(ledger, alerts)}
    assert ended == {"blue": (at(60), "rule_removed"), "red": (None, "")}
    assert rows(ledger, incidents)[0]["state"] == "pending_verify"


def test_an_observations_alert_ends_with_it(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.observation(at(0), "o1")))
    end = left(device, 30)
    hub.run(decoded(end))
    [alert] = rows(ledger, alerts)
    assert (alert["ended_at"], alert["end_cause"]) == (at(30), "left")


def test_an_alert_of_levels_rises_falls_and_ends(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    for second, depth in enumerate((6, 26, 21, 20, 3)):
        hub.run(decoded(device.reading(at(second), {"water_depth": depth})))
    told = [(a["colour"], a["time"], a["ended_at"], a["end_cause"]) for a in rows(ledger, alerts)]
    assert sorted(told, key=lambda row: row[1]) == [
        ("blue", at(0), at(1), "rose"),
        ("red", at(1), at(3), "eased"),
        ("blue", at(3), at(4), "cleared"),
    ]
    [case] = rows(ledger, incidents)
    assert (case["colour"], case["ended_at"]) == ("red", at(4))


def test_what_eases_opens_nothing(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"water_depth": 26})))
    with ledger.write() as conn:
        conn.execute(incidents.update().values(state="closed", closed_at=at(0)))
    hub.run(decoded(device.reading(at(1), {"water_depth": 10})))
    [_, eased] = sorted(rows(ledger, alerts), key=lambda row: row["time"])
    assert eased["incident"] is None
    assert len(rows(ledger, incidents)) == 1


def test_a_graver_alert_of_the_same_source_inhibits(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"co": 60})))
    hub.run(
        decoded(device.reading(at(10), {"gas_lel": 12}), device.reading(at(11), {"gas_lel": 1}))
    )
    red, blue = sorted(rows(ledger, alerts), key=lambda row: row["time"])
    assert (blue["held"], blue["held_by"], blue["incident"]) == ("inhibited", red["id"], None)
    assert blue["ended_at"] == at(11)
    assert rows(ledger, incidents)[0]["alert_count"] == 1
    hub.run(decoded(device.reading(at(20), {"co": 1}), device.reading(at(30), {"gas_lel": 12})))
    assert sorted(row["held"] for row in rows(ledger, alerts)) == ["", "", "inhibited"]


@pytest.mark.parametrize(
    "match", [{"labels": {"team": "gas"}}, {"area": GRID[:9]}, {"rule": "blue"}]
)
def test_a_silence_keeps_the_alert_and_opens_nothing(
    ledger: Ledger, match: dict[str, object]
) -> None:
    made = silence(ledger, 0, 60, Kind.SILENCE, **match)
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(59), {"gas_lel": 12})))
    [alert] = rows(ledger, alerts)
    assert (alert["held"], alert["held_by"]) == ("silenced", made)
    assert rows(ledger, incidents) == []
    hub.run(
        decoded(device.reading(at(60), {"gas_lel": 1}), device.reading(at(61), {"gas_lel": 12}))
    )
    assert len(rows(ledger, incidents)) == 1


def test_another_devices_silence_holds_nothing(ledger: Ledger) -> None:
    silence(ledger, 0, 60, device="pi-0002")
    pipeline(ledger, RULES).run(decoded(Device().reading(at(1), {"gas_lel": 12})))
    assert len(rows(ledger, incidents)) == 1


def test_nobody_misses_a_device_in_maintenance(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    made = silence(ledger, 0, 1000, Kind.MAINTENANCE, device="pi-0001")
    hub = pipeline(ledger, RULES, clock=clock)
    hub.run(decoded(device.health(at(0))))
    for _ in range(10):
        hub.tick(Tick(clock.forward(60), SINCE))
    assert rows(ledger, alerts) == []
    with ledger.write() as conn:
        end_silence(conn, made, "zhao", clock.now)
    hub.tick(Tick(clock.forward(89), SINCE))
    for _ in range(5):
        hub.tick(Tick(clock.forward(30), SINCE))
    [alert] = rows(ledger, alerts)
    assert (alert["rule"], alert["held"]) == ("offline", "")
    assert len(rows(ledger, incidents)) == 1


def test_the_state_of_rules_belongs_to_the_devices_community(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12}), device.health(at(1))))
    found = {row["rule"]: row["community"] for row in rows(ledger, alert_state)}
    assert found == dict.fromkeys(["blue", "offline", "@clock"], GRID[:12])


def test_a_book_of_some_communities_holds_their_state_only(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12})))
    assert remembered(ledger, None) is not None
    assert remembered(ledger, {GRID[:12]}) == remembered(ledger, None)
    assert remembered(ledger, {"330899009009"}) is None


def remembered(ledger: Ledger, communities: set[str] | None) -> KeyState | None:
    with ledger.read() as conn:
        return Book.read(conn, communities).get("blue", "pi-0001/gas-1")


def test_the_command_adds_lists_and_ends_one(tmp_path: Path) -> None:
    config = write_hub(tmp_path)
    common = ["--config", str(config)]
    wish = ["--match", "device=pi-0001", "--for", "2h", "--reason", "painting", "--author", "qian"]
    added = CliRunner().invoke(app, ["silences", "add", *common, *wish, "--maintenance"])
    assert added.exit_code == 0, added.output
    name = added.output.split()[0]
    listed = CliRunner().invoke(app, ["silences", "list", *common])
    assert "maintenance" in listed.output
    assert "qian: painting" in listed.output
    ended = CliRunner().invoke(app, ["silences", "end", name, *common])
    assert ended.exit_code == 0, ended.output
    assert "none" in CliRunner().invoke(app, ["silences", "list", *common]).output
    wrong = CliRunner().invoke(app, ["silences", "add", *common, "--match", "devise=x", *wish[2:]])
    assert "--match" in str(wrong.exception)
