"""How hub and county centre sign what they send each other.

HMAC-SHA256 over timestamp + nonce + body. Timestamp (10 digits) and nonce (32 hex digits) have
a fixed length, so no two requests share the signed bytes. A request is good for ``window``
seconds around its timestamp, and once: who verifies keeps the nonces of that time.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

APP_KEY, TIMESTAMP, NONCE, SIGNATURE = "X-App-Key", "X-Timestamp", "X-Nonce", "X-Signature"
_TIMESTAMP = re.compile(r"[0-9]{10}\Z")
_NONCE = re.compile(r"[0-9a-f]{32}\Z")


class SignatureError(ValueError):
    """The request is not from who it says, was altered, or is too old."""


@dataclass(frozen=True)
class CountyKey:
    """What both sides share."""

    app_key: str
    secret: str
    window_s: float = 300.0


def signature(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Lower-case hex of the HMAC-SHA256."""
    return hmac.new(secret.encode(), (timestamp + nonce).encode() + body, "sha256").hexdigest()


def signed_headers(key: CountyKey, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a request with a fresh nonce."""
    timestamp, nonce = f"{int(now.timestamp()):010d}", secrets.token_hex(16)
    return {
        APP_KEY: key.app_key,
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: signature(key.secret, timestamp, nonce, body),
    }


def verify(key: CountyKey, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The nonce of a good request; the caller refuses one it has seen.

    Raises:
        SignatureError: says which header is wrong, never what it should have been.
    """
    found = {name: headers.get(name, "") for name in (APP_KEY, TIMESTAMP, NONCE, SIGNATURE)}
    if not hmac.compare_digest(found[APP_KEY].encode(), key.app_key.encode()):
        raise SignatureError(f"{APP_KEY}: unknown")
    if not _TIMESTAMP.match(found[TIMESTAMP]) or not _NONCE.match(found[NONCE]):
        raise SignatureError(f"{TIMESTAMP} or {NONCE}: expected 10 digits and 32 hex digits")
    expected = signature(key.secret, found[TIMESTAMP], found[NONCE], body)
    if not hmac.compare_digest(expected.encode(), found[SIGNATURE].encode()):
        raise SignatureError(f"{SIGNATURE}: does not fit")
    if abs(now.timestamp() - int(found[TIMESTAMP])) > key.window_s:
        raise SignatureError(f"{TIMESTAMP}: more than {key.window_s:g} s from our clock")
    return found[NONCE]
