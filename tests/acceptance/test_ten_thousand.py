"""10,000 events through a killed broker, a killed hub, a cut link and a killed agent: once each."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.county import County, Program, wait_until
from tests.support.mosquitto import installed
from tests.support.proxy import Link, LinkState

pytestmark = [
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed (apt: mosquitto)"),
    pytest.mark.timeout(600),
]
EVENTS = 10_000
# The agent itself, with a source of events instead of a camera; after a kill it goes on where the
# outbox says it was. Start, update and end of an observation follow each other.
SOURCE = """
import sys, time
from datetime import timedelta
from pathlib import Path
from edge_agent.app import EdgeAgent
from edge_agent.clock import Clock, new_id
from edge_agent.events import observation_draft
from edge_agent.outbox.report import report
from edge_agent.settings import load_configuration
from edge_agent.types import Observed
from linli_contract.payloads import Observation, Phase

configuration, total, per_second = load_configuration(Path(sys.argv[1])), *map(int, sys.argv[2:])
agent, now = EdgeAgent(configuration), Clock().now
agent.start()
made = report(configuration.data_dir / "outbox.sqlite").minted
while made < total:
    moment = now()
    phase = (Phase.START, Phase.UPDATE, Phase.END)[made % 3]
    seen = Observation(
        observation_id=f"o-{made // 3}", phase=phase, zone="yard", dwell_s=5.0, label="person",
        started_at=moment.wall - timedelta(seconds=5), triggered_at=moment.wall,
        ended_at=moment.wall if phase is Phase.END else None,
    )
    draft = observation_draft(Observed("gate", "line_crossing", moment.wall, seen), new_id())
    made = agent.outbox.append(draft, moment).number
    time.sleep(1 / per_second)
time.sleep(600)
"""
PER_SECOND = 250


class Field:
    """A county whose device is behind a link that can break."""

    def __init__(self, folder: Path) -> None:
        self.county = County(folder, readings=1)
        self.link = Link(self.county.broker.port)
        settings = yaml.safe_load(self.county.agent_config.read_text())
        settings["broker"]["port"] = self.link.port
        self.county.agent_config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        script = folder / "source.py"
        script.write_text(SOURCE)
        command = [sys.executable, str(script), str(self.county.agent_config)]
        self.agent = Program([*command, str(EVENTS), str(PER_SECOND)], folder / "agent.log")

    def until_made(self, count: int) -> None:
        """Wait until the device has made so many events."""
        what = f"{count} events made, not {self.county.minted()}\n{self.agent.tail()}"
        wait_until(lambda: self.county.minted() >= count, 150, what)

    def stop(self) -> None:
        self.agent.stop()
        self.county.stop()
        self.link.close()


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    made = Field(tmp_path)
    yield made
    made.stop()


def _bad_link(field: Field) -> None:
    field.link.set(LinkState.STALLED)
    time.sleep(1.5)
    field.link.set(LinkState.CUT)
    time.sleep(1.5)
    field.link.set(LinkState.OPEN)


def _killed(part: Program) -> None:
    part.kill9()
    time.sleep(1.0)
    part.start()


def test_ten_thousand_events_arrive_once_each(field: Field) -> None:
    county = field.county
    county.broker.start()
    county.hub.start()
    field.agent.start()
    wait_until(lambda: len(county.stored()) > 200, 40, f"first events\n{county.hub.tail()}")
    for at, harm in enumerate(
        (
            lambda: _bad_link(field),
            lambda: _killed(field.agent),
            lambda: _killed(county.broker),
            lambda: _killed(county.hub),
            lambda: (county.hub.kill9(), _killed(field.agent), county.hub.start()),
            lambda: (county.broker.kill9(), _bad_link(field), county.broker.start()),
        ),
        start=1,
    ):
        field.until_made(at * 1400)
        harm()
    field.until_made(EVENTS)
    what = f"an empty outbox\n{field.agent.tail()}\n{county.hub.tail()}"
    wait_until(county.drained, 200, what)
    made = county.outbox()
    assert field.link.broken >= 1, "no connection was cut, so this test proves less"
    assert made.dropped == 0
    assert county.stored() == Counter(range(1, made.minted + 1))
    assert made.minted >= EVENTS
