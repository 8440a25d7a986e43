"""Lay a wish over the device's own configuration (a JSON merge patch, RFC 7396).

Objects merge key by key and ``null`` takes a key away. Lists are replaced whole, with one
addition: a list of named things may be given as an object by name (a behaviour's name is its
type), and then each is merged, added, or taken away with ``null``.
"""

from collections.abc import Mapping, Sequence

Path_ = tuple[str, ...]


class MergeError(Exception):
    """A wish that cannot be laid over the configuration; ``field`` says where."""

    def __init__(self, field: str, expected: str, found: str) -> None:
        super().__init__(f"{field}: expected {expected}, found {found}")
        self.field = field
        self.expected = expected
        self.found = found


def merge(base: object, wish: object, place: Path_ = ()) -> object:
    """``base`` with ``wish`` laid over it; both as JSON gives them, neither is changed.

    Raises:
        MergeError: the wish names something that stands twice in the configuration, renames it,
            or gives it a value that is no object.
    """
    if not isinstance(wish, Mapping):
        return wish
    if isinstance(base, Sequence) and not isinstance(base, str):
        return _by_name(base, wish, place)
    known = base if isinstance(base, Mapping) else {}
    merged = dict(known)
    for key, value in wish.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(known.get(key), value, (*place, str(key)))
    return merged


def _by_name(base: Sequence[object], wish: Mapping[str, object], place: Path_) -> list[object]:
    """Rows keep their order; new ones come last."""
    key = "type" if place and place[-1] == "behaviours" else "name"
    names = [row.get(key) if isinstance(row, Mapping) else None for row in base]
    for name, value in wish.items():
        field = ".".join((*place, name))
        if names.count(name) > 1:
            raise MergeError(field, f"a {key} that stands once", "two of them")
        if value is not None and not isinstance(value, Mapping):
            raise MergeError(field, "an object, or null to take it away", repr(value))
        if isinstance(value, Mapping) and value.get(key, name) != name:
            raise MergeError(f"{field}.{key}", repr(name), repr(value[key]))
    merged = []
    for own, row in zip(names, base, strict=True):
        if own is None or own not in wish:
            merged.append(row)
        elif (value := wish[str(own)]) is not None:
            merged.append(merge(row, value, (*place, str(own))))
    new = [name for name in wish if name not in names and wish[name] is not None]
    return merged + [merge({key: name}, wish[name], (*place, name)) for name in new]
