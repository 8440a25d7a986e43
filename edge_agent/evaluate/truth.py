"""Who was where in a clip: a truth file in MOTChallenge form.

One person a line: frame, id, left, top, width, height and more that is not read (Leal-Taixé et
al., MOTChallenge 2015). Frames count from 1, boxes are pixels. The seventh column is not read
either: it marks what a challenge does not score, but whoever is marked so still walks there.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_agent.types import Track
from linli_contract.payloads import Box
from linli_settings import ConfigError

_COLUMNS = 6


@dataclass(frozen=True)
class Truth:
    """Everyone's boxes."""

    frames: Mapping[int, tuple[Track, ...]]
    """Frame, counted from 0 → who is there, boxes as fractions 0-1 of the frame cut at its edge,
    as the agent's tracks are. A frame that is absent has nobody."""

    def at(self, index: int) -> tuple[Track, ...]:
        """Who is in frame ``index``, counted from 0."""
        return self.frames.get(index, ())

    def people(self) -> dict[int, dict[int, Box]]:
        """id → frame → box, frames in order."""
        boxes: dict[int, dict[int, Box]] = defaultdict(dict)
        for index in sorted(self.frames):
            for track in self.frames[index]:
                boxes[track.id][index] = track.box
        return dict(boxes)


def read_truth(file: Path, size: tuple[int, int], label: str = "person") -> Truth:
    """The truth in ``file``.

    Args:
        size: (width, height) of the clip's frames in pixels.
        label: what all of it is; the form has no column for that.

    Raises:
        ConfigError: it cannot be read, or a line is no such row. The first one is named.
    """
    frames: dict[int, list[Track]] = defaultdict(list)
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.reader(lines), start=1):
                if row:
                    index, track = _row(file, number, row, size, label)
                    frames[index].append(track)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(file, "truth", "a file of comma-separated rows", str(error)) from None
    if not frames:
        raise ConfigError.one(file, "truth", "at least one row", "none")
    return Truth({index: tuple(tracks) for index, tracks in frames.items()})


def _row(
    file: Path, number: int, row: list[str], size: tuple[int, int], label: str
) -> tuple[int, Track]:
    expected = "frame from 1, id, left, top, width, height as numbers, the box not empty"
    try:
        frame, person, left, top, width, height = (float(cell) for cell in row[:_COLUMNS])
        usable = frame >= 1 and person >= 0 and width > 0 and height > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError.one(file, f"line {number}", expected, ", ".join(row[:_COLUMNS]))
    box = (left / size[0], top / size[1], (left + width) / size[0], (top + height) / size[1])
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in box)
    return int(frame) - 1, Track(int(person), (x1, y1, x2, y2), label, 1.0)
