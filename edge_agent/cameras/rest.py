"""The decoder's side of the motion gate: what it may know of a keyframe."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from edge_agent.cameras.base import Surroundings
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.settings import CameraSettings
from edge_agent.cameras.timeline import wall_time
from edge_agent.clock import Moment
from edge_agent.polygons import Polygon
from edge_agent.types import Grey


class Gate(Protocol):
    """The part of :class:`edge_agent.motion.MotionGate` that a camera needs."""

    @property
    def resting(self) -> bool: ...

    def wakes(self, small: Grey, now: datetime) -> bool: ...


class PaintedRest:
    """See :class:`edge_agent.cameras.stream.Rest`; privacy polygons are painted first."""

    def __init__(self, gate: Gate, privacy: Sequence[Polygon], now: Callable[[], Moment]) -> None:
        self._gate = gate
        self._privacy = privacy
        self._now = now

    @property
    def resting(self) -> bool:
        return self._gate.resting

    def stays(self, small: Grey, mono: float) -> bool:
        paint(small, self._privacy)
        return not self._gate.wakes(small, wall_time(mono, self._now()))


def painted_rest(
    gate: Gate | None, settings: CameraSettings, around: Surroundings
) -> PaintedRest | None:
    """What a camera's stream asks; None without a gate."""
    return None if gate is None else PaintedRest(gate, settings.privacy, around.now)
