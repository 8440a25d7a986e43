"""Measurements: a figure of ours as a ratio against a reference in the same run.

Each prints one row and appends one JSON line to the untracked ``bench/results.jsonl``.
A measurement records; it asserts nothing about speed.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import ROOT

Record = Callable[..., None]
RESULTS = ROOT / "bench" / "results.jsonl"


def _met(ratio: float, goal: str) -> bool:
    sign, _, bound = goal.partition(" ")
    return ratio >= float(bound) if sign == ">=" else ratio <= float(bound)


def _append(file: Path, row: dict[str, object]) -> None:
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")


@pytest.fixture
def record() -> Record:
    """``record(name, ours=…, reference=…, goal=">= 0.9", unit="events/s")``."""

    def write(name: str, *, ours: float, reference: float, goal: str, unit: str) -> None:
        ratio = ours / reference
        met = _met(ratio, goal)
        row = {
            "name": name,
            "ours": round(ours, 4),
            "reference": round(reference, 4),
            "unit": unit,
            "ratio": round(ratio, 4),
            "goal": goal,
            "met": met,
            "at": datetime.now(UTC).isoformat(),
        }
        _append(RESULTS, row)
        print(
            f"\n{name:<36} ours {ours:10.2f} reference {reference:10.2f} {unit:<10}"
            f" ratio {ratio:6.3f} goal {goal} {'met' if met else 'MISSED'}"
        )

    return write
