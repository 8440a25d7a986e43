"""InfluxQL texts, and answers as points: what InfluxDB 2 and 3 share for reading."""

from collections.abc import Iterator
from typing import Any

from hub_server.stores.line_protocol import Field, Point
from hub_server.stores.points import time_ns
from hub_server.stores.store import Columns, Refused, Span, Where, Window, has_value

# ruff: noqa: S608 - names are quoted by name(), values by text(); times are numbers


def name(value: str) -> str:
    """An identifier in quotes.

    >>> name('a"b')
    '"a\\\\"b"'
    """
    return '"' + _escape(value, '"') + '"'


def text(value: str) -> str:
    """A string in quotes.

    >>> text("it's")
    "'it\\\\'s'"
    """
    return "'" + _escape(value, "'") + "'"


def select_range(measurement: str, where: Where, span: Span) -> str:
    """Every point of every series."""
    return f"SELECT * FROM {name(measurement)} {_where(where, span)} GROUP BY *"


def select_last(measurement: str, where: Where, span: Span) -> str:
    """The newest point of every series: a limit counts within a series."""
    return f"{select_range(measurement, where, span)} ORDER BY time DESC LIMIT 1"


def select_windows(
    measurement: str, columns: Columns, where: Where, span: Span, window_s: int
) -> str:
    """The columns of every series and window."""
    chosen = ", ".join(
        f"{function}({name(field)}) AS {name(key)}" for key, (function, field) in columns.items()
    )
    return (
        f"SELECT {chosen} FROM {name(measurement)} {_where(where, span)} "
        f"GROUP BY time({window_s}s), * fill(none)"
    )


def points(answer: Any) -> Iterator[Point]:
    """The points of an answer to :func:`select_range` or :func:`select_last`."""
    for series in _series(answer):
        tags = _tags(series)
        for row in series["values"]:
            values = dict(zip(series["columns"], row, strict=True))
            time = int(values.pop("time"))
            yield Point(series["name"], tags, _fields(values), time)


def windows(answer: Any, columns: Columns) -> Iterator[Window]:
    """The windows of an answer to :func:`select_windows`."""
    for series in _series(answer):
        tags = _tags(series)
        for time, *row in series["values"]:
            pairs = zip(series["columns"][1:], row, strict=True)
            found = {key: float(v) for key, v in pairs if has_value(v, columns[key])}
            if found:
                yield Window(tags, int(time), found)


def _series(answer: Any) -> Iterator[Any]:
    """Raises: Refused: the server does not understand the query."""
    for result in answer["results"]:
        if "error" in result:
            raise Refused(str(result["error"]))
        yield from result.get("series", [])


def _tags(series: Any) -> dict[str, str]:
    """A series without a tag answers with an empty one."""
    return {key: value for key, value in series.get("tags", {}).items() if value}


def _fields(values: dict[str, Any]) -> dict[str, Field]:
    """A point without a field answers with null."""
    return {
        key: value if isinstance(value, str) else float(value)
        for key, value in values.items()
        if value is not None
    }


def _where(where: Where, span: Span) -> str:
    parts = [f"time >= {time_ns(span.start, 0)}", f"time < {time_ns(span.end, 0)}"]
    parts += [_equals(key, value) for key, value in where.items()]
    return f"WHERE {' AND '.join(parts)}"


def _equals(key: str, value: str | tuple[str, ...]) -> str:
    values = (value,) if isinstance(value, str) else value
    return "(" + " OR ".join(f"{name(key)} = {text(one)}" for one in values) + ")"


def _escape(value: str, quote: str) -> str:
    if "\r" in value:
        raise Refused(f"query: InfluxQL has no way to write the carriage return of {value!r}")
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace(quote, "\\" + quote)
