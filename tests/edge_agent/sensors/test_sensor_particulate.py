"""Frames of PMS5003 and SDS011: known bytes, damaged ones, and a serial line."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensors import SensorError
from edge_agent.sensors.frames import Frame, parse_pms5003, parse_sds011, scan
from edge_agent.sensors.particulate import ParticulateSensor
from tests.edge_agent.sensors.sensor_kit import (
    PM10,
    PM25,
    T0,
    SerialLine,
    pms5003,
    sds011,
    serial_line,
    settings_of,
)

# Written out by hand from the data sheets, beside the frames that the kit builds.
PMS = bytes.fromhex(
    "424d001c0009000d0010000700230033 05a0 01b0 0060 0010 0004 0002 9700".replace(" ", "")
)
PMS += (sum(PMS)).to_bytes(2, "big")
SDS = bytes.fromhex(
    "aac0d4043a0aa16058ab".replace("58", f"{(0xD4 + 4 + 0x3A + 0xA + 0xA1 + 0x60) % 256:02x}")
)


def test_known_frames() -> None:
    assert parse_pms5003(PMS) == Frame(35.0, 51.0)
    assert parse_sds011(SDS) == Frame(123.6, 261.8)


MODELS = {"pms5003": pms5003(35, 51), "sds011": sds011(12.3, 45.6)}
VALUES = {"pms5003": Frame(35.0, 51.0), "sds011": Frame(12.3, 45.6)}
BOTH = pytest.mark.parametrize("model", sorted(MODELS))


@BOTH
def test_every_single_damaged_byte_is_noticed(model: str) -> None:
    frame = MODELS[model]
    for at in range(len(frame)):
        # the id of an SDS011 is in its sum, and so is every byte of both
        damaged = frame[:at] + bytes([frame[at] ^ 0x01]) + frame[at + 1 :]
        assert scan(model, damaged).newest is None, at


@BOTH
def test_the_newest_of_several_and_the_rest_waits(model: str) -> None:
    old = {"pms5003": pms5003(1, 2), "sds011": sds011(1, 2)}[model]
    found = scan(model, b"\x00\x13" + old + MODELS[model] + old[:5])
    assert found.newest == VALUES[model]
    assert found.rest == old[:5]
    assert scan(model, found.rest + old[5:]).newest == Frame(1.0, 2.0)


@given(noise=st.binary(max_size=60), cut=st.integers(0, 31))
def test_noise_before_a_frame_and_any_split_lose_nothing_after_it(noise: bytes, cut: int) -> None:
    frame = pms5003(35, 51)
    stream = noise + frame + frame
    first = scan("pms5003", stream[: len(noise) + cut])
    second = scan("pms5003", first.rest + stream[len(noise) + cut :])
    assert (second.newest or first.newest) == Frame(35.0, 51.0)


@pytest.fixture
def line() -> Iterator[SerialLine]:
    with serial_line() as made:
        yield made


def _sensor(line: SerialLine, model: str, wait_s: float = 1.0) -> ParticulateSensor:
    chosen = settings_of(type="particulate", model=model, port=line.port, values=[PM25, PM10])
    return ParticulateSensor(chosen, wait_s)


@BOTH
def test_frames_come_through_a_serial_line(line: SerialLine, model: str) -> None:
    sensor = _sensor(line, model)
    line.repeat(b"\xff\x42" + MODELS[model])
    assert sensor.read(T0) == VALUES[model]._asdict()
    sensor.close()


def test_silence_and_damage_are_told_apart(line: SerialLine) -> None:
    sensor = _sensor(line, "pms5003", 0.3)
    with pytest.raises(SensorError, match="no bytes came") as caught:
        sensor.read(T0)
    assert caught.value.code == "sensor_silent"
    line.repeat(MODELS["pms5003"][:-1] + b"\x00")
    with pytest.raises(SensorError, match="wrong frames") as caught:
        sensor.read(T0)
    assert caught.value.code == "sensor_garbled"
    line.repeat(MODELS["pms5003"])
    assert sensor.read(T0)["pm2_5"] == 35.0
    sensor.close()


def test_a_port_that_went_away_is_opened_again(line: SerialLine) -> None:
    sensor = _sensor(line, "pms5003", 0.3)
    line.repeat(MODELS["pms5003"])
    sensor.read(T0)
    line.unplug()
    with pytest.raises(SensorError):
        sensor.read(T0)
    assert sensor._port is None


def test_only_the_metrics_that_are_set_are_told(line: SerialLine) -> None:
    chosen = settings_of(type="particulate", model="pms5003", port=line.port, values=[PM25])
    sensor = ParticulateSensor(chosen, 1.0)
    line.repeat(MODELS["pms5003"])
    assert sensor.read(T0) == {"pm2_5": 35.0}
    sensor.close()
