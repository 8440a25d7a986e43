"""Events due against events raised: one to one, near in time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge_agent.evaluate.implied import Expected


@dataclass(frozen=True)
class Count:
    """How many events of a kind were due and raised."""

    due: int = 0
    raised: int = 0
    found: int = 0
    """due ones that have a raised one of their own"""
    right: int = 0
    """raised ones that have a due one of their own"""

    @property
    def recall(self) -> float:
        """1 where none was due."""
        return self.found / self.due if self.due else 1.0

    @property
    def precision(self) -> float:
        """1 where none was raised."""
        return self.right / self.raised if self.raised else 1.0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.due + other.due,
            self.raised + other.raised,
            self.found + other.found,
            self.right + other.right,
        )


def match(
    due: Sequence[Expected],
    raised: Sequence[Expected],
    tolerance: float,
    dwell: float = 0.0,
    slack: float = 0.0,
) -> Count:
    """Events of one zone or line.

    As many pairs as can be, then the nearest. A stay whose length is within ``slack`` of the
    dwell could be judged either way: on neither side does it count as missed or false.

    Args:
        tolerance: seconds between a pair at most.
        dwell: how long a stay must be.
    """
    pairs = _pairs(due, raised, tolerance)
    unclear_due = {i for i, event in enumerate(due) if _unclear(event, dwell, slack)}
    unclear_raised = {j for j, event in enumerate(raised) if _unclear(event, dwell, slack)}
    matched = {j for _, j in pairs}
    left_out = {j for i, j in pairs if i in unclear_due} | (unclear_raised - matched)
    found = sum(1 for i, _ in pairs if i not in unclear_due)
    return Count(len(due) - len(unclear_due), len(raised) - len(left_out), found, found)


def _unclear(event: Expected, dwell: float, slack: float) -> bool:
    return abs(event.lasts - dwell) <= slack


def _pairs(
    due: Sequence[Expected], raised: Sequence[Expected], tolerance: float
) -> list[tuple[int, int]]:
    if not due or not raised:
        return []
    apart = np.abs(np.subtract.outer([e.at for e in due], [e.at for e in raised]))
    same_way = np.equal.outer([e.towards for e in due], [e.towards for e in raised])
    possible = (apart <= tolerance + 1e-9) & same_way
    # a pair is worth more than any nearness
    worth = np.where(possible, 1 + (tolerance - apart) / (1e3 * max(tolerance, 1e-9)), 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if possible[i, j]]
