"""Device profiles (``firmware_configs/*.yaml``) and sites: what a bundle is written from."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from hub_server.share import share_dir
from linli_contract.errors import TopicError
from linli_contract.limits import OUTBOX_MAX_AGE_S
from linli_contract.topics import check_name
from linli_settings import ConfigError, Duration, Size, load


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _name(value: str) -> str:
    try:
        return check_name(value, "name")
    except TopicError:
        raise ValueError("a name of 1-64 letters, digits, '_', '.' or '-'") from None


Name = Annotated[str, AfterValidator(_name)]


class Names(_Strict):
    """What people call a thing, in both languages."""

    zh: str = Field(min_length=1, max_length=64)
    en: str = Field(min_length=1, max_length=64)


class SourceSettings(_Strict):
    """One camera or sensor: what people call it, where it is, and its part of agent.yaml."""

    name: Name
    zh: str = Field(min_length=1, max_length=64)
    en: str = Field(min_length=1, max_length=64)
    lat: float | None = Field(default=None, ge=-90, le=90)
    """WGS-84 degrees; without both, the middle of the grid."""
    lon: float | None = Field(default=None, ge=-180, le=180)
    grid: str | None = None
    """When it looks into another grid than its device's."""
    zones: dict[Name, Names] = {}
    """What people call its zones; a zone without is called by its name."""
    agent: dict[str, JsonValue] = Field(min_length=1)
    """Passed on as it is; ``edge-agent check`` on the device reads it."""

    @model_validator(mode="after")
    def _both(self) -> "SourceSettings":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon together")
        return self


class Site(_Strict):
    """The cameras and sensors of one device."""

    cameras: list[SourceSettings] = []
    sensors: list[SourceSettings] = []

    @model_validator(mode="after")
    def _once(self) -> "Site":
        names = [one.name for one in (*self.cameras, *self.sensors)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each name once, not twice: {', '.join(twice)}")
        return self


class DetectorDefaults(_Strict):
    name: Name
    type: Literal["openvino"]
    model: str
    device: Literal["CPU", "GPU", "NPU", "AUTO"]


class OutboxDefaults(_Strict):
    max_size: Size
    max_age: Annotated[Duration, Field(le=OUTBOX_MAX_AGE_S)]


class HealthDefaults(_Strict):
    interval: Duration


class ClockDefaults(_Strict):
    wait_for_ntp: bool


class AgentDefaults(_Strict):
    """The parts of agent.yaml that the kind of device decides."""

    data_dir: str
    broker_protocol: Literal["5", "3.1.1"]
    detectors: list[DetectorDefaults]
    outbox: OutboxDefaults
    health: HealthDefaults
    clock: ClockDefaults


class Profile(_Strict):
    """One kind of device."""

    name: Name
    zh: str
    en: str
    agent: AgentDefaults
    site: Site


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """The profile ``name``.

    Raises:
        ConfigError: there is none, it does not fit, or its file has another name.
    """
    places = folder or share_dir("firmware_configs")
    file = places / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(one.stem for one in places.glob("*.yaml")))
        raise ConfigError.one("command line", "--profile", f"one of {known}", repr(name))
    profile = load(file, Profile)
    if profile.name != name:
        raise ConfigError.one(file, "name", repr(name), repr(profile.name))
    return profile
