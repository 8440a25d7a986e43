"""What a technician wants to know at the device: each part, tried, with cause and fix.

``look`` gives findings; how they are shown is the command's matter.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.cameras.settings import CameraSettings, streams
from edge_agent.clock import Clock, synchronised
from edge_agent.detectors import ModelError
from edge_agent.findings import Finding
from edge_agent.machine import clock_offset, read_machine
from edge_agent.presence import check_face_model, check_model
from edge_agent.publisher.client import Identity
from edge_agent.publisher.probe import probe_broker
from edge_agent.sensors import SensorSettings
from edge_agent.sensors.probe import probe_sensor
from edge_agent.settings import Configuration
from edge_agent.watch import SilentError, ask
from linli_contract.faults import fault
from linli_settings import ConfigError


def look(configuration: Configuration, env: Mapping[str, str]) -> Iterator[Finding]:
    """Every check in turn; each is tried whatever the others say. (OpenCV was tried before: this
    module cannot be imported without it.)"""
    yield from models(configuration, env)
    for camera in configuration.settings.cameras:
        yield from look_through(camera, configuration.base)
    for sensor in configuration.settings.sensors:
        yield read_once(sensor, configuration.base)
    yield mqtt(configuration)
    yield from holidays(configuration, Clock().now().wall)
    yield clock(configuration.settings.clock.wait_for_ntp)
    yield from machine(configuration.data_dir)
    yield from agent(configuration.settings.metrics.port)


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


def look_through(camera: CameraSettings, base: Path) -> Iterator[Finding]:
    """One frame of each of the camera's streams."""
    found = streams(camera)
    for role, stream in found.items():
        subject = f"{camera.name} {role}" if len(found) > 1 else camera.name
        yield _one_frame(subject, stream, base)


def _one_frame(subject: str, stream: CameraSettings, base: Path) -> Finding:
    around = Surroundings(Clock().now, random.random, base)
    try:
        frame = probe(stream, around)
    except CameraError as error:
        return Finding("camera", subject, fault=fault(error.code, str(error)))
    except ConfigError as error:
        return Finding("camera", subject, fault=fault("cannot_open", str(error)))
    width, height = frame.size
    return Finding("camera", subject, detail=f"{width} × {height}")


def read_once(sensor: SensorSettings, base: Path) -> Finding:
    """What the sensor says now."""
    try:
        detail, found = probe_sensor(sensor, base)
    except ConfigError as error:
        return Finding("sensor", sensor.name, fault=fault("sensor_failed", str(error)))
    return Finding("sensor", sensor.name, detail=detail, fault=found)


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


def holidays(configuration: Configuration, now: datetime) -> Iterator[Finding]:
    """Whether the year's holidays are known, where a file is to say them."""
    if configuration.settings.holidays is None:
        return
    try:
        year = configuration.missing_year(now)
    except ConfigError as error:
        yield Finding("holidays", fault=fault("holidays_unknown", str(error)))
        return
    found = "" if year is None else fault("holidays_unknown", str(year))
    yield Finding("holidays", detail=str(configuration.settings.holidays), fault=found)


def clock(wait_for_ntp: bool) -> Finding:
    """Whether the time can be trusted."""
    now = Clock(wait_for_ntp).now()
    text = now.wall.isoformat(timespec="seconds")
    offset = clock_offset()
    off = "" if offset is None else f" ±{abs(offset) * 1000:.0f} ms"
    ntp = f"NTP{off}" if synchronised() else "NTP –"
    found = "" if now.clock_set else fault("clock_not_set", text)
    return Finding("clock", detail=f"{text}, {ntp}", fault=found)


def machine(data_dir: Path) -> Iterator[Finding]:
    """Disk, temperature, and whether the processor is slowed down."""
    folder = next(path for path in (data_dir, *data_dir.absolute().parents) if path.exists())
    found = read_machine(folder)
    faults = {text.partition(":")[0]: text for text in found.faults()}
    free = f"{found.disk_free_mb:.0f} MB"
    yield Finding("disk", str(folder), detail=free, fault=faults.get("disk_low", ""))
    degrees = "–" if found.temperature_c is None else f"{found.temperature_c:.0f} °C"
    yield Finding("temperature", detail=degrees, fault=faults.get("too_hot", ""))
    yield Finding("throttling", detail="–", fault=faults.get("throttled", ""))


def agent(port: int | None) -> Iterator[Finding]:
    """What the running agent says of itself: its faults, and what it dropped. Nothing where it does
    not run, or has no port to ask: the doctor is called before the first start, too."""
    if port is None:
        return
    try:
        health = ask(port)
    except SilentError:
        return
    for row in health.cameras:
        for cause, count in sorted(row.drops.items()):
            if count:
                yield Finding("drops", row.name, drops=(cause, count))
    for text in health.faults:
        yield Finding("agent", fault=text)
    if not health.faults:
        yield Finding("agent", detail=health.version)
