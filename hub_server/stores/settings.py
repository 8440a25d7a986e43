"""Settings of the time-series stores."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from linli_settings import Duration, SecretRef

DAY_S = 86_400.0
Days = Annotated[Duration, Field(ge=DAY_S)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RetentionSettings(_Strict):
    """How long points stay, at least a day; docs/stores.md says what that takes on the disk."""

    raw: Days = 90 * DAY_S
    """As they came. What is late by more is not written any more."""
    ten_minutes: Days = 400 * DAY_S
    hour: Days = 5 * 365 * DAY_S


class SqliteStoreSettings(_Strict):
    """A SQLite file; nothing to install."""

    type: Literal["sqlite"]
    path: Path = Path("series.sqlite")
    """Relative to the hub's ``data_dir``."""
    retention: RetentionSettings = RetentionSettings()


class Influx2Settings(_Strict):
    """InfluxDB 2 by its HTTP API; ``hub-server init`` makes the buckets."""

    type: Literal["influxdb2"]
    url: HttpUrl
    org: Annotated[str, Field(min_length=1)]
    bucket: Annotated[str, Field(min_length=1)]
    """Of the raw points; those of the rollups end in ``_10m`` and ``_1h``."""
    token: SecretRef
    timeout: Annotated[Duration, Field(gt=0, le=300)] = 10.0
    retention: RetentionSettings = RetentionSettings()


class Influx3Settings(_Strict):
    """InfluxDB 3 by the same writes and InfluxQL. UNTESTED: no server of this kind was at hand."""

    type: Literal["influxdb3"]
    url: HttpUrl
    database: Annotated[str, Field(min_length=1)]
    """Of the raw points; those of the rollups end in ``_10m`` and ``_1h``."""
    token: SecretRef
    timeout: Annotated[Duration, Field(gt=0, le=300)] = 10.0
    retention: RetentionSettings = RetentionSettings()


InfluxSettings = Influx2Settings | Influx3Settings
StoreSettings = Annotated[
    SqliteStoreSettings | Influx2Settings | Influx3Settings, Field(discriminator="type")
]
