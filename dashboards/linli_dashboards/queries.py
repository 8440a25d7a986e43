"""InfluxQL, which InfluxDB 2 (with a mapping) and 3 share; every name is checked on its way in."""

# ruff: noqa: S608 - the names come from the schema and are checked; no value is put in

from linli_dashboards.schema import check_field, check_measurement, check_tag

AREA_TAGS = ("county", "town", "community", "grid")
"""The drill-down, from the county to the grid; each is also a variable of the dashboard."""


def in_area() -> str:
    """The condition that keeps to the chosen area. "All" matches points without the tag too."""
    return " AND ".join(f'"{tag}" =~ /^(${{{tag}:regex}})$/' for tag in AREA_TAGS)


def where(extra: str = "") -> str:
    """The dashboard's time range and area, and ``extra``."""
    return f"WHERE $timeFilter AND {in_area()}" + (f" AND {extra}" if extra else "")


def columns(measurement: str, fields: list[str], tags: list[str], extra: str = "") -> str:
    """Rows as they were written, newest last."""
    check_measurement(measurement)
    names = [f'"{check_field(measurement, name)}"::field' for name in fields]
    names += [f'"{check_tag(name)}"::tag' for name in tags]
    return f'SELECT {", ".join(names)} FROM "{measurement}" {where(extra)}'


def over_time(
    function: str, measurement: str, field: str, tags: list[str], extra: str = "", fill: str = "0"
) -> str:
    """One value for each interval and set of ``tags``."""
    check_field(measurement, field)
    groups = "".join(f', "{check_tag(tag)}"' for tag in tags)
    return (
        f'SELECT {function}("{field}") FROM "{measurement}" {where(extra)} '
        f"GROUP BY time($__interval){groups} fill({fill})"
    )


def kpi_now(field: str) -> str:
    """The newest ``field`` of every grid, added up over the area."""
    newest = f'SELECT last("{check_field("kpi", field)}") AS "n" FROM "kpi" {where()}'
    return f'SELECT sum("n") FROM ({newest} GROUP BY "grid")'


def kpi_share_now(part: str, whole: str) -> str:
    """``part`` / ``whole`` over the area, 0-1; no value while ``whole`` is 0."""
    newest = (
        f'SELECT last("{check_field("kpi", part)}") AS "p", '
        f'last("{check_field("kpi", whole)}") AS "w" FROM "kpi" {where()}'
    )
    # InfluxQL says 0 for 0 / 0: without the condition a quiet county would show 0 %.
    return f'SELECT sum("p") / sum("w") FROM ({newest} GROUP BY "grid") WHERE "w" > 0'


def kpi_over_time(field: str) -> str:
    """``field`` added up over the grids of the area, for each interval."""
    newest = (
        f'SELECT last("{check_field("kpi", field)}") AS "n" FROM "kpi" {where()} '
        f'GROUP BY time($__interval), "grid" fill(none)'
    )
    return (
        f'SELECT sum("n") FROM ({newest}) WHERE $timeFilter GROUP BY time($__interval) fill(none)'
    )


def kpi_by_grid(field: str) -> str:
    """The newest ``field`` of every grid of the area."""
    newest = f'SELECT last("{check_field("kpi", field)}") AS "n" FROM "kpi" {where()}'
    return f'{newest} GROUP BY "grid"'


def tag_values(tag: str) -> str:
    """The values of ``tag`` within what is chosen above it in the drill-down."""
    above = AREA_TAGS[: AREA_TAGS.index(check_tag(tag))]
    inside = " AND ".join(f'"{name}" =~ /^(${{{name}:regex}})$/' for name in above)
    return f'SHOW TAG VALUES WITH KEY = "{tag}"' + (f" WHERE {inside}" if inside else "")
