"""Tracking: which box of this frame is which of the last (ByteTrack, Zhang et al. 2022).

Boxes go in as pixels (x1, y1, x2, y2) and come out as fractions 0-1.
"""

import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.types import Detections, Track

if TYPE_CHECKING:
    from trackers import ByteTrackTracker

UNKNOWN = -1
"""The id of a box that belongs to no track yet: a tracker needs two frames for that."""

_FULL_RATE = 30.0
"""The library's unit of time: one Kalman step is 1/30 s."""


class Tracker(Protocol):
    """Follows things over the frames of one camera."""

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        """The tracks of the frame captured at ``time``, one for each box that counts; ids stay
        the same over frames, :data:`UNKNOWN` is nobody's."""


def byte_tracker(activation: float = 0.4, lost_s: float = 2.0) -> Tracker:
    """ByteTrack for 2-30 frames a second.

    Args:
        activation: score from which a box begins a track; weaker ones only continue one.
        lost_s: seconds after which an unseen track is forgotten.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the library's own imports
        from trackers import BIoU, ByteTrackTracker

    iou = BIoU()
    tracker = ByteTrackTracker(
        lost_track_buffer=round(lost_s * _FULL_RATE),
        frame_rate=_FULL_RATE,
        track_activation_threshold=activation,
        high_conf_det_threshold=activation,
        minimum_consecutive_frames=2,
        iou=iou,
    )
    return _ByteTracker(tracker, iou, activation)


class _Buffer(Protocol):
    buffer_ratio: float


class _ByteTracker:
    def __init__(self, tracker: "ByteTrackTracker", iou: _Buffer, activation: float) -> None:
        self._tracker = tracker
        self._iou = iou
        self._activation = activation
        self._last: datetime | None = None
        self._began: datetime | None = None

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        elapsed = self._elapsed(time)
        self._iou.buffer_ratio = _buffer(elapsed)
        found = self._tracker.update(_to_supervision(detections), timestamp=self._stamp(time))
        ids = UNKNOWN if found.tracker_id is None else found.tracker_id
        rows = found.data.get("row", np.empty(0, dtype=np.int64))
        return [
            as_track(detections, int(row), int(track_id))
            for row, track_id in zip(rows, np.broadcast_to(ids, rows.shape), strict=True)
            if track_id != UNKNOWN or detections.scores[row] >= self._activation
        ]

    def _elapsed(self, time: datetime) -> float:
        """Seconds since the last frame. A clock set back makes all identities new."""
        last, self._last = self._last, time
        if last is None or time <= last:
            self._tracker.reset()
            self._began = time
            return 0.0
        return (time - last).total_seconds()

    def _stamp(self, time: datetime) -> float:
        return (time - (self._began or time)).total_seconds()


def _buffer(elapsed: float) -> float:
    """How far boxes are widened before they are compared, as a share of their size: at 30 frames
    a second a tenth; at 2, where a walker has left his last box, a half."""
    return min(0.5, 0.1 + 0.8 * elapsed)


def _to_supervision(detections: Detections) -> "object":
    import supervision

    boxes: NDArray[np.float32] = detections.boxes.reshape(-1, 4)
    return supervision.Detections(
        xyxy=boxes, confidence=detections.scores, data={"row": np.arange(len(boxes))}
    )


def as_track(detections: Detections, row: int, track_id: int) -> Track:
    """Row ``row`` as the track ``track_id``, its box as fractions 0-1 cut at the frame's edge."""
    width, height = detections.size
    x1, y1, x2, y2 = (float(value) for value in detections.boxes[row])
    box = (_unit(x1 / width), _unit(y1 / height), _unit(x2 / width), _unit(y2 / height))
    label, score = detections.labels[row], float(detections.scores[row])
    return Track(track_id, box, label, score, detections.posture(row), width / height)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))
