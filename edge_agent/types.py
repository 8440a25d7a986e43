"""The words of the edge's journey, as types: Frame → Detections → Track → Observed.

Boxes are (x1, y1, x2, y2). Up to Detections they are pixels of the frame; from Track on they
are fractions 0-1 of its width and height, as polygons are.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from linli_contract.payloads import Box, Observation

Image = NDArray[np.uint8]
"""BGR, shape (height, width, 3)."""
Grey = NDArray[np.uint8]
"""Grey, shape (height, width)."""


FALLEN = "fallen"
"""The posture of a person lying. A fallen person is a person: label ``person``."""

UNKNOWN_KIND = "object"
"""Label of something that is there, whatever it is (:mod:`edge_agent.still_objects`)."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of one camera. Privacy polygons are already painted."""

    camera: str
    image: Image
    time: datetime
    """Capture time, UTC."""
    index: int
    """Counts the frames of this camera since start, dropped ones included."""
    small: Grey | None = None
    """The picture small and grey, privacy polygons black, for the motion gate; None: not made"""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return int(self.image.shape[1]), int(self.image.shape[0])


@dataclass(frozen=True, eq=False)
class Detections:
    """What the detector saw in one frame; N rows in every field."""

    boxes: NDArray[np.float32]
    """(N, 4) pixels"""
    scores: NDArray[np.float32]
    """(N,) 0-1"""
    labels: tuple[str, ...]
    """N Linli labels"""
    size: tuple[int, int]
    """(width, height) of the frame in pixels"""
    postures: tuple[str, ...] = ()
    """N times :data:`FALLEN`, or empty where the model does not say; empty: it never does"""
    looks: NDArray[np.float32] | None = None
    """(N, SIZE), ``edge_agent.tracking.looks``: colours for the tracker; None: not looked at"""

    def posture(self, row: int) -> str:
        """What the model says of how the person of ``row`` is; empty where it does not."""
        return self.postures[row] if self.postures else ""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Track:
    """One object followed over frames."""

    id: int
    box: Box
    """fractions 0-1"""
    label: str
    score: float
    posture: str = ""
    """:data:`FALLEN` where a model says so in this frame"""
    aspect: float = 1.0
    """the frame's width over its height in pixels: what compares the sides of ``box``"""

    @property
    def tallness(self) -> float:
        """Height of the box over its width, as lengths; 0 for an empty box."""
        width = (self.box[2] - self.box[0]) * self.aspect
        return (self.box[3] - self.box[1]) / width if width > 0 else 0.0


@dataclass(frozen=True)
class Observed:
    """One start, update or end of an observation, on its way to the wire."""

    camera: str
    event_type: str
    time: datetime
    """Capture time of the frame that made it."""
    payload: Observation
