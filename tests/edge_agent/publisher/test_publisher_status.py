"""Online, offline and the last will, on a real Mosquitto."""

import signal
from pathlib import Path

from tests.edge_agent.agent_kit import base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import edge, eventually, listening
from tests.support.mosquitto import Mosquitto


def test_it_says_online_and_when_stopped_offline(tmp_path: Path, broker: Mosquitto) -> None:
    with listening(broker.port) as hub:
        with edge(tmp_path, broker.port) as (_, publisher):
            eventually(lambda: hub.statuses, "a status")
            assert publisher.connected
        eventually(lambda: len(hub.statuses) == 2, "a second status")
    online, offline = hub.statuses
    assert (online.state, online.version) == ("online", "test")
    assert (offline.state, offline.cause) == ("offline", "stopped")
    assert online.connection == offline.connection


def test_a_killed_edge_leaves_its_last_will_for_who_asks_later(
    tmp_path: Path, broker: Mosquitto
) -> None:
    file = write_configuration(tmp_path, base_settings(broker.port))
    with running(file) as process, listening(broker.port) as hub:
        eventually(lambda: [s.state for s in hub.statuses] == ["online"], "online")
        process.send_signal(signal.SIGKILL)
        eventually(lambda: len(hub.statuses) == 2, "the last will")
    assert hub.statuses[1].state == "offline"
    assert hub.statuses[1].connection == hub.statuses[0].connection
    with listening(broker.port) as later:
        eventually(lambda: later.statuses, "the retained status")
        assert later.statuses == [hub.statuses[1]]


def test_a_later_connection_has_a_later_id(tmp_path: Path, broker: Mosquitto) -> None:
    with listening(broker.port) as hub:
        for _ in range(2):
            with edge(tmp_path, broker.port) as (_, publisher):
                eventually(lambda p=publisher: p.connected, "connected")
        eventually(lambda: len(hub.statuses) >= 4, "two rounds")
    ids = [status.connection for status in hub.statuses]
    assert ids == sorted(ids)
    assert len(set(ids)) == 2
