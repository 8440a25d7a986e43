"""Time series in InfluxDB 2, by its HTTP API: gzipped line protocol, InfluxQL for reading."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import httpx

from hub_server.stores.line_protocol import Field, Point
from hub_server.stores.points import time_ns
from hub_server.stores.settings import InfluxStoreSettings
from hub_server.stores.store import Refused, RetryLater

_TAGS = ("county", "town", "community", "grid", "device", "source", "type")
_LATER = frozenset({401, 403, 404, 408, 429})
"""Answers a person at the store mends (token, bucket) or time does; 5xx are such too."""


class InfluxStore:
    """See :class:`hub_server.stores.store.Store`. Safe from any thread."""

    name = "influxdb2"

    def __init__(self, settings: InfluxStoreSettings, token: str) -> None:
        self._bucket, self._org = settings.bucket, settings.org
        self._http = httpx.Client(
            base_url=str(settings.url),
            timeout=settings.timeout,
            headers={"Authorization": f"Token {token}"},
        )

    def write(self, lines: Sequence[str]) -> None:
        self._call(
            "POST",
            "/api/v2/write",
            params={"org": self._org, "bucket": self._bucket, "precision": "ns"},
            content=gzip.compress("\n".join(lines).encode()),
            headers={"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"},
        )

    def query(
        self, measurement: str, tags: Mapping[str, str], start: datetime, end: datetime
    ) -> list[Point]:
        where = [f"time >= {time_ns(start, 0)}", f"time < {time_ns(end, 0)}"]
        where += [f"{_name(key)} = {_text(value)}" for key, value in tags.items()]
        # a query names tags and fields alike; the tags are the same seven everywhere
        text = f"SELECT * FROM {_name(measurement)} WHERE {' AND '.join(where)}"  # noqa: S608
        params = {"db": self._bucket, "q": text, "epoch": "ns"}
        answer = self._call("GET", "/query", params=params).json()
        result = answer["results"][0]
        if "error" in result:
            raise Refused(str(result["error"]))
        return [
            _point(measurement, table["columns"], row)
            for table in result.get("series", [])
            for row in table["values"]
        ]

    def delete_older(self, limit: datetime) -> None:
        self._call(
            "POST",
            "/api/v2/delete",
            params={"org": self._org, "bucket": self._bucket},
            json={
                "start": "1970-01-01T00:00:00Z",
                "stop": limit.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            },
        )

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, path: str, **options: object) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            raise RetryLater(f"{type(error).__name__}: {error}") from error
        if answer.is_success:
            return answer
        text = f"HTTP {answer.status_code}: {answer.text[:300]}"
        if answer.status_code in _LATER or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RetryLater(text)
        raise Refused(text)


def _point(measurement: str, columns: Sequence[str], row: Sequence[Field | None]) -> Point:
    values = {key: value for key, value in zip(columns, row, strict=True) if value is not None}
    time = int(values.pop("time"))
    tags = {key: str(values.pop(key)) for key in _TAGS if key in values}
    fields = {
        key: value if isinstance(value, str) else float(value) for key, value in values.items()
    }
    return Point(measurement, tags, fields, time)


def _name(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
