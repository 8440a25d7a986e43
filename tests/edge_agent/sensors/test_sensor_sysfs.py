"""IIO and 1-wire: the forms in which the kernel gives values."""

from pathlib import Path

import pytest

from edge_agent.sensors import SensorError, open_sensor
from edge_agent.sensors.onewire import parse
from tests.edge_agent.sensors.sensor_kit import (
    T0,
    W1_BAD,
    W1_OK,
    recorded_iio,
    recorded_w1,
    settings_of,
)

QUANTITIES = {
    "humidity": {"metric": "humidity", "unit": "%", "range": [0, 100]},
    "voltage": {"metric": "voltage", "unit": "V", "range": [-5, 60]},
}


@pytest.mark.parametrize(
    ("device", "channel", "metric", "value"),
    [
        ("bme280", "in_humidityrelative", "humidity", 43.178),
        ("ads1115", "in_voltage0", "voltage", 1.33325),  # raw × its own scale, in mV
        ("ads1115", "in_voltage1", "voltage", 0.006),  # (raw + offset) × the shared scale
    ],
)
def test_channels_by_the_kernels_abi(
    tmp_path: Path, device: str, channel: str, metric: str, value: float
) -> None:
    root = recorded_iio(tmp_path / "iio")
    chosen = settings_of(
        type="iio", device=device, channel=channel, root=root, **QUANTITIES[metric]
    )
    assert open_sensor(chosen).read(T0) == {metric: pytest.approx(value)}


def test_a_device_is_found_by_name_when_its_number_changes(tmp_path: Path) -> None:
    root = recorded_iio(tmp_path / "iio")
    chosen = settings_of(
        type="iio", device="bme280", channel="in_humidityrelative", root=root,
        **QUANTITIES["humidity"],
    )  # fmt: skip
    sensor = open_sensor(chosen)
    first = sensor.read(T0)
    (root / "iio:device0").rename(root / "iio:device7")
    assert sensor.read(T0) == first


@pytest.mark.parametrize(
    ("device", "channel", "code"),
    [("bmp180", "in_temp", "sensor_missing"), ("bme280", "in_voltage3", "sensor_missing")],
)
def test_what_is_not_there_is_named(tmp_path: Path, device: str, channel: str, code: str) -> None:
    root = recorded_iio(tmp_path / "iio")
    chosen = settings_of(
        type="iio", device=device, channel=channel, root=root, **QUANTITIES["voltage"]
    )
    with pytest.raises(SensorError) as caught:
        open_sensor(chosen).read(T0)
    assert caught.value.code == code


def test_a_file_that_holds_no_number_is_garbled(tmp_path: Path) -> None:
    root = recorded_iio(tmp_path / "iio")
    (root / "iio:device0" / "in_humidityrelative_input").write_text("n/a\n")
    chosen = settings_of(
        type="iio", device="bme280", channel="in_humidityrelative", root=root,
        **QUANTITIES["humidity"],
    )  # fmt: skip
    with pytest.raises(SensorError, match="expected a number, got 'n/a'") as caught:
        open_sensor(chosen).read(T0)
    assert caught.value.code == "sensor_garbled"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (W1_OK, 23.125),
        (W1_OK.replace("t=23125", "t=-1062"), -1.062),
        (W1_OK.replace("t=23125", "t=0"), 0.0),
    ],
)
def test_one_wire_values(text: str, value: float) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "message"), [(W1_BAD, "CRC"), ("", "expected crc"), ("YES\n", "expected crc")]
)
def test_one_wire_without_a_good_crc_gives_no_value(
    tmp_path: Path, text: str, message: str
) -> None:
    root = recorded_w1(tmp_path, text)
    chosen = settings_of(
        type="onewire", id="28-0316a2795bff", root=root,
        metric="temperature", unit="°C", range=[-40, 85],
    )  # fmt: skip
    with pytest.raises(SensorError, match=message) as caught:
        open_sensor(chosen).read(T0)
    assert caught.value.code == "sensor_garbled"
