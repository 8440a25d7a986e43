"""The edge's configuration: one YAML file, every key checked before anything is opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Protocol
from zoneinfo import ZoneInfo

from pydantic import Field

from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors.settings import DetectorSettings
from edge_agent.evidence.settings import EvidenceSettings
from edge_agent.fields import Name
from edge_agent.holidays import load_holidays
from edge_agent.publisher.settings import BrokerSettings, HubSettings
from edge_agent.schedules import Duty
from edge_agent.sensors.settings import SensorSettings
from edge_agent.watch_checks import missing_holidays, missing_year, unknown_labels
from linli_contract.limits import OUTBOX_MAX_AGE_S
from linli_models import catalogue
from linli_settings import ConfigError, Duration, Problem, Size, located, parse, read_yaml
from linli_settings.strict import Strict
from linli_settings.times import DEFAULT_ZONE, TimeZone


class OutboxSettings(Strict):
    """Bounds of what waits for the hub; what is dropped leaves a tombstone."""

    max_size: Annotated[Size, Field(ge=1_000_000)] = Field(default=500_000_000, title="Messages")
    max_age: Annotated[Duration, Field(ge=3600, le=OUTBOX_MAX_AGE_S)] = Field(
        default=float(OUTBOX_MAX_AGE_S), title="Messages; the hub remembers ids for longer"
    )
    max_pictures: Annotated[Size, Field(ge=1_000_000)] = Field(
        default=1_000_000_000,
        title="Pictures: the oldest delivered ones go first, then, with a tombstone, waiting ones",
    )
    keep_pictures: Annotated[Duration, Field(ge=0, le=604_800)] = Field(
        default=86_400.0, title="Delivered pictures stay on the device so long, as room allows"
    )
    resend: Annotated[Duration, Field(ge=1, le=3600)] = Field(
        default=60.0, title="What the hub has not confirmed for so long is sent again"
    )
    group: Annotated[Duration, Field(ge=0, le=1)] = Field(
        default=0.0, title="Readings of so long share one commit, to spare the card; events never"
    )


class HealthSettings(Strict):
    """The heartbeat. The hub takes three missed ones as offline."""

    interval: Annotated[Duration, Field(ge=1, le=600)] = 30.0


class ClockSettings(Strict):
    """Whether the clock can be trusted from the start."""

    wait_for_ntp: bool = Field(
        default=False,
        title="For devices without a battery-backed clock: hold messages until the time is known",
    )


class TwinSettings(Strict):
    """Configuration from the hub."""

    grace: Annotated[Duration, Field(ge=1, le=3600)] = Field(
        default=60.0, title="A device that turns red so soon after a new configuration goes back"
    )


class MetricsSettings(Strict):
    """Figures for Prometheus and for ``edge-agent watch``, on the loopback address only."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None, title="127.0.0.1:port/metrics and /health; without a port, none"
    )


class LogSettings(Strict):
    """How much is logged; without a level, what the command line says."""

    level: Literal["debug", "info", "warning", "error"] | None = None


class AgentSettings(Strict):
    """Everything; relative paths count from the file's folder."""

    county: Name
    device: Name
    data_dir: Path
    time_zone: TimeZone = Field(default=DEFAULT_ZONE, title="Of schedules")
    holidays: Path | None = Field(default=None, title="File with public holidays, for schedules")
    broker: BrokerSettings
    hub: HubSettings
    detectors: tuple[DetectorSettings, ...] = ()
    cameras: tuple[CameraSettings, ...] = ()
    sensors: tuple[SensorSettings, ...] = ()
    evidence: EvidenceSettings = EvidenceSettings()
    outbox: OutboxSettings = OutboxSettings()
    health: HealthSettings = HealthSettings()
    clock: ClockSettings = ClockSettings()
    twin: TwinSettings = TwinSettings()
    metrics: MetricsSettings = MetricsSettings()
    log: LogSettings = LogSettings()


