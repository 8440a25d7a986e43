"""What is drawn on one camera, and putting it into the configuration's text.

Comments, order and spelling of everything else stay. The result is compared as data: nothing but
this camera's zones, lines and privacy polygons may differ.
"""

from typing import Any

import msgspec
import yaml

from edge_agent.zones_page import yaml_text
from edge_agent.zones_page.yaml_text import CannotEditError, Path_

LISTS = ("zones", "lines")
WAS = "was"
"""Key by which a drawn zone says under which name the file has it."""
Point = tuple[float, float]
Row = dict[str, Any]


class Drawing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the file has them: names, polygons and behaviours with their units."""

    zones: list[Row]
    lines: list[Row]
    privacy: list[list[Point]]


def read(text: str, camera: str) -> Drawing:
    """What ``text`` holds for ``camera``; each row says its own name as ``was``.

    Raises:
        KeyError: it has no such camera.
    """
    row = yaml.safe_load(text)["cameras"][_index(text, camera)]
    rows = {name: [dict(item) for item in row.get(name) or []] for name in LISTS}
    for items in rows.values():
        for item in items:
            item[WAS] = item.get("name")
    return msgspec.convert({**rows, "privacy": row.get("privacy") or []}, Drawing)


def write(text: str, camera: str, drawing: Drawing) -> str:
    """``text`` with ``drawing`` for ``camera``.

    Raises:
        KeyError: it has no such camera.
        CannotEditError: the text cannot be changed in place.
    """
    yaml_text.check_plain(text)
    path: Path_ = ("cameras", _index(text, camera))
    changed = text
    for name in LISTS:
        changed = _write_rows(changed, path, name, getattr(drawing, name))
    changed = _write_privacy(changed, path, drawing.privacy)
    if yaml.safe_load(changed) != _expected(text, path, drawing):
        raise CannotEditError("its way of writing lists")
    return changed


def _index(text: str, camera: str) -> int:
    cameras = yaml.safe_load(text).get("cameras") or []
    names = [row.get("name") for row in cameras]
    if camera not in names:
        raise KeyError(camera)
    return names.index(camera)


def _row(row: Row) -> Row:
    """As it stands in the file."""
    plain: Row = msgspec.to_builtins({key: value for key, value in row.items() if key != WAS})
    return plain


def _write_rows(text: str, path: Path_, name: str, wanted: list[Row]) -> str:
    kept = [row.get(WAS) for row in wanted]
    for index in reversed(range(len(_rows(text, path, name)))):
        if _rows(text, path, name)[index].get("name") not in kept:
            text = yaml_text.remove_item(text, path, name, index)
    names = [row.get("name") for row in _rows(text, path, name)]
    places = [names.index(was) if was in names else None for was in kept]
    for row, place in zip(wanted, places, strict=True):
        if place is None:
            text = yaml_text.append(text, path, name, _row(row))
        else:
            text = _write_row(text, (*path, name, place), _row(row))
    return text


def _rows(text: str, path: Path_, name: str) -> list[Row]:
    cameras, index = path
    rows: list[Row] = yaml.safe_load(text)[cameras][index].get(name) or []
    return rows


def _write_row(text: str, path: Path_, wanted: Row) -> str:
    here: Any = yaml.safe_load(text)
    for part in path:
        here = here[part]
    for key, value in wanted.items():
        if key not in here or here[key] != value:
            text = yaml_text.set_key(text, path, key, value)
    for key in here:
        if key not in wanted:
            text = yaml_text.remove_key(text, path, key)
    return text


def _write_privacy(text: str, path: Path_, wanted: list[list[Point]]) -> str:
    polygons = [[list(point) for point in polygon] for polygon in wanted]
    cameras, index = path
    if (yaml.safe_load(text)[cameras][index].get("privacy") or []) == polygons:
        return text
    return yaml_text.set_key(text, path, "privacy", polygons)


def _expected(text: str, path: Path_, drawing: Drawing) -> Any:
    """The file's data as they must be afterwards; rows keep their order, new ones come last."""
    data = yaml.safe_load(text)
    camera = data["cameras"][path[1]]
    for name in LISTS:
        old = [row.get("name") for row in camera.get(name) or []]
        rows = sorted(getattr(drawing, name), key=lambda row: _rank(row, old))
        if rows or camera.get(name):
            camera[name] = [_row(row) for row in rows]
    if drawing.privacy or camera.get("privacy"):
        camera["privacy"] = [[list(point) for point in polygon] for polygon in drawing.privacy]
    return data


def _rank(row: Row, old: list[str]) -> int:
    return old.index(row[WAS]) if row.get(WAS) in old else len(old)
