"""Whether a crossing stands: who turns back at once has crossed nothing.

A foot point sways by itself (a step, a box redrawn, whole pixels of a truth), and people stand on
lines. Which of those turns are crossings is a matter of definition, so it is a setting, ``settle``,
and this one function applies it to the agent's crossings and to those of a truth alike.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Crossing:
    """One thing's way over one line."""

    at: datetime
    towards: int
    """1: from side A to side B; -1: back"""


def settle(
    waiting: Crossing | None, after: Crossing, time: timedelta
) -> tuple[Crossing | None, Crossing | None]:
    """What becomes of the crossing that waits when the same thing crosses again.

    Args:
        waiting: crossed less than ``time`` ago, as far as is known; None: nothing waits.
        after: the later crossing.
        time: a crossing undone sooner counts for nothing, nor does the one that undoes it.

    Returns:
        What waits now, and what stands by now.
    """
    if waiting is None:
        return after, None
    if after.towards != waiting.towards and after.at - waiting.at < time:
        return None, None
    return after, waiting
