"""What is asked of the alerts for every new one goes by an index: alerts are kept for years."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from hub_server.alerting.holding import still_open, then_open
from hub_server.alerting.scope import Scope
from hub_server.alerting.spec import Inhibitor
from hub_server.alerting.types import Alert, Reason
from linli_contract.event_types import Colour
from tests.support.hub import COUNTY, GRID, NOW, make_ledger

ALERT = Alert(
    id="a",
    rule="blue",
    rules_version="v/1",
    type="gas_leak",
    colour=Colour.BLUE,
    county=COUNTY,
    community=GRID[:12],
    device="pi-0001",
    source="gas-1",
    grid=GRID,
    lat=29.1,
    lon=119.1,
    time=NOW - timedelta(minutes=1),
    fired_at=NOW,
    reason=Reason("", "", {}),
    group_key="g",
)


@pytest.mark.parametrize("by", [{"type": "gas_leak"}, {"rule": "red"}])
def test_an_inhibitor_walks_through_no_table(tmp_path: Path, by: dict[str, str]) -> None:
    ledger = make_ledger(tmp_path)
    plans = []
    with ledger.read() as conn:
        for same in Scope:
            inhibitor = Inhibitor.model_validate({**by, "same": same})
            for query in (still_open(inhibitor, ALERT), then_open(inhibitor, ALERT)):
                asked = query.compile(
                    dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
                )
                plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
                plans += [str(row[3]) for row in plan]
    ledger.close()
    assert [step for step in plans if "SCAN" in step] == []
    assert any("ix_alerts" in step and "ended_at" in step for step in plans)
