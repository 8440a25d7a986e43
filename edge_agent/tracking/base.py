"""What every tracker is. Boxes go in as pixels (x1, y1, x2, y2), come out as fractions 0-1."""

from datetime import datetime
from typing import Protocol

from edge_agent.types import Detections, Track

UNKNOWN = -1
"""The id of a box that belongs to no track yet: a tracker needs two frames for that."""


class Tracker(Protocol):
    """Follows things over the frames of one camera."""

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        """The tracks of the frame captured at ``time``, one for each box that counts and for each
        thing that stands behind another; ids stay the same over frames, :data:`UNKNOWN` is
        nobody's."""


def as_track(detections: Detections, row: int, track_id: int) -> Track:
    """Row ``row`` as the track ``track_id``, its box as fractions 0-1 cut at the frame's edge."""
    width, height = detections.size
    x1, y1, x2, y2 = (float(value) for value in detections.boxes[row])
    box = (_unit(x1 / width), _unit(y1 / height), _unit(x2 / width), _unit(y2 / height))
    label, score = detections.labels[row], float(detections.scores[row])
    return Track(track_id, box, label, score, detections.posture(row), width / height)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
