"""Cycles are freed once a second, and what was loaded is left alone."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from hub_server.collector import ALL_S, look_for_cycles, spare


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_was_loaded_is_left_alone_and_no_batch_is_interrupted() -> None:
    spare()
    assert gc.get_freeze_count() > 1000
    collections = gc.get_stats()[0]["collections"]
    batch = [[number] for number in range(100_000)]
    assert gc.get_stats()[0]["collections"] == collections
    assert len(batch) == 100_000


@pytest.mark.parametrize(("second", "freed"), [(1, False), (ALL_S, True)])
def test_what_was_made_lately_goes_at_once_and_the_rest_within_the_hour(
    second: int, freed: bool
) -> None:
    spare()
    old = Knot()
    gone = weakref.ref(old)
    gc.collect()  # from here on it counts as old
    del old
    new = weakref.ref(Knot())
    look_for_cycles(second)
    assert new() is None
    assert (gone() is None) == freed
