"""Detection and tracking scores over the frames that were looked at.

CLEAR MOT (Bernardin and Stiefelhagen 2008) and identity scores (Ristani et al. 2016), as the
``trackers`` library computes them after TrackEval; a pair needs an overlap of a half.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.evaluate.truth import Truth
from edge_agent.types import Track

IOU = 0.5


@dataclass(frozen=True)
class Scores:
    """Of a clip."""

    recall: float
    """of the detections: share of the truth's boxes that were found"""
    precision: float
    """share of the detections that are someone"""
    mota: float
    idf1: float
    identity_switches: int


def score(
    truth: Truth, detected: Mapping[int, Sequence[Track]], tracked: Mapping[int, Sequence[Track]]
) -> Scores:
    """Scores over the frames in ``tracked``.

    Args:
        detected: frame → what the detector saw, whatever its ids.
        tracked: frame → tracks, all with an id.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the library's own imports
        from trackers.eval import compute_clear_metrics, compute_identity_metrics

    frames = sorted(tracked)
    there = [truth.at(index) for index in frames]
    ids = [_ids(tracks) for tracks in there]
    found = [_numbered(detected[index]) for index in frames]
    seen = compute_clear_metrics(ids, [_ids(f) for f in found], _overlaps(there, found), IOU)
    tracks = [tracked[index] for index in frames]
    overlaps, track_ids = _overlaps(there, tracks), [_ids(row) for row in tracks]
    clear = compute_clear_metrics(ids, track_ids, overlaps, IOU)
    identity = compute_identity_metrics(ids, track_ids, overlaps, IOU)
    return Scores(
        float(seen["CLR_Re"]),
        float(seen["CLR_Pr"]),
        float(clear["MOTA"]),
        float(identity["IDF1"]),
        int(clear["IDSW"]),
    )


def _ids(tracks: Sequence[Track]) -> NDArray[np.int64]:
    return np.array([track.id for track in tracks], dtype=np.int64)


def _numbered(tracks: Sequence[Track]) -> list[Track]:
    """Each with an id of its own."""
    return [Track(row, t.box, t.label, t.score) for row, t in enumerate(tracks)]


def _overlaps(
    truth: Sequence[Sequence[Track]], found: Sequence[Sequence[Track]]
) -> list[NDArray[np.float64]]:
    """For each frame intersection over union, (people, found)."""
    return [_iou(_boxes(t), _boxes(f)) for t, f in zip(truth, found, strict=True)]


def _boxes(tracks: Sequence[Track]) -> NDArray[np.float64]:
    return np.array([track.box for track in tracks], dtype=np.float64).reshape(-1, 4)


def _iou(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) and (M, 4) boxes → (N, M)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None, :] - both
    return np.asarray(both / np.maximum(union, 1e-12), dtype=np.float64)
