"""The connection to InfluxDB: influxdb-client's HTTP side, and answers as what to do next."""

import json
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from influxdb_client import InfluxDBClient, WriteService
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from hub_server.stores.store import Refused, RetryLater, StoreError, TooLarge

_LATER = frozenset({0, 401, 403, 404, 408, 429})
"""Answers a person at the store mends (token, bucket, certificate: 0) or time does; so are 5xx."""
QUERY_S = 120.0
"""A window of 20,000 series takes some seconds, on a busy server ten times that."""
GZIP = 16 + zlib.MAX_WBITS
FASTEST = 1
"""Lines of one batch are much alike: the least effort already takes nine tenths away."""


class InfluxHttp:
    """One server with one token; safe from any thread."""

    def __init__(self, url: str, org: str, token: str, timeout_s: float) -> None:
        timeout = int(timeout_s * 1000)
        self.client = InfluxDBClient(url.rstrip("/"), token, org=org, timeout=timeout)
        self._org = org
        self._patience = timeout, max(timeout, int(QUERY_S * 1000))
        self._writes = WriteService(self.client.api_client)

    def write(self, bucket: str, body: bytes) -> None:
        """Send lines that are gzipped already; the client's own points and batches cost several
        times as much as the server does.

        Raises:
            RetryLater: not now.
            Refused: at least one line is bad.
        """
        self._try(
            lambda: self._writes.post_write(
                org=self._org,
                bucket=bucket,
                body=body,
                precision="ns",
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
            )
        )

    def query(self, database: str, text: str) -> Any:
        """The answer to InfluxQL, times in ns.

        Raises:
            RetryLater: not now.
            Refused: the server does not understand the query.
        """
        params = {"db": database, "q": text, "epoch": "ns"}
        return json.loads(self.call("GET", "/query", params))

    def call(self, method: str, path: str, params: Mapping[str, str], body: object = None) -> bytes:
        """What the server answers to a call that the client knows no method for.

        Raises: as :meth:`query`.
        """

        def send() -> bytes:
            answer, _status, _headers = self.client.api_client.call_api(
                path,
                method,
                query_params=list(params.items()),
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                body=body,
                _preload_content=False,
                _request_timeout=self._patience,  # ms: to connect, to answer
            )
            return bytes(answer.data)

        return bytes(self._try(send))

    def close(self) -> None:
        self.client.close()

    def _try(self, send: Any) -> Any:
        try:
            return send()
        except ApiException as error:
            raise what_to_do(error) from error
        except HTTPError as error:
            raise RetryLater(f"{type(error).__name__}: {error}", "connection") from error


def gzipped(text: str) -> bytes:
    """``text`` as the body of a write."""
    packer = zlib.compressobj(FASTEST, zlib.DEFLATED, GZIP)
    return packer.compress(text.encode()) + packer.flush()


def what_to_do(error: ApiException) -> StoreError:
    """Retry (429, 5xx, and what a person mends), split (413), else refused for good."""
    status = int(error.status or 0)
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    said = f"HTTP {status}: {str(body or error.reason or '')[:300]}"
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RetryLater(said, str(status or "tls"), _retry_after(error))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(said)
    return Refused(said)


def _retry_after(error: ApiException) -> float | None:
    """The header in seconds; a date (which InfluxDB does not send) counts as not said."""
    value = (error.headers or {}).get("Retry-After", "")
    return float(value) if value.isdigit() else None
