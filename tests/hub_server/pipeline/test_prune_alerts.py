"""Alerts, silences and rule sets go when nobody needs them any more, and no sooner."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Table, insert, select, update

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents, rule_sets, silences
from hub_server.pipeline import prune_alerts
from hub_server.pipeline.prune import Ages, prune_all
from hub_server.pipeline.prune_alerts import drop_alerts, drop_rule_sets, drop_silences
from hub_server.rule_sets.versions import files_of, newest, read_versions
from tests.support.hub import NOW, Device, HubClock, decoded, make_pipeline

DAY = timedelta(days=1)


def names(ledger: Ledger, table: Table) -> set[str]:
    [key] = table.primary_key
    with ledger.read() as conn:
        return set(conn.scalars(select(key)))


def alert(name: str, ended_at: datetime | None = NOW, **more: object) -> dict[str, object]:
    blank = dict.fromkeys(("device", "source", "zone", "grid", "event_id"), "")
    kind = {"type": "intrusion", "colour": "red", "rule": "r", "rules_version": "v"}
    made = {"time": NOW, "fired_at": NOW, "late": False, "reason": {}, "labels": {}}
    return {"id": name, **blank, **kind, **made, "incident": None, "ended_at": ended_at, **more}


def version(number: int) -> dict[str, object]:
    at = NOW + timedelta(minutes=number)
    texts = {"a.yaml": f"# {number}"}
    who = {"author": "zhang", "note": "", "files": texts, "fingerprints": {"r": "1"}}
    return {"hash": f"v{number}", "time": at, "switched_at": at, **who}


def fill(ledger: Ledger, table: Table, *rows: dict[str, object]) -> None:
    with ledger.write() as conn:
        conn.execute(insert(table), list(rows))


def test_an_alert_goes_when_it_is_over_and_its_case_is_final(ledger: Ledger) -> None:
    pipeline = make_pipeline(ledger, HubClock())
    pipeline.run(decoded(Device().observation(NOW)))
    [opened] = names(ledger, incidents)
    with ledger.write() as conn:
        conn.execute(update(alerts).values(ended_at=NOW, end_cause="end"))
    [linked] = names(ledger, alerts)
    young = alert("young", NOW + DAY)
    told = alert("fired after its end", fired_at=NOW + DAY)
    fill(ledger, alerts, alert("old"), alert("other", rule="s"), young, told)
    fill(ledger, alerts, alert("open", None))
    with ledger.write() as conn:
        assert drop_alerts(conn, NOW) == 0
        assert drop_alerts(conn, NOW + DAY) == 2
        assert counters.read_all(conn)["pruned"] == 2
    assert names(ledger, alerts) == {linked, "young", "fired after its end", "open"}
    with ledger.write() as conn:
        conn.execute(update(incidents).values(state="closed").where(incidents.c.id == opened))
        assert drop_alerts(conn, NOW + DAY) == 1
    assert names(ledger, alerts) == {"young", "fired after its end", "open"}


def test_alerts_go_a_piece_at_a_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_alerts, "PIECE", 2)
    fill(ledger, alerts, *(alert(f"a{n}", rule=f"r{n % 2}") for n in range(5)))
    with ledger.write() as conn:
        assert [drop_alerts(conn, NOW + DAY) for _ in range(4)] == [2, 2, 1, 0]


def test_a_silence_goes_long_after_its_end(ledger: Ledger) -> None:
    row = {"kind": "silence", "matcher": {}, "author": "zhang", "reason": "x", "begins_at": NOW}
    ends = {"old": NOW, "young": NOW + DAY}
    made = [{**row, "created_at": NOW, "id": name, "ends_at": at} for name, at in ends.items()]
    fill(ledger, silences, *made)
    with ledger.write() as conn:
        assert drop_silences(conn, NOW) == 0
        assert drop_silences(conn, NOW + DAY) == 1
    assert names(ledger, silences) == {"young"}


def test_a_version_goes_when_it_is_beyond_the_newest_and_no_alert_names_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune_alerts, "MOST_SETS", 2)
    fill(ledger, rule_sets, *map(version, range(5)))
    fill(ledger, alerts, alert("a", None, rules_version="v1"))
    with ledger.write() as conn:
        assert drop_rule_sets(conn) == 2
        assert drop_rule_sets(conn) == 0
    assert names(ledger, rule_sets) == {"v1", "v3", "v4"}


def test_the_round_takes_all_of_them_by_the_age_that_is_set(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune_alerts, "MOST_SETS", 1)
    fill(ledger, rule_sets, *map(version, range(3)))
    fill(ledger, alerts, alert("old", rules_version="v0"))
    ages = Ages(1e9, 1e9, 1e9, 1 << 20, 400 * 86400.0)
    prune_all(ledger, NOW + 399 * DAY, ages)
    assert (names(ledger, alerts), names(ledger, rule_sets)) == ({"old"}, {"v0", "v2"})
    prune_all(ledger, NOW + 401 * DAY, ages)
    assert (names(ledger, alerts), names(ledger, rule_sets)) == (set(), {"v2"})


def test_the_list_of_versions_loads_no_texts(ledger: Ledger) -> None:
    fill(ledger, rule_sets, *map(version, range(2)))
    with ledger.read() as conn:
        rows, last = read_versions(conn), newest(conn)
        assert files_of(conn, "v1") == {"a.yaml": "# 1"}
        assert files_of(conn, "gone") == {}
    assert [row.hash for row in rows] == ["v1", "v0"]
    assert last == rows[0]
    assert not hasattr(rows[0], "files")
