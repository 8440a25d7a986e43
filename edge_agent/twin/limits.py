"""What may be wished from afar, and why the rest may not."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from edge_agent.settings import AgentSettings
from linli_settings import Problem

LIVE = ("cameras", "detectors", "sensors", "health", "log")
"""Keys of the configuration that change while the agent runs."""
_FILE = "change it in the device's file and start the agent again"
REFUSED = {
    "county": f"it is the device's identity: {_FILE}",
    "device": f"it is the device's identity: {_FILE}",
    "data_dir": f"it holds what is not yet delivered: {_FILE}",
    "broker": f"a wrong one would cut the device off, and it names credentials: {_FILE}",
    "hub": f"a wrong one would cut the device off, and it names credentials: {_FILE}",
    "outbox": f"its bounds hold from the start on: {_FILE}",
    "time_zone": f"it holds from the start on: {_FILE}",
    "holidays": f"it is a file of the device: {_FILE}",
    "clock": f"it holds from the start on: {_FILE}",
    "evidence": f"how pictures are made private is decided at the device: {_FILE}",
    "twin": f"it bounds what may be done from afar: {_FILE}",
    "metrics": f"its port is opened at the start: {_FILE}",
}
"""Other keys and the reason."""
_SECRETS = ("password", "token", "secret", "key")


def forbidden(wish: Mapping[str, object]) -> list[Problem]:
    """The top-level keys that a wish may not have."""
    live = f"one of {', '.join(LIVE)}"
    return [
        Problem(key, live, repr(key), REFUSED.get(key, "remove it"))
        for key in wish
        if key not in LIVE
    ]


def foreign_secrets(wished: AgentSettings, of_file: AgentSettings) -> list[Problem]:
    """References to secrets that the file does not send to the same place.

    Whoever may write a wish could otherwise have the device hand a secret to any host.
    """
    allowed = {(secret, host) for _, secret, host in _secrets(of_file)}
    return [
        Problem(
            field,
            "a secret that the device's file gives to the same host",
            f"{secret} for {host or 'no host'}",
            "put the secret on the device and name it in its file",
        )
        for field, secret, host in _secrets(wished)
        if (secret, host) not in allowed
    ]


def _secrets(settings: AgentSettings) -> Iterator[tuple[str, str, str]]:
    """Field, reference and host of every secret of the parts that may be wished."""
    for group in ("cameras", "sensors", "detectors"):
        rows = settings.model_dump(mode="json", include={group})[group]
        for index, row in enumerate(rows):
            yield from _within(row, f"{group}[{index}]", "")


def _within(value: object, field: str, host: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(item, f"{field}[{index}]", host)
    if not isinstance(value, Mapping):
        return
    host = _host(value) or host
    for key, item in value.items():
        if isinstance(item, str) and any(word in key for word in _SECRETS):
            yield f"{field}.{key}", item, host
        else:
            yield from _within(item, f"{field}.{key}", host)


def _host(row: Mapping[str, object]) -> str:
    """Host and port that a row of settings talks to."""
    url, host, port = row.get("url"), row.get("host"), row.get("port", "")
    if isinstance(url, str):
        return urlsplit(url).netloc
    return f"{host}:{port}" if isinstance(host, str) else ""
