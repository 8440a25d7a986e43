"""Change values inside a YAML text and leave every other character as its author wrote it.

Each change composes the text anew, finds its place by the marks of the nodes, and cuts there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

Path_ = tuple[int | str, ...]
Node = Any
"""A yaml.Node; its type information knows neither ``flow_style`` nor that marks are there."""
_WIDE = 10_000
"""Columns: a polygon stays on one line."""


class CannotEditError(Exception):
    """The text uses something that cannot be changed in place."""


class _Plain(yaml.SafeDumper):
    """Writes a value that stands twice out twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def check_plain(text: str) -> None:
    """Refuse aliases: what changes at an anchor would change elsewhere too.

    Raises:
        CannotEditError: the text has one.
    """
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else "?"
            raise CannotEditError(f"line {line}: *{event.anchor}")


def flow(value: Any) -> str:
    """``value`` on one line."""
    text = yaml.dump(
        value,
        Dumper=_Plain,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=_WIDE,
    )
    return str(text).removesuffix("\n").removesuffix("\n...")


def set_key(text: str, path: Path_, key: str, value: Any) -> str:
    """``text`` with ``value`` under ``key`` of the mapping at ``path``; a new key comes last."""
    parent = _at(_root(text), path)
    found = _entry(parent, key)
    if found is None:
        return _new_key(text, parent, key, value)
    name, node = found
    if parent.flow_style or not _is_block(node):
        start = node.start_mark.index
        space = "" if text[start - 1].isspace() else " "
        return text[:start] + space + flow(value) + text[_end(text, node) :]
    start = text.index(":", name.end_mark.index) + 1
    written = _written(value, name.start_mark.column)
    return text[:start] + written + text[_end(text, node) :]


def remove_key(text: str, path: Path_, key: str) -> str:
    """``text`` without ``key`` of the mapping at ``path``, which keeps another one."""
    parent = _at(_root(text), path)
    if parent.flow_style:
        rest = {name: value for name, value in _plain(parent).items() if name != key}
        return text[: parent.start_mark.index] + flow(rest) + text[parent.end_mark.index :]
    index = next(i for i, (name, _) in enumerate(parent.value) if name.value == key)
    name, node = parent.value[index]
    if index == 0:  # it may stand beside its item's dash: the next one moves up
        return text[: name.start_mark.index] + text[parent.value[1][0].start_mark.index :]
    start = text.rfind("\n", 0, name.start_mark.index) + 1
    return text[:start] + text[_line_end(text, node) :]


def append(text: str, path: Path_, key: str, item: Mapping[str, Any]) -> str:
    """``text`` with ``item`` last in the list ``key`` of the mapping at ``path``."""
    parent = _at(_root(text), path)
    found = _entry(parent, key)
    node = found[1] if found else None
    if node is not None and node.value and not node.flow_style:
        lines = _items([item], node.start_mark.column)
        return _insert(text, _line_end(text, node), lines)
    if parent.flow_style or (node is not None and node.value):
        return set_key(text, path, key, [*(_plain(node) or [] if node else []), item])
    if node is None:
        column = parent.start_mark.column
        lines = f"{' ' * column}{key}:\n{_items([item], column + 2)}"
        return _insert(text, _line_end(text, parent), lines)
    head, rest = text[: node.start_mark.index].rstrip(" "), text[node.end_mark.index :]
    remark, _, rest = rest.partition("\n")
    column = found[0].start_mark.column + 2 if found else 0
    return f"{head}{remark}\n{_items([item], column)}{rest}"


def remove_item(text: str, path: Path_, key: str, index: int) -> str:
    """``text`` without one item of the list ``key``; an emptied list becomes ``[]``."""
    node = _at(_root(text), (*path, key))
    if node.flow_style or len(node.value) == 1:
        left = _plain(node)
        del left[index]
        return set_key(text, path, key, left)
    item = node.value[index]
    dash = text.rfind("-", 0, item.start_mark.index)
    start = text.rfind("\n", 0, dash) + 1
    return text[:start] + text[_line_end(text, item) :]


def _new_key(text: str, parent: Node, key: str, value: Any) -> str:
    if parent.flow_style:
        end = parent.end_mark.index - 1
        comma = ", " if parent.value else ""
        return f"{text[:end].rstrip()}{comma}{key}: {flow(value)}{text[end:]}"
    column = parent.start_mark.column
    line = f"{' ' * column}{key}:{_written(value, column)}\n"
    return _insert(text, _line_end(text, parent), line)


def _written(value: Any, column: int) -> str:
    """What follows a key and its colon: a list of mappings has a line for each."""
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        return "".join(f"\n{' ' * (column + 2)}- {flow(dict(row))}" for row in value)
    return f" {flow(value)}"


def _items(rows: Sequence[Mapping[str, Any]], column: int) -> str:
    """``rows`` as items whose dashes stand in ``column``, a line for each key."""
    lines = []
    for row in rows:
        lead = " " * column + "- "
        for key, value in row.items():
            lines.append(f"{lead}{key}:{_written(value, column + 2)}\n")
            lead = " " * (column + 2)
    return "".join(lines)


def _insert(text: str, at: int, lines: str) -> str:
    gap = "" if not at or text[at - 1] == "\n" else "\n"
    return text[:at] + gap + lines + text[at:]


def _root(text: str) -> Node:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        raise CannotEditError("an empty file")
    return node


def _at(node: Node, path: Path_) -> Node:
    for part in path:
        node = node.value[part] if isinstance(part, int) else _value(node, part)
    return node


def _value(node: Node, key: str) -> Node:
    found = _entry(node, key)
    if found is None:
        raise KeyError(key)
    return found[1]


def _entry(node: Node, key: str) -> tuple[Node, Node] | None:
    return next(((k, v) for k, v in node.value if k.value == key), None)


def _is_block(node: Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _plain(node: Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _end(text: str, node: Node) -> int:
    """After the last character of ``node``: a block's own mark lies beyond what follows it."""
    while _is_block(node) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.index
    while end > node.start_mark.index and text[end - 1].isspace():
        end -= 1
    return end


def _line_end(text: str, node: Node) -> int:
    """The beginning of the line after ``node`` (a remark beside it stays with it)."""
    end = text.find("\n", _end(text, node))
    return len(text) if end < 0 else end + 1
