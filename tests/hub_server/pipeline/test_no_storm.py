"""The hub away for ten minutes with 5,000 devices: one outage, not five thousand alerts."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub_server.alerting.inputs import Tick
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import alerts
from hub_server.pipeline.flow import Pipeline
from tests.support.hub import NOW, Device, HubClock, decoded, make_pipeline
from tests.support.many_devices import enrol

DEVICES = 5000
BATCH = 500
AWAY = timedelta(minutes=10)


class Field:
    """Five thousand devices and the hub's pipeline, in virtual time."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        enrol(url, DEVICES)
        self.ledger: Ledger = open_ledger(url)
        self.clock = HubClock()
        self.devices = [Device(f"sim-{n:05d}") for n in range(DEVICES)]
        self.pipeline: Pipeline = make_pipeline(self.ledger, self.clock)
        self.receiving: datetime | None = NOW

    def beat(self, devices: list[Device]) -> None:
        """A heartbeat of each arrives now."""
        for start in range(0, len(devices), BATCH):
            batch = [device.health(self.clock.now) for device in devices[start : start + BATCH]]
            self.pipeline.run(decoded(*batch))

    def pass_seconds(self, seconds: int, step: int = 1) -> None:
        for _ in range(seconds // step):
            self.pipeline.tick(Tick(self.clock.forward(step), self.receiving))

    def start_again(self) -> None:
        self.pipeline = make_pipeline(self.ledger, self.clock)
        self.receiving = self.clock.now

    def offline(self) -> set[str]:
        with self.ledger.read() as conn:
            query = select(alerts.c.device).where(alerts.c.rule == "device-offline")
            return set(conn.scalars(query))


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


def test_nobody_is_offline_because_the_hub_was_away(field: Field) -> None:
    field.beat(field.devices)
    field.clock.forward(AWAY.total_seconds())
    field.start_again()
    field.pass_seconds(60)  # they come back over a minute
    field.beat(field.devices[:-3])
    field.pass_seconds(29)
    assert field.offline() == set()
    field.pass_seconds(2)  # 90 s after the hub's return: what is silent now is silent by itself
    assert field.offline() == {device.name for device in field.devices[-3:]}


def test_nobody_is_offline_while_the_broker_is_away_and_a_backlog_waits(field: Field) -> None:
    field.beat(field.devices)
    field.receiving = None
    field.pass_seconds(600, step=10)  # every tick asks all of them
    assert field.offline() == set()
    field.receiving = field.clock.now
    field.beat(field.devices)
    field.pass_seconds(80)
    assert field.offline() == set()
