"""Times of day and time zones as people write them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

DAY_MIN = 24 * 60
DEFAULT_ZONE = "Asia/Shanghai"


def parse_time(value: object) -> int:
    """Minutes after midnight of ``'22:00'``; ``'24:00'`` is the day's end.

    Raises:
        ValueError: not two digits, a colon and two digits, or beyond 24:00.
    """
    expected = "a time of day in quotes, such as '22:00'"
    if not isinstance(value, str):  # YAML reads 22:00 without quotes as a number
        raise ValueError(expected)
    hours, _, minutes = value.partition(":")
    if not (len(hours) == len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(expected)
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MIN:
        raise ValueError("a time of day from '00:00' to '24:00'")
    return total


def format_time(minutes: int) -> str:
    """The text that :func:`parse_time` reads back."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"a time zone such as {DEFAULT_ZONE}") from None
    return name


TimeOfDay = Annotated[int, BeforeValidator(parse_time)]
"""Minutes after midnight, written ``'22:00'``; ``'24:00'`` is the day's end."""
TimeZone = Annotated[str, AfterValidator(_zone)]
"""A name of the IANA time zone database."""
