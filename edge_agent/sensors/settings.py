"""Sensors as a technician writes them: one settings class for each type."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_agent.fields import Name
from edge_agent.sensors.quantity import Quantity, SensorBase, Timetable, check_metrics
from linli_settings import Duration, SecretRef
from linli_settings.strict import Strict

Port = Annotated[int, Field(ge=1, le=65535)]
SYS_IIO = Path("/sys/bus/iio/devices")
SYS_W1 = Path("/sys/bus/w1/devices")


class ReplaySettings(SensorBase):
    """Values from a CSV file with the columns ``offset_s`` (seconds from start) and ``value``."""

    type: Literal["replay"]
    file: Path = Field(title="Relative paths count from the configuration's folder")
    loop: bool = Field(default=False, title="Begin again at the end")


class IioSettings(SensorBase):
    """A channel of a Linux IIO device, in sysfs."""

    type: Literal["iio"]
    device: Annotated[str, Field(min_length=1)] = Field(title="What its name file says: bme280")
    channel: Annotated[str, Field(pattern=r"^in_[a-z0-9_-]+$")] = Field(
        title="As in its files: in_temp for in_temp_input or in_temp_raw"
    )
    root: Path = Field(default=SYS_IIO, title="Where the kernel shows the devices")


class OneWireSettings(SensorBase):
    """A 1-wire thermometer, in sysfs; °C."""

    type: Literal["onewire"]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{12}$")] = Field(
        title="The folder's name: 28-0316a2795bff"
    )
    root: Path = Field(default=SYS_W1, title="Where the kernel shows the devices")


class ParticulateSettings(Timetable):
    """A particulate matter sensor on a serial port that sends frames by itself; µg/m³."""

    type: Literal["particulate"]
    model: Literal["pms5003", "sds011"]
    port: Path = Field(title="/dev/serial/by-id/… keeps its name over a restart")
    values: Annotated[tuple[Quantity, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _metrics(self) -> "ParticulateSettings":
        metrics = [row.metric for row in self.values]
        if wrong := sorted(set(metrics) - {"pm2_5", "pm10"}):
            raise ValueError(f"metrics pm2_5 and pm10, not {', '.join(wrong)}")
        check_metrics(metrics, self.derive)
        return self

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return self.values


class ModbusTcp(Strict):
    """A Modbus TCP device or gateway."""

    type: Literal["tcp"]
    host: Annotated[str, Field(min_length=1)]
    port: Port = 502


class ModbusRtu(Strict):
    """An RS-485 bus; several sensors may share its port."""

    type: Literal["rtu"]
    port: Path
    baud: Annotated[int, Field(ge=300, le=1_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1


class RegisterValue(Quantity):
    """One value of a station."""

    reads: Annotated[str, Field(min_length=1)] = Field(title="The register, by its name in the map")


class ModbusSettings(Timetable):
    """A Modbus station whose registers a map describes."""

    type: Literal["modbus"]
    connection: Annotated[ModbusTcp | ModbusRtu, Field(discriminator="type")]
    station: Annotated[int, Field(ge=0, le=255)] = Field(title="Its address on the bus")
    timeout: Annotated[Duration, Field(ge=0.1, le=10)] = 2.0
    values: Annotated[tuple[RegisterValue, ...], Field(min_length=1)]
    map: Path = Field(title="Register map; relative paths count from the configuration's folder")

    @model_validator(mode="after")
    def _metrics(self) -> "ModbusSettings":
        check_metrics([row.metric for row in self.values], self.derive)
        return self

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return self.values


class ContactSettings(SensorBase):
    """A contact on a GPIO line: a level (1 closed, 0 open), or how often it closed."""

    type: Literal["contact"]
    chip: Path = Path("/dev/gpiochip0")
    line: Annotated[int, Field(ge=0, le=1023)]
    count: Literal["level", "pulses"] = Field(
        title="level: 1 while closed; pulses: closings since the last sample"
    )
    bias: Literal["pull_up", "pull_down", "none"] = "pull_up"
    active_low: bool = Field(default=True, title="Closed pulls the line to ground")
    debounce: Annotated[Duration, Field(ge=0, le=5)] = Field(
        default=0.02, title="A change counts once it has lasted so long"
    )


class NodeBroker(Strict):
    """The Mosquitto on this device."""

    host: str = "127.0.0.1"
    port: Port = 1884
    username: Annotated[str, Field(min_length=1)]
    password: SecretRef


class NodeValue(Quantity):
    """One value that a node publishes."""

    topic: str = Field(title="Below nodes/<node>/: sensor/pm25/state")
    field: str | None = Field(default=None, title="Key, where the node sends a JSON object")

    @model_validator(mode="after")
    def _topic(self) -> "NodeValue":
        parts = PurePosixPath(self.topic).parts
        if not parts or self.topic.strip("/") != self.topic or {"+", "#"} & set(self.topic):
            raise ValueError(f"topic: a path without + and #, not {self.topic!r}")
        return self


class NodeSettings(Timetable):
    """A microcontroller that publishes to the broker on this device under an account of its own."""

    type: Literal["mqtt_node"]
    node: Name = Field(title="Its account; it publishes below nodes/<node>/")
    broker: NodeBroker
    silent_after: Annotated[Duration, Field(ge=1, le=86_400)] = Field(
        default=60.0, title="A node that sends nothing for so long is at fault"
    )
    values: Annotated[tuple[NodeValue, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _metrics(self) -> "NodeSettings":
        check_metrics([row.metric for row in self.values], self.derive)
        return self

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return self.values


SensorSettings = Annotated[
    ReplaySettings
    | IioSettings
    | OneWireSettings
    | ParticulateSettings
    | ModbusSettings
    | ContactSettings
    | NodeSettings,
    Field(discriminator="type"),
]
"""The union of all types, told apart by ``type``."""
