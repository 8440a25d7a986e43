"""What fetching tells whoever watches, and how long it waits."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Skipped:
    """A source that did not give what was asked for, and why."""

    entry: str
    source: str
    reason: str


@dataclass(frozen=True)
class Moved:
    """``done`` bytes of ``total`` have arrived; ``total`` is None where it is not known."""

    entry: str
    source: str
    done: int
    total: int | None


Progress = Callable[[Skipped | Moved], None]
Bytes = Callable[[int, int | None], None]
"""Called with bytes so far and the total."""


def silent(_step: Skipped | Moved) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Limits:
    """When a source counts as unreachable."""

    connect_s: float = 3.0
    stall_s: float = 8.0
    """No answer, or less than ``slowest`` over this time."""
    slowest: float = 2_000.0
    """bytes per second"""
    tool_s: float = 45.0
    """How long pip or apt may stand still: they read an index before the first byte."""
