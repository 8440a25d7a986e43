"""Posts each notice as JSON to an address, signed.

``X-Linli-Signature: sha256=<hex>`` is the HMAC-SHA256 over ``<timestamp>.<body>``, where the
timestamp is that of ``X-Linli-Timestamp`` (Unix seconds). ``Idempotency-Key`` stays the same
when a notice is sent again: a receiver that has seen it answers 200 and does nothing.
"""

import hmac
import json
import time
from collections.abc import Callable

import httpx

from hub_server.outbound.http import post
from hub_server.outbound.notices import Notice


def webhook_signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the signature header."""
    signed = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(secret.encode(), signed, "sha256").hexdigest()


class Webhook:
    """One address."""

    def __init__(
        self,
        url: str,
        secret: str,
        timeout_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url, self._secret, self._clock = url, secret, clock
        # The county's network has no proxy between its systems; an environment's is not for us.
        self._client = httpx.Client(timeout=timeout_s, trust_env=False)

    def notify(self, key: str, notice: Notice) -> None:
        """POST the notice; raises as :func:`hub_server.outbound.http.post` does."""
        body = json.dumps(notice, ensure_ascii=False, separators=(",", ":")).encode()
        timestamp = str(int(self._clock()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-Linli-Timestamp": timestamp,
            "X-Linli-Signature": webhook_signature(self._secret, timestamp, body),
        }
        post(self._client, self._url, body, headers)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
