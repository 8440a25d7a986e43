"""The one redactor: passwords, tokens and keys never reach a log, a message or a report."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

SECRET_NAMES = ("password", "passwd", "secret", "token", "api_key", "app_key", "authorization")
# The last @ before the host ends the password: one may hold ':', '/', '@' or '%' itself.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s'\"<>]*@", re.IGNORECASE)
_PAIR = re.compile(
    r"(?i)\b((?:[a-z_]*(?:password|passwd|secret|token|api_key|app_key))|authorization)"
    r"(['\"]?\s*[=:]\s*)(?:bearer\s+)?(['\"]?)[^\s'\",;}&]+"
)


def redact(text: str) -> str:
    """``text`` with every credential in it replaced by ``***``.

    >>> redact("open rtsp://admin:p@ss:/%@10.0.0.8/ch1")
    'open rtsp://***@10.0.0.8/ch1'
    """
    return _PAIR.sub(r"\1\2\3***", _ADDRESS.sub(r"\1***@", text))


def redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """structlog processor: redacts every value, and whole values under a secret's name."""
    return {key: _value(key, value) for key, value in event.items()}


def _value(key: str, value: Any) -> Any:
    if any(word in key.lower() for word in SECRET_NAMES):
        return "***"
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {k: _value(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_value(key, item) for item in value]
    return redact(str(value)) if isinstance(value, BaseException) else value
