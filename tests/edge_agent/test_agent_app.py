"""The whole agent on a real broker: readings, heartbeat, commands, twin, and a clean stop."""

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from edge_agent.app import STOP_S, EdgeAgent
from edge_agent.settings import load_configuration
from linli_contract.envelope import decode_data
from linli_contract.event_types import ENVELOPE_HEALTH, ENVELOPE_READING
from linli_contract.payloads import (
    Command,
    Health,
    Observation,
    Phase,
    Quality,
    Reading,
    Reply,
    TwinDesired,
    TwinReported,
)
from linli_contract.topics import Channel
from tests.edge_agent.agent_kit import SENSOR, base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import Hub, eventually, listening
from tests.support.mosquitto import Mosquitto, free_port

CAMERA = {
    "name": "gate",
    "source": {"type": "file", "path": "none.avi"},
    "detector": "main",
    "zones": [{"name": "yard", "polygon": [[0, 0], [1, 0], [1, 1]]}],
}


def _of(hub: Hub, envelope_type: str) -> list[msgspec.Raw]:
    return [event for event in hub.events if event.type == envelope_type]


def _replies(hub: Hub) -> list[Reply]:
    return [
        msgspec.json.decode(body, type=Reply)
        for topic, body in hub.others
        if topic.channel is Channel.REPLY
    ]


def _reported(hub: Hub) -> list[TwinReported]:
    return [
        msgspec.json.decode(body, type=TwinReported)
        for topic, body in hub.others
        if topic.channel is Channel.TWIN_REPORTED
    ]


def test_readings_and_heartbeat_reach_the_hub_and_a_stop_is_quick(
    tmp_path: Path, broker: Mosquitto
) -> None:
    file = write_configuration(tmp_path, base_settings(broker.port) | {"sensors": [SENSOR]})
    with listening(broker.port) as hub, running(file) as process:
        hub.auto_ack = True
        eventually(lambda: len(_of(hub, ENVELOPE_READING)) >= 2, "readings")
        eventually(lambda: len(_of(hub, ENVELOPE_HEALTH)) >= 2, "heartbeats")
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.wait(10) == 0
        assert time.monotonic() - began < STOP_S + 2  # a bound on hanging, not on speed
        eventually(lambda: hub.statuses[-1].state == "offline", "the goodbye")
    [measurement] = decode_data(_of(hub, ENVELOPE_READING)[0], Reading).values
    assert (measurement.sensor, measurement.value, measurement.unit) == ("gas-1", 1.5, "%LEL")
    assert measurement.quality is Quality.OK
    health = decode_data(_of(hub, ENVELOPE_HEALTH)[-1], Health)
    assert health.faults == ()
    assert health.state == "ok"
    assert [lane.lane for lane in health.lanes] == [
        "life_safety",
        "events",
        "telemetry",
        "pictures",
    ]


def test_a_camera_whose_model_is_missing_is_red_and_the_rest_runs(
    tmp_path: Path, broker: Mosquitto
) -> None:
    settings = base_settings(broker.port) | {
        "detectors": [
            {"name": "main", "type": "openvino", "model": "none.onnx", "classes": {0: "person"}}
        ],
        "cameras": [CAMERA],
        "sensors": [SENSOR],
    }
    agent = EdgeAgent(load_configuration(write_configuration(tmp_path, settings)))
    with listening(broker.port) as hub:
        agent.start()
        try:
            eventually(lambda: _of(hub, ENVELOPE_READING), "readings all the same")
            eventually(
                lambda: (
                    [
                        c.fault
                        for h in _of(hub, ENVELOPE_HEALTH)
                        for c in decode_data(h, Health).cameras
                    ][-1:]
                    == ["model_failed"]
                ),
                "the red camera",
            )
        finally:
            agent.stop()
    health = decode_data(_of(hub, ENVELOPE_HEALTH)[-1], Health)
    assert health.state == "fault"
    assert any("none.onnx" in text for text in health.faults)


