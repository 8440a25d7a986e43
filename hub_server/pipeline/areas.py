"""Looks up the areas around a grid, without the ledger."""

from collections.abc import Iterable

from hub_server.devices.areas import Area
from hub_server.ledger.place import Place


class Areas:
    """All areas of the county."""

    def __init__(self, rows: Iterable[Area]) -> None:
        self._by_code = {row.code: row for row in rows}
        self._places: dict[str, Place] = {}

    def codes(self, level: str) -> list[str]:
        """The codes of all areas of a level (county, town, community, grid)."""
        return [row.code for row in self._by_code.values() if row.level == level]

    def around(self, grid: str) -> list[Area]:
        """The areas that hold ``grid``, the smallest first."""
        codes = (grid[:length] for length in range(len(grid), 0, -1))
        return [self._by_code[code] for code in codes if code in self._by_code]

    def place(self, grid: str) -> Place:
        """The codes of the areas around ``grid``; empty where a level is not known."""
        known = self._places.get(grid)
        if known is None:
            found = {row.level: row.code for row in self.around(grid)}
            county, town = found.get("county", ""), found.get("town", "")
            known = Place(county, town, found.get("community", ""), grid)
            if grid in self._by_code:
                self._places[grid] = known
        return known

    def names(self, grid: str) -> dict[str, tuple[str, str]]:
        """Level → name of the area around ``grid``, in Chinese and English."""
        return {row.level: (row.zh, row.en) for row in self.around(grid)}

    def centre(self, grid: str) -> tuple[float, float] | None:
        """(lat, lon) of the middle of the smallest area around ``grid`` that has an outline."""
        return next((_middle(row) for row in self.around(grid) if row.outline), None)


def _middle(row: Area) -> tuple[float, float]:
    """The mean of the ring's corners; its last point repeats the first."""
    ring = row.outline
    corners = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    lon, lat = (sum(axis) / len(corners) for axis in zip(*corners, strict=True))
    return lat, lon
