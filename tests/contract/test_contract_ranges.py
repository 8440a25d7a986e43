"""Ranges hold exactly the numbers they were made of."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from linli_contract.ranges import gaps, merge, to_ranges

NUMBERS = st.lists(st.integers(0, 60), max_size=40)
RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 10)).map(lambda t: (t[0], t[0] + t[1])),
    max_size=12,
)


def _numbers(ranges: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in ranges for n in range(first, last + 1)}


def _are_apart(ranges: list[tuple[int, int]]) -> bool:
    return all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


@given(NUMBERS)
def test_to_ranges_holds_exactly_the_numbers(numbers: list[int]) -> None:
    ranges = to_ranges(numbers)
    assert _numbers(ranges) == set(numbers)
    assert _are_apart(ranges)


@given(RANGES)
def test_merge_changes_no_number(ranges: list[tuple[int, int]]) -> None:
    merged = merge(ranges)
    assert _numbers(merged) == _numbers(ranges)
    assert _are_apart(merged)


@given(RANGES)
def test_gaps_are_what_is_missing_between(ranges: list[tuple[int, int]]) -> None:
    held = _numbers(ranges)
    missing = set(range(min(held), max(held))) - held if held else set()
    assert _numbers(gaps(ranges)) == missing
