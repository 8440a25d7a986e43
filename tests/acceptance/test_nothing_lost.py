"""Design.md's promise on real parts: whatever is killed, every event is in the ledger once."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.county import ACL, DEVICE, DEVICE_MAY, County, Program, wait_until
from tests.support.mosquitto import installed

pytestmark = [
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed (apt: mosquitto)"),
    pytest.mark.timeout(240),
]
ROUNDS = 150  # of the sensor: 15 s of flow
CONTROL = """
import sys, time
from pathlib import Path
from edge_agent.app import EdgeAgent
from edge_agent.settings import load_configuration
agent = EdgeAgent(load_configuration(Path(sys.argv[1])), delete_on="puback")
agent.start()
time.sleep(600)
"""


@pytest.fixture
def county(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[County]:
    made = County(tmp_path, ROUNDS, **getattr(request, "param", {}))
    yield made
    made.stop()


def assert_every_event_once(county: County) -> None:
    """Once the sensor's last round is made (a slow machine skips some) and the outbox is empty."""
    wait_until(lambda: county.minted() > ROUNDS * 0.8 and _still(county), 60, "the last round")
    wait_until(county.drained, 100, f"an empty outbox\n{county.edge.tail()}\n{county.hub.tail()}")
    made = county.outbox()
    assert made.dropped == 0
    assert county.stored() == Counter(range(1, made.minted + 1))


def _still(county: County) -> bool:
    before = county.minted()
    time.sleep(1)
    return county.minted() == before


@pytest.mark.parametrize("county", [{"protocol": "5"}, {"protocol": "3.1.1"}], indirect=True)
def test_hub_edge_and_broker_killed_while_events_flow(county: County) -> None:
    county.broker.start()
    county.edge.start()  # the hub has never subscribed yet
    time.sleep(2)
    county.hub.start()
    wait_until(lambda: len(county.stored()) > 10, 20, f"first events\n{county.hub.tail()}")
    for part in (county.hub, county.broker, county.edge, county.hub, county.broker):
        part.kill9()
        time.sleep(0.7)
        part.start()
        time.sleep(1.5)
    assert_every_event_once(county)


@pytest.mark.parametrize(
    "county",
    [{"protocol": "5", "acl": ""}, {"protocol": "3.1.1", "acl": ""}],
    indirect=True,
)
def test_publishes_refused_by_the_acl_arrive_once_it_is_mended(county: County) -> None:
    county.broker.start()
    county.hub.start()
    county.edge.start()
    wait_until(lambda: county.minted() > 20, 20, "readings in the outbox")
    assert not county.stored()
    county.broker.set_acl(ACL + DEVICE_MAY)
    county.broker.reload()
    assert_every_event_once(county)


@pytest.mark.parametrize("county", [{"broker_settings": "max_queued_messages 10"}], indirect=True)
def test_queue_of_the_broker_overflows_while_the_hub_is_away(county: County) -> None:
    county.broker.start()
    county.hub.start()
    county.edge.start()
    wait_until(lambda: len(county.stored()) > 3, 20, f"first events\n{county.hub.tail()}")
    county.hub.kill9()
    time.sleep(6)  # some 60 messages for a queue of 10
    county.hub.start()
    assert_every_event_once(county)


def test_a_control_that_trusts_puback_loses_events(county: County, tmp_path: Path) -> None:
    """The tests above would see a loss: an agent that deletes on PUBACK has one here."""
    driver = tmp_path / "control.py"
    driver.write_text(CONTROL)
    control = Program([sys.executable, str(driver), str(county.agent_config)], tmp_path / "c.log")
    county.broker.start()
    control.start()
    try:
        wait_until(lambda: county.minted() > 30, 30, f"readings\n{control.tail()}")
        county.hub.start()
        wait_until(lambda: len(county.stored()) > 5, 30, f"events\n{county.hub.tail()}")
        wait_until(county.drained, 60, "an empty outbox")
    finally:
        control.kill9()
    made, stored = county.outbox(), county.stored()
    assert len(stored) < made.minted, f"{DEVICE} lost nothing, so these tests prove nothing"
