"""A wished configuration: checked as far as the hub can, merged, compared. Pure.

The hub knows the wire and not the edge's settings: the device itself checks the whole, and its
words are what people read. What is refused here could harm on its way or could never be taken.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from linli_contract.errors import TopicError
from linli_contract.topics import check_name
from linli_contract.twin import LIVE_KEYS, NAMED_LISTS, name_key
from linli_settings import ConfigError, Problem

LARGEST = 100_000
"""Bytes of a wish; a broker's default bound is far above."""
_DEEPEST = 20
_SECRETS = ("password", "token", "secret")
_REFERENCE = re.compile(r"(file|env):\S+\Z")
_ADDRESS_WITH_PASSWORD = re.compile(r"://[^/\s]*@")
Config = dict[str, object]


def check_wish(wish: object, where: str) -> Config:
    """``wish`` as it may be sent.

    Raises:
        ConfigError: names every field that no device could take, or that must not travel.
    """
    if not isinstance(wish, Mapping):
        found = type(wish).__name__
        raise ConfigError.one(where, "config", "an object of settings ({} is none)", found)
    problems = [*_keys(wish), *_values(wish, "", 0)]
    if not problems and (size := len(json.dumps(wish, ensure_ascii=False).encode())) > LARGEST:
        problems = [Problem("config", f"at most {LARGEST} bytes", f"{size}")]
    if problems:
        raise ConfigError(where, problems)
    return dict(wish)


def _keys(wish: Mapping[object, object]) -> Iterator[Problem]:
    for key, value in wish.items():
        if key not in LIVE_KEYS:
            fix = "change it in the device's own file"
            yield Problem(str(key), f"one of {', '.join(LIVE_KEYS)}", repr(key), fix)
        elif not isinstance(value, Mapping | None) and not (
            key in NAMED_LISTS and isinstance(value, list)
        ):
            kind = "a list, or an object by name" if key in NAMED_LISTS else "an object"
            yield Problem(str(key), kind, repr(value))


def _values(value: object, field: str, depth: int) -> Iterator[Problem]:
    if depth > _DEEPEST:
        yield Problem(field, f"at most {_DEEPEST} levels", "more")
    elif isinstance(value, Mapping):
        yield from _object(value, field, depth)
    elif isinstance(value, list):
        yield from _list(value, field, depth)
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(field, "a number", repr(value))
    elif isinstance(value, str) and _ADDRESS_WITH_PASSWORD.search(value):
        yield Problem(field, "an address without user and password", "one with them (hidden)")
    elif not isinstance(value, str | int | float | bool | None):
        yield Problem(field, "text in quotes", f"{value}")  # YAML reads 2026-10-01 as a date


def _object(value: Mapping[object, object], field: str, depth: int) -> Iterator[Problem]:
    by_name = field.rpartition(".")[2] in NAMED_LISTS
    for key, item in value.items():
        place = f"{field}.{key}" if field else str(key)
        if not isinstance(key, str):
            yield Problem(place, "a name in quotes", repr(key))
        elif by_name:
            yield from _named(key, item, place)
        else:
            yield from _leaf(key, item, place)
        yield from _values(item, place, depth + 1)


def _list(rows: Sequence[object], field: str, depth: int) -> Iterator[Problem]:
    group = field.rpartition(".")[2]
    for index, row in enumerate(rows):
        place = f"{field}[{index}]"
        if group in NAMED_LISTS and not isinstance(row, Mapping):
            yield Problem(place, f"an object with {name_key(group)}", repr(row))
        yield from _values(row, place, depth + 1)


def _named(name: str, row: object, place: str) -> Iterator[Problem]:
    try:
        check_name(name, "name")
    except TopicError:
        yield Problem(place, "a name of 1-64 letters, digits, '_', '.' or '-'", repr(name))
    if not isinstance(row, Mapping | None):
        yield Problem(place, "an object, or null to take it away", repr(row))


def _leaf(key: str, value: object, place: str) -> Iterator[Problem]:
    secret = any(word in key.lower() for word in _SECRETS)
    if secret and value is not None and not _REFERENCE.match(str(value)):
        yield Problem(place, "a reference to a secret, file:/path or env:NAME", "a value (hidden)")
    if key == "armed" and not isinstance(value, bool | None):
        yield Problem(place, "true or false", repr(value))


def lay_over(base: object, patch: object, group: str = "") -> object:
    """``base`` with ``patch`` merged in, both wishes; neither is changed.

    What ``base`` takes away (null), or leaves out of a list it gives whole, stays away.
    """
    if not isinstance(patch, Mapping) or base is None:
        return None if base is None else patch
    if isinstance(base, list):
        key = name_key(group)
        return [
            lay_over(row, patch[row[key]])
            if isinstance(row, Mapping) and row.get(key) in patch
            else row
            for row in base
        ]
    merged = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        merged[key] = lay_over(merged[key], value, key) if key in merged else value
    return merged


def differences(
    wish: object, reported: object, field: str = ""
) -> list[tuple[str, object, object]]:
    """(field, wished, reported) wherever a device does not report what was wished.

    A value that the device writes in other words (``5s`` as 5.0) differs here too.
    """
    if isinstance(wish, Mapping):
        rows = reported if isinstance(reported, Mapping) else _by_name(reported, field)
        found = [
            differences(value, rows.get(key), f"{field}.{key}" if field else str(key))
            for key, value in wish.items()
        ]
        return [row for rows_ in found for row in rows_]
    if isinstance(wish, list) and (named := _by_name(wish, field)):
        return differences(named, _by_name(reported, field), field)
    return [] if wish == reported else [(field, wish, reported)]


def _by_name(rows: object, field: str) -> dict[str, object]:
    group = field.rpartition(".")[2]
    if group not in NAMED_LISTS or not isinstance(rows, list):
        return {}
    key = name_key(group)
    return {str(row[key]): row for row in rows if isinstance(row, Mapping) and key in row}
