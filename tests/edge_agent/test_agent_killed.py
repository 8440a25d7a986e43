"""kill -9 of the real program while messages flow: every number arrives, each with one id."""

import signal
from pathlib import Path

from tests.edge_agent.agent_kit import SENSOR, base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import eventually, listening
from tests.support.mosquitto import Mosquitto


def test_a_killed_edge_loses_and_doubles_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    fast = SENSOR | {"interval": "100ms"}
    file = write_configuration(tmp_path, base_settings(broker.port) | {"sensors": [fast]})
    with listening(broker.port) as hub:
        hub.auto_ack = True
        for _ in range(3):
            before = len(hub.ids())
            with running(file) as process:
                eventually(lambda n=before: len(hub.ids()) >= n + 10, "ten more messages")
                process.send_signal(signal.SIGKILL)
                process.wait(10)
        with running(file):
            before = len(hub.ids())
            eventually(lambda: len(hub.ids()) >= before + 5, "five more after the last start")
        by_number = {event.number: event.id for event in hub.events}
        assert sorted(by_number) == list(range(1, max(by_number) + 1))
        assert len({event.epoch for event in hub.events}) == 1
        assert len(set(by_number.values())) == len(hub.ids()) == len(by_number)
