"""What a technician wants to know at the device: each part, tried, with cause and fix.

``look`` gives findings; how they are shown is the command's matter.
"""

import importlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock, synchronised
from edge_agent.detectors import ModelError
from edge_agent.health import read_machine
from edge_agent.presence import check_face_model, check_model
from edge_agent.publisher.client import Identity
from edge_agent.publisher.probe import probe_broker
from edge_agent.settings import Configuration
from linli_contract.faults import fault
from linli_settings import ConfigError

NAMES: dict[str, tuple[str, str]] = {
    "opencv": ("OpenCV", "OpenCV"),
    "model": ("模型", "model"),
    "camera": ("摄像头", "camera"),
    "mqtt": ("MQTT 连接", "MQTT connection"),
    "clock": ("时钟", "clock"),
    "disk": ("磁盘", "disk"),
    "temperature": ("温度", "temperature"),
}


@dataclass(frozen=True)
class Finding:
    """One check: fine when ``fault`` is empty."""

    check: str
    """A key of ``NAMES``."""
    subject: str = ""
    """Which one, where there are several."""
    detail: str = ""
    """What was found, when fine."""
    fault: str = ""
    """``code: detail`` of ``linli_contract.faults``."""


def look(configuration: Configuration, env: Mapping[str, str]) -> Iterator[Finding]:
    """Every check in turn; each is tried whatever the others say."""
    yield opencv()
    yield from models(configuration, env)
    for camera in configuration.settings.cameras:
        yield look_through(camera, configuration.base)
    yield mqtt(configuration)
    yield clock(configuration.settings.clock.wait_for_ntp)
    yield from machine(configuration.data_dir)


def opencv() -> Finding:
    """Whether OpenCV can be imported, and which one it is."""
    try:
        module = importlib.import_module("cv2")
    except ImportError as error:
        return Finding("opencv", fault=fault("opencv_missing", str(error)))
    return Finding("opencv", detail=str(module.__version__))


def models(configuration: Configuration, env: Mapping[str, str]) -> Iterator[Finding]:
    """Each detector's model, and the one that blurs faces."""
    for row in configuration.settings.detectors:
        chosen = configuration.detector(row)
        yield _model(row.name, partial(check_model, chosen, env))
    if any(camera.evidence.pictures for camera in configuration.settings.cameras):
        yield _model("faces", partial(check_face_model, env))


def _model(subject: str, check: Callable[[], Path]) -> Finding:
    try:
        return Finding("model", subject, detail=str(check()))
    except ModelError as error:
        return Finding("model", subject, fault=fault("model_failed", str(error)))


def look_through(camera: CameraSettings, base: Path) -> Finding:
    """One frame of the camera."""
    around = Surroundings(Clock().now, random.random, base)
    try:
        frame = probe(camera, around)
    except CameraError as error:
        return Finding("camera", camera.name, fault=fault(error.code, str(error)))
    except ConfigError as error:
        return Finding("camera", camera.name, fault=fault("cannot_open", str(error)))
    width, height = frame.size
    return Finding("camera", camera.name, detail=f"{width} × {height}")


def mqtt(configuration: Configuration) -> Finding:
    """Connect to the broker as it is set, in the protocol version that is set."""
    settings = configuration.settings
    broker = settings.broker
    try:
        found = probe_broker(broker, Identity(settings.county, settings.device), configuration.base)
    except ConfigError as error:
        found = fault("broker_credentials", str(error))
    where = f"{broker.host}:{broker.port}"
    return Finding("mqtt", where, detail=f"MQTT {broker.protocol}", fault=found)


def clock(wait_for_ntp: bool) -> Finding:
    """Whether the time can be trusted."""
    now = Clock(wait_for_ntp).now()
    text = now.wall.isoformat(timespec="seconds")
    ntp = "NTP" if synchronised() else "no NTP"
    found = "" if now.clock_set else fault("clock_not_set", text)
    return Finding("clock", detail=f"{text}, {ntp}", fault=found)


def machine(data_dir: Path) -> Iterator[Finding]:
    """Disk and temperature."""
    folder = next(path for path in (data_dir, *data_dir.absolute().parents) if path.exists())
    found = read_machine(folder)
    faults = {text.partition(":")[0]: text for text in found.faults()}
    free = f"{found.disk_free_mb:.0f} MB"
    yield Finding("disk", str(folder), detail=free, fault=faults.get("disk_low", ""))
    degrees = "–" if found.temperature_c is None else f"{found.temperature_c:.0f} °C"
    yield Finding("temperature", detail=degrees, fault=faults.get("too_hot", ""))
