"""The hub's configuration file: every key checked, units required, secrets by reference."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator

from hub_server.auth.settings import AuthSettings
from hub_server.county_link.settings import CountyLinkSettings
from hub_server.ingest.settings import IngestSettings
from hub_server.notifiers.settings import NotifierSettings
from hub_server.stores.settings import SqliteStoreSettings, StoreSettings
from linli_contract.limits import INBOX_MIN_AGE_S
from linli_settings import ConfigError, Duration, SecretRef, Size, load


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LedgerSettings(_Strict):
    """The one database of the hub."""

    url: str
    """``sqlite:///<file>`` (relative to this file) or ``postgresql+psycopg://…``."""


class HttpSettings(_Strict):
    """Where the API and the phone page are served."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: HttpUrl
    """The address people and devices use, through the proxy."""


class RulesSettings(_Strict):
    """Where rule packs, incident types and areas lie."""

    folder: Path | None = None
    """None takes the packs that come with the program."""


class RateSettings(_Strict):
    """How many messages a device may make; what endangers people is never counted."""

    messages: Annotated[int, Field(ge=10, le=1_000_000)] = 30_000
    """That many at once, and as many again within ``per``. By default enough for what a device
    has kept while the link was cut for minutes, which comes as fast as it is taken."""
    per: Annotated[Duration, Field(ge=1, le=86400)] = 600.0


class LimitSettings(_Strict):
    """Bounds and windows of the flow."""

    late: Annotated[Duration, Field(gt=0)] = 600.0
    """How far behind its source's clock an event may come and still page."""
    dedupe: Annotated[Duration, Field(ge=INBOX_MIN_AGE_S)] = float(INBOX_MIN_AGE_S)
    """How long the inbox remembers; always longer than an edge's ``outbox.max_age``."""
    renew: Annotated[Duration, Field(gt=0)] = 180.0
    """An open observation not renewed for that long is ended with cause unknown."""
    quarantine_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    quarantine_size: Size = 256 * 1024 * 1024
    """Of all payloads in quarantine; the oldest of more are dropped and counted."""
    replay: Annotated[Duration, Field(ge=0)] = 3 * 86400.0
    """How long the inbox keeps the bytes of messages; their keys stay for ``dedupe``."""
    audit: Annotated[Duration, Field(ge=180 * 86400)] = 180 * 86400.0
    """How long the audit log and tombstones are kept: at least 180 days (Cybersecurity Law)."""
    alerts: Annotated[Duration, Field(ge=31 * 86400)] = 400 * 86400.0
    """How long alerts are kept once they are over and their case is final; silences as long."""
    rate: RateSettings | None = RateSettings()
    """null counts nothing."""


class HeartbeatSettings(_Strict):
    """A dead man's switch: an address outside that alarms when the hub falls silent."""

    url: SecretRef
    """The whole address: whoever knows it could keep a dead hub looking alive."""
    interval: Annotated[Duration, Field(ge=5, le=3600)] = 60.0
    timeout: Annotated[Duration, Field(gt=0, le=60)] = 10.0


class HubSettings(_Strict):
    """``hub.yaml``."""

    county: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    data_dir: Path
    """Pictures and the embedded store; relative to this file."""
    ledger: LedgerSettings
    ingest: IngestSettings
    http: HttpSettings
    auth: AuthSettings
    stores: list[StoreSettings] = [SqliteStoreSettings(type="sqlite")]
    notifiers: list[NotifierSettings] = []
    county_link: CountyLinkSettings | None = None
    rules: RulesSettings = RulesSettings()
    limits: LimitSettings = LimitSettings()
    heartbeat: HeartbeatSettings | None = None

    @field_validator("notifiers")
    @classmethod
    def _names(cls, notifiers: list[NotifierSettings]) -> list[NotifierSettings]:
        names = [notifier.name for notifier in notifiers]
        if len(set(names)) != len(names):
            raise ValueError("notifiers with a name each")
        return notifiers

    @field_validator("stores")
    @classmethod
    def _kinds(cls, stores: list[StoreSettings]) -> list[StoreSettings]:
        kinds = [store.type for store in stores]
        if len(set(kinds)) != len(kinds):
            raise ValueError("each kind of store once")
        return stores


class Hub:
    """The settings with their file; relative paths count from its folder."""

    def __init__(self, settings: HubSettings, file: Path) -> None:
        self.settings = settings
        self.file = file
        self.base = file.resolve().parent

    @property
    def data_dir(self) -> Path:
        """Absolute."""
        return self.base / self.settings.data_dir

    @property
    def ledger_url(self) -> str:
        """A relative SQLite file counts from the configuration's folder."""
        url, prefix = self.settings.ledger.url, "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/"):
            return prefix + str(self.base / url.removeprefix(prefix))
        return url


def load_hub(file: Path) -> Hub:
    """The hub's settings in ``file``.

    Raises:
        ConfigError: it cannot be used; says every problem with line, field and fix.
    """
    hub = Hub(load(file, HubSettings), file)
    if hub.settings.ingest.type == "kafka" and hub.ledger_url.startswith("sqlite"):
        expected = "a PostgreSQL database: workers that share Kafka share the ledger too"
        found = "a SQLite file, which one process writes"
        raise ConfigError.one(file, "ledger.url", expected, found, "postgresql+psycopg://…")
    return hub
