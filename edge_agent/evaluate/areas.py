"""Zones and lines to judge by: read from a file, or drawn where people walk."""

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from edge_agent.behaviours.settings import IntrusionSettings, LineSettings, ZoneSettings
from edge_agent.evaluate.truth import Truth
from edge_agent.fields import check_unique
from edge_agent.polygons import Point, Polygon
from edge_agent.zones import foot
from linli_settings import ConfigError, load
from linli_settings.strict import Strict

_RADIUS = (0.06, 0.2)
"""Of a drawn zone, shares of the frame's width and height: from a doorstep to a yard."""
_CORNERS = (4, 7)
_DENT = 0.6
"""A drawn zone's nearest corner, as a share of its radius."""
_LENGTH = (0.1, 0.4)
"""Of a drawn line, shares likewise: from a gate to a street."""
_GRID = 24
"""Points to draw around are spread over so many cells a side: a crowded path counts no more."""


class Areas(Strict):
    """What a file of zones and lines holds."""

    zones: tuple[ZoneSettings, ...] = Field(default=(), title="As in a camera's settings")
    lines: tuple[LineSettings, ...] = Field(default=(), title="Likewise")


def read_areas(file: Path) -> Areas:
    """The zones and lines in ``file``; a zone that watches for nothing gets an intrusion.

    Raises:
        ConfigError: it cannot be read, a key is unknown, or a name stands twice.
    """
    areas = load(file, Areas)
    try:
        names = [zone.name for zone in areas.zones] + [line.name for line in areas.lines]
        check_unique(names, "zone's or line's")
    except ValueError as error:
        raise ConfigError.one(file, "name", str(error), "a second one") from None
    return areas.model_copy(update={"zones": tuple(_armed(zone) for zone in areas.zones)})


def _armed(zone: ZoneSettings) -> ZoneSettings:
    if zone.behaviours:
        return zone
    return zone.model_copy(update={"behaviours": [IntrusionSettings(type="intrusion")]})


def with_settle(areas: Areas, settle: float | None) -> Areas:
    """``areas`` with that ``settle`` (seconds) on every line; None: as they are."""
    if settle is None:
        return areas
    lines = tuple(line.model_copy(update={"settle": settle}) for line in areas.lines)
    return areas.model_copy(update={"lines": lines})


def draw_areas(
    truth: Truth, seed: int, zones: int, lines: int, labels: Sequence[str] = ("person",)
) -> Areas:
    """``zones`` zones with an intrusion each and ``lines`` lines, around points where people
    stood; the same for the same arguments."""
    points = walked(truth)
    dice = random.Random(seed)
    behaviour = IntrusionSettings(type="intrusion", labels=list(labels))
    drawn = (
        ZoneSettings(name=f"zone-{number}", polygon=polygon, behaviours=[behaviour])
        for number, polygon in zip(range(1, zones + 1), _polygons(points, dice), strict=False)
    )
    return Areas(
        zones=tuple(drawn),
        lines=tuple(
            LineSettings(
                name=f"line-{number}", line=_line(dice.choice(points), dice), labels=list(labels)
            )
            for number in range(1, lines + 1)
        ),
    )


def walked(truth: Truth) -> list[Point]:
    """One foot point for each part of the frame where anyone stood."""
    cells: dict[tuple[int, int], Point] = {}
    for index in sorted(truth.frames):
        for track in truth.at(index):
            x, y = foot(track.box)
            cells.setdefault((int(x * _GRID), int(y * _GRID)), (x, y))
    return list(cells.values())


def _polygons(points: list[Point], dice: random.Random) -> Iterator[Polygon]:
    """Star-shaped around one of ``points``, so that the outline does not cross itself."""
    while True:
        (x, y), corners = dice.choice(points), dice.randint(*_CORNERS)
        wide, tall = dice.uniform(*_RADIUS), dice.uniform(*_RADIUS)
        turn = dice.random()
        ring: list[Point] = []
        for corner in range(corners):
            angle = 2 * math.pi * (corner + turn + dice.uniform(-0.3, 0.3)) / corners
            reach = dice.uniform(_DENT, 1)
            ring.append((x + wide * reach * math.cos(angle), y + tall * reach * math.sin(angle)))
        # cut at the frame's edge an outline could touch itself
        if all(0 <= value <= 1 for point in ring for value in point):
            yield tuple(ring)


def _line(centre: Point, dice: random.Random) -> tuple[Point, Point]:
    angle, half = dice.uniform(0, math.pi), dice.uniform(*_LENGTH) / 2
    dx, dy = half * math.cos(angle), half * math.sin(angle)
    return (_cut(centre[0] - dx), _cut(centre[1] - dy)), (
        _cut(centre[0] + dx),
        _cut(centre[1] + dy),
    )


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))
