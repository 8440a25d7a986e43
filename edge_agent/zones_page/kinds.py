"""What the page can watch for: every behaviour with its fields, taken from its settings class."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from pydantic import BaseModel

from edge_agent.behaviours.settings import BehaviourSettings
from edge_agent.zones_page.titles import title_zh
from linli_contract.event_types import EVENT_TYPES

_SIMPLE = (bool, int, float, str)


class KindField(msgspec.Struct, frozen=True):
    """One field that a person can write on the page."""

    name: str
    zh: str
    en: str
    """What it means."""
    default: Any
    """As it would stand in the file, with its unit."""


class Kind(msgspec.Struct, frozen=True):
    """One behaviour."""

    type: str
    zh: str
    en: str
    fields: list[KindField]


def kinds() -> list[Kind]:
    """All behaviours of a zone, in the order of the settings."""
    union = get_args(BehaviourSettings)[0]
    return [_kind(model) for model in get_args(union) or (union,)]


def _kind(model: type[BaseModel]) -> Kind:
    name = get_args(model.model_fields["type"].annotation)[0]
    known = EVENT_TYPES.get(name)
    return Kind(
        name, known.zh if known else name, known.en if known else name, list(_fields(model))
    )


def _fields(model: type[BaseModel]) -> Iterator[KindField]:
    empty = model.model_construct()
    defaults = empty.model_dump(mode="json", warnings=False, exclude={"type"})
    for name, field in model.model_fields.items():
        default = defaults.get(name)
        words = isinstance(default, list) and all(isinstance(item, str) for item in default)
        if name != "type" and (isinstance(default, _SIMPLE) or (words and default)):
            title = field.title or name
            yield KindField(name, title_zh(title), title, default)