def test_a_test_event_goes_the_whole_way_and_is_marked(tmp_path: Path, broker: Mosquitto) -> None:
    settings = base_settings(broker.port) | {
        "detectors": [
            {"name": "main", "type": "openvino", "model": "none.onnx", "classes": {0: "person"}}
        ],
        "cameras": [CAMERA],
    }
    agent = EdgeAgent(load_configuration(write_configuration(tmp_path, settings)))
    now = datetime.now(UTC)
    commands = [
        Command("c-1", "test_event", now + timedelta(minutes=1), {"camera": "gate"}),
        Command("c-1", "test_event", now + timedelta(minutes=1), {"camera": "gate"}),
        Command("c-2", "test_event", now - timedelta(seconds=1)),
        Command("c-3", "test_event", now + timedelta(minutes=1), {"type": "gas_leak"}),
        Command("c-4", "reboot", now + timedelta(minutes=1)),
    ]
    with listening(broker.port) as hub:
        agent.start()
        try:
            eventually(lambda: agent.publisher.connected, "connected")
            for command in commands:
                hub.down(Channel.COMMAND, msgspec.json.encode(command), name=command.name)
            eventually(lambda: len(_replies(hub)) == 5, "a reply to each")
            eventually(lambda: len(_of(hub, "linli.event.intrusion")) >= 2, "start and end")
        finally:
            agent.stop()
    events = [decode_data(event, Observation) for event in _of(hub, "linli.event.intrusion")]
    assert [(e.phase, e.test, e.zone) for e in events] == [
        (Phase.START, True, "yard"),
        (Phase.END, True, "yard"),
    ]
    first, again, late, wrong, unknown = _replies(hub)
    assert first == again
    assert first.result["observation_id"] == events[0].observation_id
    assert [late.ok, wrong.ok, unknown.ok] == [False, False, False]
    assert "expired" in late.error
    assert "type: expected one of" in wrong.error
    known = "log_level, restart_camera, snapshot, test_event"
    assert f"name: expected one of {known}, found 'reboot'" in unknown.error


def test_a_wish_is_taken_or_refused_as_a_whole(tmp_path: Path, broker: Mosquitto) -> None:
    agent = EdgeAgent(load_configuration(write_configuration(tmp_path, base_settings(broker.port))))
    wishes = [
        TwinDesired(1, {"health": {"interval": "5s"}}),
        TwinDesired(2, {"health": {"interval": 7}, "device": "other"}),
        TwinDesired(3, {}),
    ]
    with listening(broker.port) as hub:
        hub.down(Channel.TWIN_DESIRED, msgspec.json.encode(wishes[0]), retain=True)
        agent.start()
        try:
            for count, wish in enumerate(wishes, start=1):
                if count > 1:
                    hub.down(Channel.TWIN_DESIRED, msgspec.json.encode(wish))
                eventually(lambda n=count: len(_reported(hub)) > n, f"report {count}")
        finally:
            agent.stop()
    at_start, taken, refused, back = _reported(hub)
    assert (at_start.version, at_start.config["health"]) == (0, {"interval": "1s"})
    assert (taken.version, taken.ok, taken.trial) == (1, True, True)
    assert taken.config["health"] == {"interval": "5s"}
    assert (refused.version, refused.ok, refused.in_force) == (2, False, 1)
    assert refused.config == taken.config
    assert [text.split(":")[0] for text in refused.errors] == ["device", "health.interval"]
    assert (back.version, back.ok) == (3, True)
    assert back.config["health"] == {"interval": "1s"}
    assert {"broker", "hub", "county", "device", "data_dir"}.isdisjoint(taken.config)


def test_without_a_broker_it_keeps_and_is_red(tmp_path: Path) -> None:
    settings = base_settings(free_port()) | {"sensors": [SENSOR]}
    agent = EdgeAgent(load_configuration(write_configuration(tmp_path, settings)))
    agent.start()
    try:
        eventually(lambda: agent.outbox.count() >= 3, "readings and heartbeats kept")
        eventually(lambda: "nothing listens" in str(agent.publisher.faults()), "the fault")
    finally:
        agent.stop()


def test_no_secret_reaches_the_log(tmp_path: Path, broker: Mosquitto) -> None:
    secret = tmp_path / "mqtt.password"
    secret.write_text("s3cr3t-w0rd")
    secret.chmod(0o600)
    settings = base_settings(broker.port)
    settings["broker"] = {
        "host": "127.0.0.1",
        "port": broker.port,
        "protocol": "5",
        "username": "pi-0001",
        "password": "file:mqtt.password",
    }
    file = write_configuration(tmp_path, settings)
    with listening(broker.port) as hub, running(file):
        eventually(lambda: hub.statuses, "online")
        file_of_log = tmp_path / "agent.log"
        eventually(lambda: "connected to the broker" in file_of_log.read_text(), "a log")
    log = file_of_log.read_text()
    assert all("event" in json.loads(line) for line in log.splitlines())
    assert "s3cr3t-w0rd" not in log
    assert "device-token" not in log
