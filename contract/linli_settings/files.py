"""Read a YAML file into a settings class; every problem with its line, field and fix."""

import re
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from linli_settings.errors import ConfigError, Problem
from linli_settings.redact import SECRET_NAMES, redact
from linli_settings.units import format_duration, format_size, parse_duration, parse_size

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
        return model.model_validate({} if values is None else values)
    except ValidationError as error:
        if values is None:
            raise ConfigError.one(file, "file", "settings", "an empty file") from None
        problems = [_problem(detail, lines, model) for detail in error.errors()]
        raise ConfigError(file, problems) from None


def located(text: str, problems: list[Problem]) -> list[Problem]:
    """``problems`` of a file that is right as YAML, each with the line of its field in ``text``.

    A field that the file leaves out gets the line of what should hold it.
    """
    lines, _ = _yaml(text, "<text>")
    named = {name_of(path): line for path, line in lines.items()}
    return [
        problem if problem.line else replace(problem, line=_line_of(problem.field, named))
        for problem in problems
    ]


def _line_of(field: str, named: dict[str, int]) -> int | None:
    field = field.partition(":")[0]
    while field:
        if field in named:
            return named[field]
        field = field[: max(field.rfind("."), field.rfind("["), 0)]
    return None


def _yaml(text: str, file: Path | str) -> tuple[dict[Path_, int], Any]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        raise ConfigError(file, [_not_yaml(error, line)]) from None
    lines: dict[Path_, int] = {}
    duplicates: list[Problem] = []
    if node is not None:
        _note_lines(node, (), lines, duplicates)
    if duplicates:
        raise ConfigError(file, duplicates)
    return lines, values


def _not_yaml(error: yaml.YAMLError, line: int | None) -> Problem:
    found = str(getattr(error, "problem", None) or error).removeprefix("found ")
    expected, fix = "valid YAML", "look at this line and the one above it" if line else ""
    if said := re.match(r"expected (.*), but (?:found|got) (.*)", found, re.DOTALL):
        expected, found = f"valid YAML: {said[1]}", said[2]
    return Problem("file", expected, found, fix, line)


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
        written = str(part)  # a key 2027: is one of text as YAML reads the file's places
        if (*path, part) in lines or missing:
            path = (*path, part)
        elif (*path, written) in lines:
            path = (*path, written)
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
            key = detail["ctx"]["discriminator"].strip("'")
            return _wrong_kind(name, key, detail, lines.get((*path, key), line))
    expected, fix = _words(detail)
    if said := re.fullmatch(r"(.*), not (.+)", expected, re.DOTALL):
        expected, found = said[1], redact(said[2])
    return Problem(name, expected, found, fix, line)


_WHOLE, _NUMBER, _SWITCH = ("a whole number", ""), ("a number", ""), ("true or false", "")
_PLAIN = {
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "invalid_key": (
        "a key that is text",
        "put it in quotes: YAML reads on, off, yes and no as true and false",
    ),
}


def _words(detail: ErrorDetails) -> tuple[str, str]:
    """What pydantic expected, without its own vocabulary, and a fix where it is plain."""
    context = detail.get("ctx", {})
    if detail["type"] in _PLAIN:
        return _PLAIN[detail["type"]]
    match detail["type"]:
        case "literal_error" | "enum":
            return _one_of(context["expected"], detail["input"])
        case "string_type" if not isinstance(detail["input"], dict | list | None):
            return "a text", "put it in quotes"
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            return "keys and values", "one key: value a line"
        case "list_type" | "tuple_type":
            return "a list", "begin each item with '- '"
        case "greater_than_equal" | "less_than_equal" as kind:
            return _bounded(kind, context, detail["input"]), ""
        case "string_pattern_mismatch":
            return f"a text of the pattern {context['pattern']}", ""
    expected = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    expected, _, fix = expected.partition(" - ")
    return expected, fix


def _bounded(kind: str, context: dict[str, Any], found: Any) -> str:
    if kind == "greater_than_equal":
        return f"at least {_bound(context['ge'], found)}"
    return f"at most {_bound(context['le'], found)}"


def _bound(limit: float, found: Any) -> str:
    """``limit`` in the kind of unit in which the value was written."""
    if isinstance(found, str):
        for parse_, write in ((parse_duration, format_duration), (parse_size, format_size)):
            with suppress(ValueError):
                parse_(found)
                return write(limit)
        if found.endswith("%"):
            return f"{limit * 100:g}%"
    return f"{limit:g}"


def _one_of(expected: str, found: Any) -> tuple[str, str]:
    """``'a', 'b' or 'c'`` → ``one of a, b, c``; a near one is suggested."""
    kinds = re.findall(r"'([^']*)'", expected) or [expected]
    if not isinstance(found, str) and str(found) in kinds:
        return f"one of {', '.join(kinds)}", f"put it in quotes: '{found}'"
    near = get_close_matches(str(found).lower(), kinds, n=1)
    return f"one of {', '.join(kinds)}", f"did you mean {near[0]!r}?" if near else ""


def _wrong_kind(name: str, key: str, detail: ErrorDetails, line: int | None) -> Problem:
    context = detail["ctx"]
    field = key if name == "file" else f"{name}.{key}"
    expected, fix = _one_of(context.get("expected_tags", ""), context.get("tag", ""))
    if "tag" not in context:
        return Problem(field, "a value", "nothing", f"add {key}:", line)
    return Problem(field, expected, repr(context["tag"]), fix, line)


def _show(path: Path_, value: Any) -> str:
    last = str(path[-1]).lower() if path else ""
    if any(word in last for word in SECRET_NAMES):
        return "(hidden)"
    if isinstance(value, dict):
        return f"the keys {', '.join(map(str, value))}" if value else "no keys"
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