@dataclass(frozen=True)
class Configuration:
    """Checked settings and where they came from."""

    file: Path
    settings: AgentSettings

    @property
    def base(self) -> Path:
        """The folder from which relative paths count."""
        return self.file.parent

    @property
    def data_dir(self) -> Path:
        return self.base / self.settings.data_dir

    def duty(self) -> Duty:
        """Local time and holidays, by which schedules are read.

        Raises:
            ConfigError: the holiday file cannot be used.
        """
        zone, file = ZoneInfo(self.settings.time_zone), self.settings.holidays
        return Duty(zone, load_holidays(self.base / file)) if file else Duty(zone)

    def missing_year(self, now: datetime) -> int | None:
        """The year whose holidays the schedules ask for at ``now`` and the file does not hold.

        Raises:
            ConfigError: the holiday file cannot be used.
        """
        duty = self.duty()
        today = now.astimezone(duty.zone).date()
        return missing_year(self.settings.cameras, duty.calendar, today)

    def detector(self, settings: DetectorSettings) -> DetectorSettings:
        """``settings`` with its paths counted from the file's folder."""
        changed: dict[str, object] = {}
        if Path(settings.model).suffix:
            changed["model"] = str(self.base / settings.model)
        if settings.cache is not None:
            changed["cache"] = self.base / settings.cache
        return settings.model_copy(update=changed)


def load_configuration(file: Path) -> Configuration:
    """The configuration in ``file``, checked as a whole; nothing is connected or opened.

    Raises:
        ConfigError: it cannot be read or something in it is wrong.
    """
    file = file.absolute()
    return Configuration(file, parse_settings(read_yaml(file), file))


def parse_settings(text: str, file: Path | str) -> AgentSettings:
    """As :func:`load_configuration`, from text; ``file`` is only named in messages."""
    settings = parse(text, AgentSettings, file)
    if problems := _cross_check(settings):
        raise ConfigError(file, located(text, problems))
    return settings


def _cross_check(settings: AgentSettings) -> list[Problem]:
    """What no single field can see."""
    problems = [
        *_twice(_names("detectors", settings.detectors)),
        # the hub knows cameras and sensors as sources of one device
        *_twice(_names("cameras", settings.cameras) + _names("sensors", settings.sensors)),
    ]
    problems += _unknown_models(settings)
    problems += unknown_labels(settings.cameras, settings.detectors)
    problems += missing_holidays(settings.cameras, settings.holidays)
    known = [row.name for row in settings.detectors]
    for index, camera in enumerate(settings.cameras):
        for place, name in _detectors_of(camera):
            if name not in known:
                fix = "add it to detectors, or name one that is there"
                expected = f"one of the detectors {', '.join(known)}" if known else "a detector"
                problems.append(Problem(f"cameras[{index}].{place}", expected, repr(name), fix))
    return problems


def _detectors_of(camera: CameraSettings) -> list[tuple[str, str]]:
    """Where a camera names a detector, and which."""
    several = [(f"detectors[{number}]", name) for number, name in enumerate(camera.detectors)]
    return several or [("detector", camera.detector)]


def _unknown_models(settings: AgentSettings) -> list[Problem]:
    known = [entry.name for entry in catalogue().entries if entry.task == "detect"]
    return [
        Problem(
            f"detectors[{index}].model",
            f"a model of the catalogue ({', '.join(known)}) or a file",
            repr(row.model),
            "edge-agent models list shows them",
        )
        for index, row in enumerate(settings.detectors)
        if not Path(row.model).suffix and row.model not in known
    ]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def _names(field: str, rows: Sequence[_Named]) -> list[tuple[str, str]]:
    return [(f"{field}[{index}].name", row.name) for index, row in enumerate(rows)]


def _twice(names: list[tuple[str, str]]) -> list[Problem]:
    """Each second use of a name, where it stands."""
    first: dict[str, str] = {}
    return [
        Problem(field, "each name once", repr(name), f"{first[name]} has it already")
        for field, name in names
        if first.setdefault(name, field) != field
    ]
