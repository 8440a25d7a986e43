"""A configuration with one camera, and a twin in virtual time."""

from pathlib import Path

import msgspec

from edge_agent.settings import Configuration, load_configuration
from edge_agent.twin import ApplyError, Store, Twin
from linli_contract.payloads import TwinDesired, TwinReported
from tests.edge_agent.agent_kit import SENSOR, base_settings, write_configuration

GRACE_S = 60.0
ZONE = {
    "name": "yard",
    "polygon": [[0, 0], [1, 0], [1, 1]],
    "behaviours": [{"type": "intrusion", "dwell": "5s", "min_confidence": "40%"}],
}


def settings(folder: Path) -> dict[str, object]:
    password = folder / "gate.password"
    password.write_text("p@ss:/%")
    password.chmod(0o600)
    source = {
        "type": "rtsp",
        "url": "rtsp://10.0.0.8/ch1",
        "username": "viewer",
        "password": "file:gate.password",
    }
    model = {"name": "main", "type": "openvino", "model": "x.onnx", "classes": {0: "person"}}
    camera = {"name": "gate", "source": source, "detector": "main", "zones": [ZONE]}
    return base_settings(1883) | {
        "detectors": [model],
        "cameras": [camera],
        "sensors": [SENSOR],
    }


def configuration(folder: Path) -> Configuration:
    return load_configuration(write_configuration(folder, settings(folder)))


class Device:
    """A twin, what it put in force, and what is at fault."""

    def __init__(self, folder: Path, of_file: Configuration | None = None) -> None:
        self.of_file = of_file or configuration(folder)
        self.store = Store(folder / "data")
        self.twin = Twin(self.of_file, self.store, GRACE_S)
        self.applied: list[Configuration] = []
        self.red: dict[str, str] = {}
        self.cannot = ""
        self.mono = 0.0

    def _apply(self, new: Configuration) -> None:
        if self.cannot:
            raise ApplyError(self.cannot)
        self.applied.append(new)

    def wish(self, version: int, config: dict[str, object]) -> TwinReported:
        return self.raw(msgspec.json.encode(TwinDesired(version, config)))

    def raw(self, payload: bytes) -> TwinReported:
        return self.twin.desired(payload, self._apply, self.red, self.mono)

    def after(self, seconds: float) -> TwinReported | None:
        self.mono += seconds
        return self.twin.tick(self._apply, self.red, self.mono)

    def interval(self) -> float:
        return self.twin.configuration.settings.health.interval
