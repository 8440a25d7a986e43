"""Areas of the county as data (``rules/areas.yaml``), kept in the ledger."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from hub_server.ledger.tables import areas
from hub_server.ledger.upsert import insert
from linli_settings import ConfigError, Problem, located, parse, read_yaml

Degrees = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


ABOVE = {"county": "", "town": "county", "community": "town", "grid": "community"}
"""The level that directly holds one."""
CORNERS = 4
"""Of the smallest ring: a triangle, its first point repeated."""


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
    """The areas of ``file``; see :func:`parse_areas`."""
    return parse_areas(read_yaml(file), file)


def parse_areas(text: str, file: Path | str) -> list[Area]:
    """The areas of ``text``; ``file`` is only named in messages.

    Raises:
        ConfigError: it does not fit, a code stands twice, an area is not directly inside one of
            the level above it (a hole), or an outline is no closed ring.
    """
    found = parse(text, _File, file).areas
    levels = {area.code: area.level for area in found}
    problems = [
        problem
        for index, area in enumerate(found)
        for problem in _problems(f"areas[{index}]", area, found[:index], levels)
    ]
    if problems:
        raise ConfigError(file, located(text, problems))
    return found


def store_areas(conn: Connection, found: list[Area]) -> None:
    """Write the areas; one that is known takes its new names and outline."""
    for area in found:
        values = {**area.model_dump(), "outline": [list(point) for point in area.outline]}
        row = insert(conn, areas).values(**values)
        conn.execute(row.on_conflict_do_update(index_elements=["code"], set_=values))


def _problems(
    field: str, area: Area, before: list[Area], levels: Mapping[str, str]
) -> Iterator[Problem]:
    code = area.code
    if any(other.code == code for other in before):
        yield Problem(f"{field}.code", "each code once", repr(code), "another code, or remove it")
    above = ABOVE[area.level]
    around = max(
        (one for one in levels if code != one and code.startswith(one)), key=len, default=""
    )
    if above and levels.get(around) != above:
        found = f"{code!r} directly inside {around!r} ({levels[around]})" if around else repr(code)
        expected = f"a code that begins with that of a {above}"
        yield Problem(f"{field}.code", expected, found, f"add the {above} around it")
    ring = area.outline
    if ring and (len(ring) < CORNERS or ring[0] != ring[-1]):
        found = f"{len(ring)} points, the last {list(ring[-1])}"
        fix = "repeat the first point at the end"
        yield Problem(f"{field}.outline", "a ring of at least 4 points, closed", found, fix)
