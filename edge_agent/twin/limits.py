"""What may be wished from afar, and why the rest may not."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple
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
_LOCAL = {"command", "path", "folder", "file", "map", "root", "chip", "cache"}
_SECRETS = ("password", "token", "secret", "key")


def forbidden(wish: Mapping[str, object]) -> list[Problem]:
    """The top-level keys that a wish may not have."""
    live = f"one of {', '.join(LIVE)}"
    return [
        Problem(key, live, repr(key), REFUSED.get(key, "remove it"))
        for key in wish
        if key not in LIVE
    ]


def foreign(wished: AgentSettings, of_file: AgentSettings) -> list[Problem]:
    """What only the device's own file may name: programs, files, and where a secret goes.

    Whoever may write a wish could otherwise have the device run any program, open any file, or
    hand a secret to any host.
    """
    allowed = {_meaning(row) for row in _named(of_file)}
    return [
        Problem(row.field, _EXPECTED[row.kind], row.found, _FIX[row.kind])
        for row in _named(wished)
        if _meaning(row) not in allowed
    ]


class _Row(NamedTuple):
    """Something of this device that settings name."""

    field: str
    kind: Literal["secret", "local"]
    key: str
    found: str


_EXPECTED = {
    "secret": "a secret that the device's file gives to the same host",
    "local": "a program or file that the device's file names",
}
_FIX = {
    "secret": "put the secret on the device and name it in its file",
    "local": _FILE,
}


def _meaning(row: _Row) -> tuple[str, str]:
    return row.key, row.found


def _named(settings: AgentSettings) -> Iterator[_Row]:
    groups = ("cameras", "sensors", "detectors")
    # what is not set is a default, and so the program's own choice
    whole = settings.model_dump(mode="json", include=set(groups), exclude_unset=True)
    for group in groups:
        yield from _within(whole.get(group), group, "")


def _within(value: object, field: str, host: str) -> Iterator[_Row]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(item, f"{field}[{index}]", host)
    if not isinstance(value, Mapping):
        return
    host = _host(value) or host
    for key, item in value.items():
        place = f"{field}.{key}"
        if isinstance(item, str) and any(word in key for word in _SECRETS):
            yield _Row(place, "secret", key, f"{item} for {host or 'no host'}")
        elif _is_local(key, item):
            yield _Row(place, "local", key, str(item))
        else:
            yield from _within(item, place, host)


def _is_local(key: str, value: object) -> bool:
    """Whether a value names a program or a file; a model does when it has a suffix."""
    if not isinstance(value, str):
        return key in _LOCAL and value is not None
    return key in _LOCAL or value.startswith("/") or (key == "model" and "." in value)


def _host(row: Mapping[str, object]) -> str:
    """Host and port that a row of settings talks to."""
    url, host, port = row.get("url"), row.get("host"), row.get("port", "")
    if isinstance(url, str):
        return urlsplit(url).netloc
    return f"{host}:{port}" if isinstance(host, str) else ""
