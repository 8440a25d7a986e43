"""What every sensor type keeps, each on its counterpart: a sysfs tree, a pseudo-terminal, a
server, a broker. A GPIO line has none here: its contact is driven through its ``Line``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_agent.sensors import BLOCKING, SENSORS, Sensor, SensorError, Values, open_sensor
from edge_agent.sensors.contact import ContactSensor
from edge_agent.sensors.debounce import Edge
from edge_agent.sensors.particulate import ParticulateSensor
from edge_agent.sensors.quality import Judge
from edge_agent.sensors.sampling import sampled_sensors
from linli_contract.faults import FAULTS
from linli_contract.metrics import METRICS
from tests.edge_agent.outbox.outbox_kit import START
from tests.edge_agent.sensors.node_kit import PASSWORDS, Nodes, node_settings
from tests.edge_agent.sensors.sensor_kit import (
    PM10,
    PM25,
    T0,
    TEMPERATURE,
    W1_ID,
    WATER,
    ModbusStation,
    SerialLine,
    pms5003,
    recorded_iio,
    recorded_w1,
    settings_of,
    until,
    write_map,
)


@dataclass
class World:
    """A sensor beside its counterpart."""

    settings: Any
    sensor: Sensor
    values: dict[str, float]
    """What it reads."""
    break_it: Callable[[], None] | None
    """Ends the counterpart; None where there is nothing that can break."""


@contextmanager
def _replay(folder: Path) -> Iterator[World]:
    (folder / "t.csv").write_text("offset_s,value\n0,21.5\n")
    chosen = settings_of(type="replay", file="t.csv", loop=True, **TEMPERATURE)
    yield World(chosen, open_sensor(chosen, folder), {"temperature": 21.5}, None)


@contextmanager
def _iio(folder: Path) -> Iterator[World]:
    root = recorded_iio(folder / "iio")
    chosen = settings_of(type="iio", device="bme280", channel="in_temp", root=root, **TEMPERATURE)
    file = root / "iio:device0" / "in_temp_input"
    yield World(chosen, open_sensor(chosen, folder), {"temperature": 21.48}, file.unlink)


@contextmanager
def _onewire(folder: Path) -> Iterator[World]:
    root = recorded_w1(folder / "w1")
    chosen = settings_of(type="onewire", id=W1_ID, root=root, **TEMPERATURE)
    file = root / W1_ID / "w1_slave"
    yield World(chosen, open_sensor(chosen, folder), {"temperature": 23.125}, file.unlink)


@contextmanager
def _particulate(folder: Path) -> Iterator[World]:
    line = SerialLine()
    line.repeat(pms5003(35, 51))
    chosen = settings_of(type="particulate", model="pms5003", port=line.port, values=[PM25, PM10])
    sensor = ParticulateSensor(chosen, wait_s=1.0)
    try:
        yield World(chosen, sensor, {"pm2_5": 35.0, "pm10": 51.0}, line.quiet)
    finally:
        line.quiet()


@contextmanager
def _modbus(folder: Path) -> Iterator[World]:
    with ModbusStation({0: 0xFFCE}, {10: 0, 11: 0x4148}) as station:
        chosen = settings_of(
            type="modbus",
            connection={"type": "tcp", "host": "127.0.0.1", "port": station.port},
            station=1,
            timeout="1s",
            map=write_map(folder),
            values=[TEMPERATURE | {"reads": "temperature"}, WATER | {"reads": "depth"}],
        )
        values = {"temperature": -5.0, "water_depth": 12.5}
        yield World(chosen, open_sensor(chosen, folder), values, station.stop)


class _Line:
    """A contact that is closed."""

    def __init__(self) -> None:
        self.gone = False

    def closed(self) -> bool:
        return True

    def edges(self) -> list[Edge]:
        if self.gone:
            raise OSError(19, "No such device")
        return []

    def close(self) -> None: ...


@contextmanager
def _contact(folder: Path) -> Iterator[World]:
    chosen = settings_of(type="contact", line=17, count="level", **WATER)
    line = _Line()

    def unplug() -> None:
        line.gone = True

    sensor = ContactSensor(chosen, lambda _settings: line)
    yield World(chosen, sensor, {"water_depth": 1.0}, unplug)


@contextmanager
def _node(folder: Path) -> Iterator[World]:
    with Nodes(folder) as nodes, nodes.client("node-a") as node:
        chosen = node_settings(folder, nodes.port, silent_after="1s")
        sensor = open_sensor(chosen, folder)
        sensor.read(T0)

        def heard() -> bool:
            node.publish("nodes/node-a/sensor/temperature/state", "21.5", qos=1)
            return bool(getattr(sensor, "_new", {}))

        until(heard, "a value of the node")
        yield World(chosen, sensor, {"temperature": 21.5}, nodes.broker.stop)
        sensor.close()


WORLDS: dict[str, Callable[[Path], Any]] = {
    "replay": _replay,
    "iio": _iio,
    "onewire": _onewire,
    "particulate": _particulate,
    "modbus": _modbus,
    "contact": _contact,
    "mqtt_node": _node,
}


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        found: World = stack.enter_context(WORLDS[request.param](tmp_path))
        yield found
        found.sensor.close()


def test_every_type_is_here() -> None:
    assert WORLDS.keys() == SENSORS.keys()
    assert SENSORS.keys() >= BLOCKING


def test_values_are_of_its_metrics_and_units(world: World) -> None:
    values = world.sensor.read(T0)
    assert dict(values) == pytest.approx(world.values)
    judge = Judge(world.settings.name, world.settings.quantities, world.settings.reference)
    for measurement in judge.judge(values, START):
        assert measurement.sensor == world.settings.name
        assert METRICS[measurement.metric] == measurement.unit
        assert measurement.quality.value == "ok"


def test_what_cannot_be_read_says_so_with_words_and_again(world: World) -> None:
    if world.break_it is None:
        assert world.settings.type == "replay"  # its file was read whole
        return
    world.sensor.read(T0)
    world.break_it()

    def fails() -> SensorError | None:
        try:
            world.sensor.read(T0)
        except SensorError as error:
            return error
        return None

    for _ in range(2):
        error = until(fails, "an error")
        assert error.code in FAULTS
        assert str(error)


def test_close_may_come_twice_and_before_the_first_read(world: World) -> None:
    world.sensor.close()
    world.sensor.close()


def test_making_one_opens_nothing(tmp_path: Path) -> None:
    """Hardware that is absent is a fault of the running agent, no reason not to start."""
    (tmp_path / "node.password").touch(mode=0o600)
    (tmp_path / "node.password").write_text(PASSWORDS["agent"])
    absent = tmp_path / "absent"
    serial = {"type": "rtu", "port": str(absent)}
    rows = [
        settings_of(type="iio", device="x", channel="in_temp", root=absent, **TEMPERATURE),
        settings_of(type="onewire", id=W1_ID, root=absent, **TEMPERATURE),
        settings_of(type="particulate", model="sds011", port=absent, values=[PM25]),
        settings_of(type="contact", chip=absent, line=1, count="pulses", **WATER),
        settings_of(
            type="modbus", connection=serial, station=1, map=write_map(tmp_path),
            values=[WATER | {"reads": "depth"}],
        ),
        node_settings(tmp_path, 1),
    ]  # fmt: skip
    before = len(list(Path("/proc/self/fd").iterdir()))
    sampled = sampled_sensors(rows, tmp_path, tmp_path)
    assert len(sampled) == len(rows)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    for row in rows[:-1]:
        with pytest.raises(SensorError) as caught:
            _read_once(open_sensor(row, tmp_path))
        assert caught.value.code == "sensor_missing", row.type


def _read_once(sensor: Sensor) -> Values:
    try:
        return sensor.read(T0)
    finally:
        sensor.close()
