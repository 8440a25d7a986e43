"""The real program is killed after a command; the broker brings the command again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from linli_contract.envelope import decode_data
from linli_contract.payloads import Command, Observation, Reply
from linli_contract.topics import Channel
from tests.edge_agent.agent_kit import base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import Hub, eventually, listening
from tests.support.mosquitto import Mosquitto

CAMERA = {
    "name": "gate",
    "source": {"type": "file", "path": "none.avi"},
    "detector": "main",
    "evidence": {"pictures": False},
}
MODEL = {"name": "main", "type": "openvino", "model": "none.onnx", "classes": {0: "person"}}


def answers(hub: Hub, identity: str) -> list[Reply]:
    found = [body for topic, body in hub.others if topic.channel is Channel.REPLY]
    replies = [msgspec.json.decode(body, type=Reply) for body in found]
    return [reply for reply in replies if reply.id == identity]


def observations(hub: Hub) -> set[str]:
    """Observations that a test event made."""
    found = [event for event in hub.events if event.type == "linli.event.intrusion"]
    return {decode_data(event, Observation).observation_id for event in found}


def test_a_test_event_is_not_made_twice(tmp_path: Path, broker: Mosquitto) -> None:
    settings = base_settings(broker.port) | {"detectors": [MODEL], "cameras": [CAMERA]}
    file = write_configuration(tmp_path, settings)
    command = Command("c-1", "test_event", datetime.now(UTC) + timedelta(minutes=5))
    with listening(broker.port) as hub:
        hub.auto_ack = True

        def order(times: int) -> None:
            hub.down(Channel.COMMAND, msgspec.json.encode(command), name=command.name)
            eventually(lambda: len(answers(hub, "c-1")) >= times, f"answer {times}", 30)

        with running(file) as process:
            eventually(
                lambda: any(status.state == "online" for status in hub.statuses), "online", 30
            )
            order(1)
            process.kill()
            process.wait(10)
        hub.statuses.clear()
        with running(file):
            eventually(
                lambda: any(status.state == "online" for status in hub.statuses), "online again", 30
            )
            order(2)
            eventually(lambda: observations(hub), "the test event", 30)
        first, *others = answers(hub, "c-1")
        assert first.ok
        assert set(map(msgspec.json.encode, others)) == {msgspec.json.encode(first)}
        assert observations(hub) == {first.result["observation_id"]}
