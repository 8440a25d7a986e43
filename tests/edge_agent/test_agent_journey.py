"""Real footage, a real model, a real broker: from a frame to the hub, by the real program."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linli_contract.envelope import decode_data
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.agent_kit import base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import eventually, listening
from tests.support.mosquitto import Mosquitto

ZONE = {
    "name": "street",
    "polygon": [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]],
    "behaviours": [{"type": "intrusion", "dwell": "2s", "min_confidence": "30%"}],
}


def test_people_in_a_street_become_events_at_the_hub(
    tmp_path: Path, broker: Mosquitto, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINLI_MODELS", str(shared / "models"))
    camera = {
        "name": "gate",
        "source": {"type": "file", "path": str(shared / "media" / "vtest.avi"), "loop": True},
        "detector": "main",
        "zones": [ZONE],
        # the door has tests of its own; its model may not be at hand
        "evidence": {"pictures": False},
    }
    settings = base_settings(broker.port) | {
        "detectors": [{"name": "main", "type": "openvino", "model": "yolo11n"}],
        "cameras": [camera],
    }
    file = write_configuration(tmp_path, settings)
    began = datetime.now(UTC)
    with listening(broker.port) as hub, running(file) as process:
        hub.auto_ack = True
        eventually(
            lambda: [e for e in hub.events if e.type == "linli.event.intrusion"], "an event", 60
        )
        process.terminate()
        assert process.wait(10) == 0
        event = next(e for e in hub.events if e.type == "linli.event.intrusion")
    seen = decode_data(event, Observation)
    assert (event.subject, seen.zone, seen.label, seen.phase) == (
        "gate",
        "street",
        "person",
        Phase.START,
    )
    assert began < seen.started_at < seen.triggered_at == event.time < datetime.now(UTC)
    assert seen.triggered_at - seen.started_at >= timedelta(seconds=2)
    assert all(0 <= value <= 1 for box in seen.boxes for value in box)
