"""Fields that several settings classes of the edge share."""

from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from edge_agent.polygons import Point, parse_polygon
from linli_contract.errors import TopicError
from linli_contract.topics import check_name


def _name(value: str) -> str:
    try:
        return check_name(value, "name")
    except TopicError:
        raise ValueError("a name of 1-64 letters, digits, '_', '.' or '-'") from None


Name = Annotated[str, AfterValidator(_name)]
PolygonField = Annotated[tuple[Point, ...], BeforeValidator(parse_polygon)]
"""At least three distinct points as fractions 0-1; the outline does not cross itself."""


def check_unique(names: list[str], what: str) -> None:
    """Refuse a name that stands twice.

    Raises:
        ValueError: one does.
    """
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"each {what} name once; more than once: {', '.join(twice)}")
