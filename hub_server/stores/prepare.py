"""What ``hub-server init`` does for each kind of store; doing it again changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub_server.stores.settings import RetentionSettings, StoreSettings
from hub_server.stores.store import Level
from linli_settings.secrets import resolve


@dataclass(frozen=True)
class Step:
    """What was done or found, for people."""

    zh: str
    en: str


class Done(Step):
    """It is so now."""


class Missing(Step):
    """Somebody must do something first."""


def retention_s(retention: RetentionSettings, level: Level) -> int:
    """How long points of ``level`` stay, in seconds."""
    seconds = {
        Level.RAW: retention.raw,
        Level.TEN_MINUTES: retention.ten_minutes,
        Level.HOUR: retention.hour,
    }
    return int(seconds[level])


def _sqlite(settings: StoreSettings, data_dir: Path, _base: Path, _admin: str) -> Iterator[Step]:
    from hub_server.stores.sqlite import SqliteStore

    assert settings.type == "sqlite"  # noqa: S101 - the dict's key says so
    file = data_dir / settings.path
    known = file.exists()
    SqliteStore(file).close()
    yield (
        Done(f"{file} 已存在", f"{file} is there")
        if known
        else Done(f"已建 {file}", f"made {file}")
    )


def _influx2(settings: StoreSettings, _data_dir: Path, base: Path, admin: str) -> Iterator[Step]:
    from hub_server.stores.influx_init import prepare_influx2

    assert settings.type == "influxdb2"  # noqa: S101 - the dict's key says so
    token = resolve(settings.token, base)
    return prepare_influx2(settings, token, admin or token)


def _influx3(settings: StoreSettings, _data_dir: Path, base: Path, admin: str) -> Iterator[Step]:
    from hub_server.stores.influx_init import prepare_influx3

    assert settings.type == "influxdb3"  # noqa: S101 - the dict's key says so
    token = resolve(settings.token, base)
    return prepare_influx3(settings, token, admin or token)


PREPARATIONS: dict[str, Callable[[StoreSettings, Path, Path, str], Iterator[Step]]] = {
    "sqlite": _sqlite,
    "influxdb2": _influx2,
    "influxdb3": _influx3,
}


def prepare_store(settings: StoreSettings, data_dir: Path, base: Path, admin: str) -> list[Step]:
    """Make what the store needs, with the token ``admin`` where one is given; what was done,
    and what is missing."""
    return list(PREPARATIONS[settings.type](settings, data_dir, base, admin))
