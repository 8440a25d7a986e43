"""Areas of the county as data (``rules/areas.yaml``), kept in the ledger."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from hub_server.ledger.tables import areas
from hub_server.ledger.upsert import insert
from linli_settings import ConfigError, Problem, load

Degrees = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Strict):
    """One area; every code inside it starts with its own."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,32}$")]
    level: Literal["county", "town", "community", "grid"]
    zh: str = Field(min_length=1, max_length=64)
    en: str = Field(min_length=1, max_length=64)
    outline: list[Degrees] = []
    """WGS-84 ring of (lon, lat)."""


class _File(_Strict):
    areas: list[Area]


def load_areas(file: Path) -> list[Area]:
    """The areas of ``file``.

    Raises:
        ConfigError: it does not fit, a code stands twice, or an area lies in no other.
    """
    found = load(file, _File).areas
    codes = [area.code for area in found]
    problems = [
        Problem("areas: code", "each code once", repr(code))
        for code in sorted({code for code in codes if codes.count(code) > 1})
    ]
    problems += [
        Problem("areas: code", "a code that begins with another area's", repr(area.code))
        for area in found
        if area.level != "county" and not any(_inside(area.code, code) for code in codes)
    ]
    if problems:
        raise ConfigError(file, problems)
    return found


def store_areas(conn: Connection, found: list[Area]) -> None:
    """Write the areas; one that is known takes its new names and outline."""
    for area in found:
        values = {**area.model_dump(), "outline": [list(point) for point in area.outline]}
        row = insert(conn, areas).values(**values)
        conn.execute(row.on_conflict_do_update(index_elements=["code"], set_=values))


def _inside(code: str, other: str) -> bool:
    return code != other and code.startswith(other)
