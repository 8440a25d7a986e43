"""Read a YAML file into a settings class; every problem with its line, field and fix."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from linli_settings.errors import ConfigError, Problem
from linli_settings.redact import SECRET_NAMES, redact

M = TypeVar("M", bound=BaseModel)
Path_ = tuple[int | str, ...]


def load(file: Path, model: type[M]) -> M:
    """The settings in ``file``.

    Raises:
        ConfigError: it cannot be read, is no YAML, or does not fit ``model``.
    """
    return parse(read_yaml(file), model, file)


def read_yaml(file: Path) -> str:
    """The text of ``file``.

    Raises:
        ConfigError: there is none or it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(file, "file", "a readable UTF-8 YAML file", str(error)) from None


def parse(text: str, model: type[M], file: Path | str = "<text>") -> M:
    """As :func:`load`, from text; ``file`` is only named in messages."""
    lines, values = _yaml(text, file)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [_problem(detail, lines, model) for detail in error.errors()]
        raise ConfigError(file, problems) from None


def _yaml(text: str, file: Path | str) -> tuple[dict[Path_, int], Any]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        found = str(getattr(error, "problem", None) or error)
        raise ConfigError(file, [Problem("file", "valid YAML", found, line=line)]) from None
    lines: dict[Path_, int] = {}
    duplicates: list[Problem] = []
    if node is not None:
        _note_lines(node, (), lines, duplicates)
    if duplicates:
        raise ConfigError(file, duplicates)
    return lines, {} if values is None else values


def _note_lines(
    node: yaml.Node, path: Path_, lines: dict[Path_, int], duplicates: list[Problem]
) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*path, key.value)
            if place in lines:
                duplicates.append(
                    Problem(
                        name_of(place),
                        "each key once",
                        "a second one",
                        line=key.start_mark.line + 1,
                    )
                )
            lines[place] = key.start_mark.line + 1
            _note_lines(value, place, lines, duplicates)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, index), lines, duplicates)


def name_of(path: Path_) -> str:
    """``('zones', 0, 'dwell')`` → ``zones[0].dwell``."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name or "file"


def _problem(detail: ErrorDetails, lines: dict[Path_, int], model: type[BaseModel]) -> Problem:
    # pydantic puts the tag of a union into the path; only keys the file has stay
    path: Path_ = ()
    for part in detail["loc"]:
        missing = detail["type"] == "missing" and part == detail["loc"][-1]
        if (*path, part) in lines or missing:
            path = (*path, part)
    line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), None)
    name = name_of(path)
    found = _show(path, detail["input"])
    match detail["type"]:
        case "missing":
            return Problem(name, "a value", "nothing", f"add {path[-1]}:", line)
        case "extra_forbidden":
            return Problem(
                name, "a known key", f"{path[-1]!r}", _nearest(str(path[-1]), model), line
            )
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_kind(name, detail, line)
    expected = detail["msg"].removeprefix("Value error, ")
    expected = expected.removeprefix("Input should be ")
    return Problem(name, expected, found, line=line)


def _wrong_kind(name: str, detail: ErrorDetails, line: int | None) -> Problem:
    context = detail["ctx"]
    key = context["discriminator"].strip("'")
    if "tag" not in context:
        return Problem(f"{name}.{key}", "a value", "nothing", f"add {key}:", line)
    return Problem(
        f"{name}.{key}", f"one of {context['expected_tags']}", repr(context["tag"]), line=line
    )


def _show(path: Path_, value: Any) -> str:
    last = str(path[-1]).lower() if path else ""
    if any(word in last for word in SECRET_NAMES):
        return "(hidden)"
    text = redact(repr(value))
    return text if len(text) <= 80 else text[:77] + "..."


def _nearest(key: str, model: type[BaseModel]) -> str:
    near = get_close_matches(key, _keys(model, set()), n=1)
    return f"did you mean {near[0]!r}?" if near else "remove it"


def _keys(model: type[BaseModel], seen: set[type]) -> set[str]:
    seen.add(model)
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(field.alias or name)
        for inner in _models_in(field.annotation):
            if inner not in seen:
                names |= _keys(inner, seen)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_in(arg)]
