"""Areas from county to grid: read from ``rules/areas.yaml`` into the ledger, and looked up."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy import Connection, select

from hub_server.ledger.place import Place
from hub_server.ledger.tables import areas
from hub_server.ledger.upsert import insert
from linli_settings import ConfigError, Problem, load

Level = Literal["county", "town", "community", "grid"]
Point = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Strict):
    """One area; its code begins with the code of the area around it."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{6,20}$")]
    level: Level
    zh: str
    en: str
    outline: Annotated[list[Point], Field(min_length=4)]
    """WGS-84 ring of (lon, lat); the last point is the first."""

    @field_validator("outline")
    @classmethod
    def _closed(cls, ring: list[Point]) -> list[Point]:
        if ring[0] != ring[-1]:
            raise ValueError("a ring whose last point is its first")
        return ring

    @property
    def centre(self) -> tuple[float, float]:
        """(lat, lon) of the middle of its corners."""
        corners = self.outline[:-1]
        lon, lat = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
        return lat, lon


class AreasFile(_Strict):
    """The file."""

    areas: Annotated[list[Area], Field(min_length=1)]


class Areas:
    """All areas, for lookups without the ledger."""

    def __init__(self, rows: Iterable[Area]) -> None:
        self._by_code = {row.code: row for row in rows}

    def around(self, grid: str) -> list[Area]:
        """The areas that hold ``grid``, the smallest first."""
        codes = (grid[:length] for length in range(len(grid), 0, -1))
        return [self._by_code[code] for code in codes if code in self._by_code]

    def place(self, grid: str) -> Place:
        """The codes of the areas around ``grid``; empty where a level is not known."""
        found = {row.level: row.code for row in self.around(grid)}
        return Place(
            found.get("county", ""), found.get("town", ""), found.get("community", ""), grid
        )

    def centre(self, grid: str) -> tuple[float, float] | None:
        """(lat, lon) of the smallest known area around ``grid``."""
        return next((row.centre for row in self.around(grid)), None)


def load_areas(file: Path) -> list[Area]:
    """The rows of ``file``.

    Raises:
        ConfigError: it is no such file, a code stands twice, or lies in no other area.
    """
    rows = load(file, AreasFile).areas
    codes = [row.code for row in rows]
    problems = [_problem(row, codes) for row in rows]
    if found := [problem for problem in problems if problem]:
        raise ConfigError(file, found)
    return rows


def save_areas(conn: Connection, rows: Iterable[Area]) -> None:
    """Write the rows into the ledger; what was there under the same code is replaced."""
    for row in rows:
        values = row.model_dump(mode="json")
        rest = {name: value for name, value in values.items() if name != "code"}
        row_insert = insert(conn, areas).values(**values)
        conn.execute(row_insert.on_conflict_do_update(index_elements=["code"], set_=rest))


def read_areas(conn: Connection) -> Areas:
    """The areas of the ledger."""
    rows = conn.execute(select(areas)).mappings()
    return Areas(Area.model_validate(dict(row)) for row in rows)


def _problem(row: Area, codes: list[str]) -> Problem | None:
    name = f"areas.{row.code}"
    if codes.count(row.code) > 1:
        return Problem(name, "each code once", "a second one", "remove one")
    inside = any(row.code.startswith(code) for code in codes if code != row.code)
    if row.level != "county" and not inside:
        return Problem(name, "an area whose code begins this one", "none", "add the area around it")
    return None
