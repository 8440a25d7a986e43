"""The real program with sensors: one that is absent is a fault, the others are read."""

from pathlib import Path

from linli_contract.envelope import decode_data
from linli_contract.event_types import ENVELOPE_HEALTH, ENVELOPE_READING
from linli_contract.payloads import Health, Measurement, Quality, Reading
from tests.edge_agent.agent_kit import SENSOR, base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import Hub, eventually, listening
from tests.edge_agent.sensors.sensor_kit import TEMPERATURE, recorded_iio
from tests.support.mosquitto import Mosquitto


def _values(hub: Hub) -> list[Measurement]:
    readings = [decode_data(e, Reading) for e in list(hub.events) if e.type == ENVELOPE_READING]
    return [value for reading in readings for value in reading.values]


def _faults(hub: Hub) -> tuple[str, ...]:
    beats = [decode_data(e, Health) for e in list(hub.events) if e.type == ENVELOPE_HEALTH]
    return beats[-1].faults if beats else ()


def test_an_absent_sensor_is_a_fault_until_it_is_there(tmp_path: Path, broker: Mosquitto) -> None:
    root = tmp_path / "iio"
    iio = {"type": "iio", "device": "bme280", "channel": "in_temp", "interval": "500ms"}
    thermometer = {"name": "t-1", **iio, "root": str(root), **TEMPERATURE, "offset": -0.4}
    rain = {
        "name": "rain-1", "type": "replay", "file": "gas.csv", "metric": "rain", "unit": "mm",
        "range": [0, 50], "interval": "500ms", "loop": True, "derive": ["rain_3h"],
    }  # fmt: skip
    settings = base_settings(broker.port)
    settings |= {"sensors": [SENSOR, thermometer, rain], "outbox": {"group": "500ms"}}
    file = write_configuration(tmp_path / "edge", settings)
    with listening(broker.port) as hub, running(file):
        hub.auto_ack = True
        eventually(lambda: "sensor_missing: t-1" in _faults(hub), "the fault in the heartbeat")
        eventually(lambda: {"gas-1", "rain-1"} <= {v.sensor for v in _values(hub)}, "the others")
        recorded_iio(root)
        eventually(lambda: "t-1" in {v.sensor for v in _values(hub)}, "the thermometer")
        eventually(lambda: "sensor_missing: t-1" not in _faults(hub), "no fault any more")
        found = next(value for value in _values(hub) if value.sensor == "t-1")
        assert found == Measurement("t-1", "temperature", 21.08, "°C", Quality.OK)
        assert "rain_3h" in {value.metric for value in _values(hub)}
        assert (tmp_path / "edge" / "data" / "sensors" / "rain-1.rain.json").is_file()
