"""What is old enough goes; what may still be sent again stays."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from hub_server.ledger import counters
from hub_server.ledger.tables import inbox, observations
from hub_server.pipeline.prune import prune
from linli_contract.payloads import Phase
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_pipeline

WEEK = timedelta(days=8)


def test_the_inbox_forgets_only_beyond_the_window(tmp_path: Path) -> None:
    ledger, device = make_ledger(tmp_path), Device()
    pipeline = make_pipeline(ledger, HubClock())
    old, open_ = device.observation(NOW, "old"), device.observation(NOW, "open")
    end = device.observation(NOW, "old", phase=Phase.END)
    pipeline.run(decoded(old, open_, end))
    later = NOW + timedelta(days=1)
    pipeline.run(
        decoded(
            device.event(
                "linli.health",
                "pi-0001",
                later,
                "health",
                {"version": "1", "uptime_s": 1.0, "state": "ok"},
            )
        )
    )
    with ledger.write() as conn:
        assert prune(conn, NOW + WEEK, WEEK.total_seconds()) == 0
        moment = timedelta(seconds=1)
        assert prune(conn, NOW + WEEK + moment, WEEK.total_seconds()) == 4
        assert conn.scalar(select(func.count()).select_from(inbox)) == 1
        assert conn.scalars(select(observations.c.id)).all() == ["open"]
        assert counters.read_all(conn)["pruned"] == 4
    ledger.close()
