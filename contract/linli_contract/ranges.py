"""Sequence numbers as closed ranges: how an acknowledgement says much in little."""

from collections.abc import Iterable
from itertools import pairwise


def to_ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Sorted closed ranges that hold exactly ``numbers``.

    >>> to_ranges([5, 1, 2, 3, 2])
    [(1, 3), (5, 5)]
    """
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted closed ranges in which touching and overlapping ones are one.

    >>> merge([(4, 6), (1, 3), (9, 9)])
    [(1, 6), (9, 9)]
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def gaps(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is missing between merged ranges.

    >>> gaps([(1, 3), (7, 9)])
    [(4, 6)]
    """
    merged = merge(ranges)
    return [(a[1] + 1, b[0] - 1) for a, b in pairwise(merged)]
