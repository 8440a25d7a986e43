"""A sensor that plays a CSV file: for demos, tests and training."""

import csv
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path

from edge_agent.sensors.base import Values
from edge_agent.sensors.settings import ReplaySettings
from linli_settings import ConfigError

COLUMNS = ["offset_s", "value"]


class ReplaySensor:
    """Holds each value from its offset to the next; the first sample is offset 0.

    Args:
        settings: its metric, interval and ``loop``.
        rows: (offset in seconds, value), offsets growing, at least one row.
    """

    def __init__(self, settings: ReplaySettings, rows: Sequence[tuple[float, float]]) -> None:
        self._settings = settings
        self._offsets = [offset for offset, _ in rows]
        self._values = [value for _, value in rows]
        self._started: datetime | None = None

    def read(self, now: datetime) -> Values:
        """The value at ``now``; none before the first offset, and at the end without ``loop``."""
        self._started = self._started or now
        value = self._at((now - self._started).total_seconds())
        return {} if value is None else {self._settings.metric: value}

    def close(self) -> None:
        """Holds nothing: the file was read whole."""

    def _at(self, elapsed: float) -> float | None:
        end = self._end()
        if elapsed >= end:
            if not self._settings.loop:
                return None
            elapsed %= end
        index = bisect_right(self._offsets, elapsed) - 1
        return self._values[index] if index >= 0 else None

    def _end(self) -> float:
        """The last value holds as long as the one before it did, at least one interval."""
        last = self._offsets[-1]
        before = self._offsets[-2] if len(self._offsets) > 1 else last
        return last + max(last - before, self._settings.interval)


def open_replay(settings: ReplaySettings, base: Path) -> ReplaySensor:
    """The sensor with its file read.

    Raises:
        ConfigError: the file is not there or is no such CSV.
    """
    file = base / settings.file
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            header, rows = reader.fieldnames, list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(file, "file", "a readable UTF-8 CSV file", str(error)) from None
    if list(header or []) != COLUMNS:
        raise ConfigError.one(
            file, "header", ",".join(COLUMNS), ",".join(header or []) or "nothing"
        )
    return ReplaySensor(settings, _rows(file, rows))


def _rows(file: Path, rows: list[dict[str, str]]) -> list[tuple[float, float]]:
    parsed: list[tuple[float, float]] = []
    for number, row in enumerate(rows, start=2):
        try:
            offset, value = (float(row[name]) for name in COLUMNS)
        except (TypeError, ValueError):
            raise ConfigError.one(file, f"line {number}", "two numbers", str(row)) from None
        if not (isfinite(offset) and isfinite(value)):
            raise ConfigError.one(file, f"line {number}", "finite numbers", str(row))
        if offset < 0 or (parsed and offset <= parsed[-1][0]):
            raise ConfigError.one(file, f"line {number}", "offsets from 0 that grow", str(offset))
        parsed.append((offset, value))
    if not parsed:
        raise ConfigError.one(file, "rows", "at least one", "none")
    return parsed
