"""What the demo's device watches: one camera and four replayed sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sin
from pathlib import Path

from hub_server.demo.inputs import Inputs
from hub_server.devices.profile import Site

ZONE = "courtyard"
_SAMPLE_POLYGON = [[0.42, 0.36], [0.68, 0.26], [0.97, 0.56], [0.97, 0.85], [0.6, 0.66]]
_WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]
_INTERVAL_S = 2
_ROUNDS = 300


@dataclass(frozen=True)
class _Sensor:
    name: str
    zh: str
    en: str
    metric: str
    unit: str
    range: tuple[float, float]
    value: Callable[[int], float]
    """Round → value."""


def _gas(n: int) -> float:
    """Quiet, a leak from 10 s on (over 10 %LEL, the first limit), and quiet again after 60 s."""
    return 14.0 if 5 <= n < 30 else 1.0 + 0.3 * sin(n)


_SENSORS = (
    _Sensor("gas-1", "一号楼燃气", "Gas, building 1", "gas_lel", "%LEL", (0, 100), _gas),
    _Sensor(
        "water-1", "下穿道积水", "Underpass water", "water_depth", "cm", (0, 200),
        lambda n: 1.0 + 0.5 * sin(n / 20),
    ),
    _Sensor(
        "pm-1", "广场颗粒物", "Square PM2.5", "pm2_5", "µg/m³", (0, 1000),
        lambda n: 32.0 + 6 * sin(n / 30),
    ),
    _Sensor(
        "temp-1", "广场气温", "Square temperature", "temperature", "°C", (-40, 80),
        lambda n: 18.0 + 2 * sin(n / 60),
    ),
)  # fmt: skip


def write_replays(folder: Path) -> None:
    """The four sensors' CSV files."""
    for sensor in _SENSORS:
        rows = [f"{n * _INTERVAL_S},{sensor.value(n):.3f}\n" for n in range(_ROUNDS)]
        (folder / f"{sensor.name}.csv").write_text("offset_s,value\n" + "".join(rows))


def site(inputs: Inputs) -> Site:
    """The camera with its zone, and the sensors."""
    return Site.model_validate({"cameras": [_camera(inputs)], "sensors": [*map(_row, _SENSORS)]})


def _camera(inputs: Inputs) -> dict[str, object]:
    behaviours: list[dict[str, object]] = [
        {"type": "intrusion", "dwell": "5s", "grace": "2s", "labels": ["person"]},
        {"type": "crowd", "count": 3, "dwell": "10s"},
    ]
    polygon = _SAMPLE_POLYGON if inputs.sample else _WHOLE
    zone = {"name": ZONE, "polygon": polygon, "behaviours": behaviours}
    agent = {"source": inputs.source, "detector": "main", "zones": [zone]}
    return {
        "name": "gate", "zh": "广场东门", "en": "East gate of the square",
        "lat": 29.1172, "lon": 119.1644, "agent": agent,
        "zones": {ZONE: {"zh": "广场禁入区", "en": "the closed part of the square"}},
    }  # fmt: skip


def _row(sensor: _Sensor) -> dict[str, object]:
    agent = {
        "type": "replay", "file": f"{sensor.name}.csv", "metric": sensor.metric,
        "unit": sensor.unit, "range": list(sensor.range), "interval": f"{_INTERVAL_S}s",
        "loop": True, "reference": sensor.name == "pm-1",
    }  # fmt: skip
    return {"name": sensor.name, "zh": sensor.zh, "en": sensor.en, "agent": agent}
