"""Settings of the time-series stores."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from linli_settings import Duration, SecretRef


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SqliteStoreSettings(_Strict):
    """A SQLite file; nothing to install."""

    type: Literal["sqlite"]
    path: Path = Path("series.sqlite")
    """Relative to the hub's ``data_dir``."""


class InfluxStoreSettings(_Strict):
    """InfluxDB 2 by its HTTP API."""

    type: Literal["influxdb2"]
    url: HttpUrl
    org: Annotated[str, Field(min_length=1)]
    bucket: Annotated[str, Field(min_length=1)]
    token: SecretRef
    timeout: Annotated[Duration, Field(gt=0, le=300)] = 10.0


StoreSettings = Annotated[SqliteStoreSettings | InfluxStoreSettings, Field(discriminator="type")]
