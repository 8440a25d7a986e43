"""Where panels stand on a page of 24 columns."""

from collections.abc import Iterable
from typing import Any


def assert_no_overlap(panels: Iterable[dict[str, Any]]) -> None:
    """No two of ``panels`` share a cell, and none leaves the page."""
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        x, y, w, h = panel["gridPos"].values()
        mine = {(i, j) for i in range(x, x + w) for j in range(y, y + h)}
        assert x + w <= 24
        assert not cells & mine, panel["title"]
        cells |= mine
