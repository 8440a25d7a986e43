"""From one rule set to the next while the hub runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from hub_server.alerting.rules import Rules
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state, alerts, audit, incidents, rule_sets
from hub_server.rule_sets import requests, switching
from hub_server.rule_sets.broken import BrokenSetError
from hub_server.rule_sets.requests import Kind
from hub_server.rule_sets.versions import newest, read_versions
from tests.hub_server.rule_sets.broken_rules import HOLIDAYS
from tests.hub_server.rule_sets.site import GAS, SEEN, Site
from tests.support.hub import decoded, make_ledger


@pytest.fixture
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """SQLite; each database in turn for tests that ask for ``ledger_url``."""
    both = "ledger_url" in request.fixturenames
    ledger = make_ledger(request.getfixturevalue("ledger_url") if both else tmp_path, synced=False)
    yield ledger
    ledger.close()


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> Site:
    return Site(ledger, tmp_path / "rules")


def ask(site: Site, kind: Kind, note: str = "") -> int:
    with site.ledger.write() as conn:
        return requests.ask(conn, kind, "zhang", note, site.clock())


def answer(site: Site, seq: int) -> requests.Answer:
    with site.ledger.read() as conn:
        return requests.answer_of(conn, seq)


def test_a_set_is_a_version_from_its_first_batch_on(site: Site) -> None:
    assert site.rows(rule_sets) == []
    site.gas(0, 1)
    [row] = site.rows(rule_sets)
    assert row["author"] == "start"
    assert row["switched_at"] == row["time"] == site.clock.now
    assert set(row["files"]) == {"first.yaml", "areas.yaml", "incident_types.yaml"}
    assert row["fingerprints"].keys() == {"gas", "seen"}
    site.gas(1, 1)
    assert len(site.rows(rule_sets)) == 1


def test_an_unchanged_condition_keeps_its_timer_and_the_alert_names_the_new_set(
    site: Site, ledger_url: str
) -> None:
    site.gas(0, 12)
    first = site.pipeline.parts.rules.version
    site.write(GAS.replace("gas {value}", "so much gas: {value}"), SEEN)
    site.look()
    second = site.pipeline.parts.rules.version
    assert second != first
    site.tick(30)
    [alert] = site.rows(alerts)
    assert alert["reason"]["en"] == "so much gas: 12"
    rule = site.pipeline.parts.rules.named("gas")
    assert rule is not None
    assert alert["rules_version"] == f"{second}/{rule.fingerprint}"


def test_a_changed_condition_starts_anew(site: Site) -> None:
    site.gas(0, 12)
    site.write(GAS.replace("for: 30s", "for: 20s"), SEEN)
    site.look()
    assert [row["rule"] for row in site.rows(alert_state)] == ["@clock"]
    site.tick(30)
    assert site.rows(alerts) == []
    site.gas(40, 12)
    site.tick(59)
    assert site.rows(alerts) == []
    site.tick(60)
    assert len(site.rows(alerts)) == 1


def test_a_changed_condition_ends_its_open_alerts(site: Site) -> None:
    site.gas(0, 12)
    site.tick(30)
    site.write(GAS.replace("above: 10", "above: 11"), SEEN)
    site.look()
    [alert] = site.rows(alerts)
    assert (alert["end_cause"], alert["ended_at"]) == ("rule_changed", site.clock.now)


def test_alerts_of_a_removed_rule_end_and_their_case_goes_on(site: Site, ledger_url: str) -> None:
    site.gas(0, 12)
    site.tick(30)
    [before] = site.rows(incidents)
    site.write(SEEN)
    site.look()
    [alert] = site.rows(alerts)
    assert (alert["end_cause"], alert["ended_at"]) == ("rule_removed", site.clock.now)
    [after] = site.rows(incidents)
    assert after["state"] == before["state"] == "pending_verify"
    assert after["closed_at"] is None
    assert [row["rule"] for row in site.rows(alert_state)] == ["@clock"]
    site.tick(60)
    assert len(site.rows(alerts)) == 1


def test_what_a_rule_that_comes_back_knew_is_forgotten(site: Site) -> None:
    site.gas(0, 12)
    for rules in ((SEEN,), (GAS, SEEN)):
        site.write(*rules)
        site.look()
    site.tick(30)
    assert site.rows(alerts) == []


def test_a_folder_somebody_writes_to_is_left_alone_until_it_is_still(site: Site) -> None:
    version = site.pipeline.parts.rules.version
    site.gas(0, 1)
    site.write(GAS)
    site.look(1)
    assert site.pipeline.parts.rules.version == version
    site.write(GAS, SEEN, SEEN.replace("name: seen", "name: more"))
    site.look(1)
    assert site.pipeline.parts.rules.version == version
    site.look(1)
    assert len(site.pipeline.parts.rules.rules) == 3


def test_a_bad_file_leaves_the_old_set_and_says_so_until_it_is_right(site: Site) -> None:
    site.gas(0, 12)
    version = site.pipeline.parts.rules.version
    site.write(GAS.replace("above: 10", "abov: 10"), SEEN)
    site.look()
    assert site.pipeline.parts.rules.version == version
    said = site.keeper.faults()
    assert said.startswith("folder refused, the old rules stay: first.yaml:7: rules[0].when")
    assert "did you mean 'above'?" in said
    assert str(site.folder) not in said
    assert site.keeper.gauges() == {
        "rules_active": 2, "rules_broken": 0, "rules_unknown_year": 0, "rules_folder_refused": 1.0,
    }  # fmt: skip
    with site.ledger.read() as conn:
        assert counters.read_all(conn)["rule_sets_refused"] == 1
    site.tick(30)
    assert len(site.rows(alerts)) == 1
    site.look(3)  # said once
    with site.ledger.read() as conn:
        assert counters.read_all(conn)["rule_sets_refused"] == 1
    site.write(GAS, SEEN, SEEN.replace("name: seen", "name: more"))
    site.look()
    assert site.keeper.faults() == ""
    assert len(site.pipeline.parts.rules.rules) == 3


def test_a_restart_with_a_bad_folder_runs_the_newest_good_version_and_says_so(site: Site) -> None:
    site.gas(0, 12)
    site.write(GAS)
    site.look()
    version = site.pipeline.parts.rules.version
    (site.folder / "first.yaml").write_text("rules: [")
    assert site.start().version == version
    assert (
        f"folder refused, {version} of the ledger runs: first.yaml:1: file" in site.keeper.faults()
    )
    site.tick(30)
    assert len(site.rows(alerts)) == 1
    assert site.pipeline.parts.rules.version == version
    site.write(GAS, SEEN)
    site.look()
    assert site.keeper.faults() == ""


def test_a_restart_passes_over_versions_that_are_no_good_any_more(site: Site) -> None:
    site.gas(0, 12)
    good = site.pipeline.parts.rules.version
    with site.ledger.write() as conn:
        row = {**conn.execute(rule_sets.select()).mappings().one(), "hash": "x"}
        row |= {"files": {"first.yaml": "rules: []"}, "switched_at": site.clock.forward(60)}
        conn.execute(rule_sets.insert().values(**row))
    (site.folder / "first.yaml").unlink()
    assert site.start().version == good


def test_a_first_start_with_a_bad_folder_is_refused(site: Site) -> None:
    site.write(GAS.replace("above", "abov"))
    with pytest.raises(BrokenSetError, match="did you mean 'above'"):
        site.start()


def test_a_restart_with_changed_rules_is_a_switch_too(site: Site) -> None:
    site.gas(0, 12)
    site.write(GAS, SEEN.replace('en: "{zone}"', 'en: "in {zone}"'))
    site.start()
    site.tick(30)
    assert len(site.rows(alerts)) == 1
    site.write(GAS.replace("for: 30s", "for: 1h"))
    site.start()
    site.tick(31)
    [alert] = site.rows(alerts)
    assert alert["end_cause"] == "rule_changed"
    with site.ledger.read() as conn:
        assert [row.author for row in read_versions(conn)] == ["start"] * 3


def test_a_switch_back_keeps_who_made_the_version(site: Site, ledger_url: str) -> None:
    site.gas(0, 1)
    first = site.pipeline.parts.rules.version
    site.write(GAS)
    ask(site, Kind.SWITCH, "no cameras tonight")
    site.look(1)
    site.clock.forward(60)
    site.write(GAS, SEEN)
    site.look()
    with site.ledger.read() as conn:
        found = newest(conn)
        rows = read_versions(conn)
    assert found is not None
    assert (found.hash, found.author, found.switched_at) == (first, "start", site.clock.now)
    assert (rows[1].author, rows[1].note) == ("zhang", "no cameras tonight")
    [*_, last] = site.rows(audit)
    assert (last["action"], last["actor"], last["object"]) == ("rules_switch", "folder", first)
    assert last["detail"] == {"new": ["seen"], "changed": [], "removed": [], "kept": 1}


def test_a_wish_is_answered(site: Site, ledger_url: str) -> None:
    site.gas(0, 1)
    site.write(GAS)
    seq = ask(site, Kind.SWITCH)
    assert answer(site, seq).ok is None
    site.look(1)
    said = answer(site, seq)
    assert said.ok
    assert "删除 1 条" in said.text
    assert "0 new, 0 changed, 1 removed, 1 kept" in said.text
    site.write(GAS.replace("colour: red", "colour: pink"))
    seq = ask(site, Kind.SWITCH)
    site.look(1)
    said = answer(site, seq)
    assert said.ok is False
    assert f"{site.folder / 'first.yaml'}:6: rules[0].colour: expected one of" in said.text


def test_a_wish_from_before_the_start_is_not_done_again(site: Site) -> None:
    seq = ask(site, Kind.SWITCH)
    site.start()
    site.look(2)
    assert answer(site, seq).ok is None


def test_a_switch_the_ledger_does_not_take_changes_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.gas(0, 12)
    version = site.pipeline.parts.rules.version
    site.write(SEEN)

    def full(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(switching, "record", full)
        with pytest.raises(OperationalError):
            site.look()
        site.keeper.again()
    assert site.pipeline.parts.rules.version == version
    site.tick(30)
    assert len(site.rows(alerts)) == 1
    site.look(1)
    assert [rule.spec.name for rule in site.pipeline.parts.rules.rules] == ["seen"]


def test_a_rule_that_broke_is_red_until_it_is_tried_again(site: Site) -> None:
    site.gas(0, 12)
    rules = site.pipeline.parts.rules
    gas = rules.named("gas")
    assert gas is not None

    def boom(*_: object) -> bool:
        raise ZeroDivisionError("rule")

    worse = replace(gas, condition=replace(gas.condition, fits=boom))
    others = tuple(rule for rule in rules.rules if rule is not gas)
    parts = replace(site.pipeline.parts, rules=Rules((worse, *others), version=rules.version))
    site.pipeline.switch(parts, lambda *_: None)
    site.gas(1, 12)
    assert site.keeper.faults() == (
        "gas: ZeroDivisionError: rule; try them again: hub-server rules retry"
    )
    assert site.keeper.gauges()["rules_broken"] == 1
    site.tick(30)
    assert site.rows(alerts) == []
    mended = replace(site.pipeline.parts, rules=replace(rules, broken=dict(parts.rules.broken)))
    site.pipeline.switch(mended, lambda *_: None)
    assert site.keeper.faults() != ""
    seq = ask(site, Kind.RETRY)
    site.look(1)
    assert answer(site, seq).text == "重新启用 1 条规则 · 1 tried again: gas"
    assert site.keeper.faults() == ""
    site.tick(31)  # what it remembered is still there
    assert len(site.rows(alerts)) == 1


def test_batches_go_on_while_the_folder_changes(site: Site) -> None:
    for round_ in range(5):
        site.write(*(GAS, SEEN)[: 1 + round_ % 2])
        site.look()
        message = site.device.observation(site.clock.forward(1), f"o{round_}")
        site.pipeline.run(decoded(message))
    assert len(site.rows(alerts)) == 2


def test_limits_of_cases_go_by_the_countys_holidays(site: Site) -> None:
    def worked(day: int) -> bool:
        site.look()
        site.gas(day, 1)
        return site.pipeline.parts.policy.calendar.is_worked(date(2027, 1, day))

    (site.folder / "holidays.yaml").write_text(HOLIDAYS, encoding="utf-8")
    assert [worked(day) for day in range(1, 5)] == [False, False, True, True]
    (site.folder / "holidays.yaml").write_text(HOLIDAYS.replace("01-03", "01-02"), encoding="utf-8")
    assert [worked(day) for day in range(1, 5)] == [False, True, False, True]
