"""Time series in InfluxDB 2 or 3: gzipped line protocol to write, InfluxQL to read.

InfluxDB 3 takes the same writes (its ``/api/v2/write``) and the same queries (``/query``), but
deletes nothing by time. UNTESTED there: no server of that kind was at hand.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from hub_server.stores import influxql
from hub_server.stores.influx_http import InfluxHttp, gzipped
from hub_server.stores.line_protocol import Point
from hub_server.stores.settings import Influx2Settings, InfluxSettings
from hub_server.stores.store import Columns, Level, Refused, Span, Where, Window


def bucket_of(settings: InfluxSettings, level: Level) -> str:
    """The bucket (2) or database (3) of a level."""
    base = settings.bucket if isinstance(settings, Influx2Settings) else settings.database
    return base if level is Level.RAW else f"{base}_{level.value}"


def org_of(settings: InfluxSettings) -> str:
    """InfluxDB 3 has no organisations."""
    return settings.org if isinstance(settings, Influx2Settings) else ""


class InfluxStore:
    """See :class:`hub_server.stores.store.Store`."""

    expires = True

    def __init__(self, settings: InfluxSettings, token: str) -> None:
        self.name = settings.type
        self._settings = settings
        self._http = InfluxHttp(str(settings.url), org_of(settings), token, settings.timeout)

    def write(self, lines: Sequence[str], level: Level = Level.RAW) -> None:
        self._http.write(bucket_of(self._settings, level), gzipped("\n".join(lines)))

    def range(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        found = influxql.points(self._ask(influxql.select_range(measurement, where, span), level))
        return sorted(found, key=_order)

    def aggregate(
        self,
        measurement: str,
        columns: Columns,
        where: Where,
        span: Span,
        window_s: int,
        level: Level = Level.RAW,
    ) -> list[Window]:
        query = influxql.select_windows(measurement, columns, where, span, window_s)
        found = influxql.windows(self._ask(query, level), columns)
        return sorted(found, key=lambda one: (one.start_ns, sorted(one.tags.items())))

    def last(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        found = influxql.points(self._ask(influxql.select_last(measurement, where, span), level))
        return sorted(found, key=_order)

    def delete_older(self, limit: datetime, level: Level = Level.RAW) -> None:
        if not isinstance(self._settings, Influx2Settings):
            raise Refused("InfluxDB 3 drops points by its retention alone")
        place = {"org": self._settings.org, "bucket": bucket_of(self._settings, level)}
        stop = limit.astimezone(UTC).isoformat().replace("+00:00", "Z")
        span = {"start": "1970-01-01T00:00:00Z", "stop": stop}
        self._http.call("POST", "/api/v2/delete", place, span)

    def close(self) -> None:
        self._http.close()

    def _ask(self, query: str, level: Level) -> object:
        return self._http.query(bucket_of(self._settings, level), query)


def _order(point: Point) -> tuple[int, list[tuple[str, str]]]:
    return point.time_ns, sorted(point.tags.items())
