"""Which track goes on with which box: the cheapest pairs of those that are possible."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge_agent.tracking.motion import Motion, feet
from edge_agent.types import Detections
from edge_agent.zones import VEHICLES

_GATE = 13.28
"""Squared Mahalanobis distance that 99 % of true pairs stay within (chi-square, 4 degrees)."""
_LOOK_GATE = 0.35
"""Unlikeness of colours beyond which two are not the same: of footage, the same person within
3 s is below 0.2 in 95 of 100 cases, two persons are above 0.3 in 75."""
_LOOK_USUAL = 0.1
_LOOK_UNKNOWN = 0.15
"""Unlikeness of the same thing a moment later; and what is assumed where a look is not known."""
_LOOK_WEIGHT = 25.0
"""Of unlikeness against minus twice the log-likelihood of the motion: as if unlikeness of the
same thing fell off exponentially with a mean of 0.08."""
_NEVER = 1e6


def pairs(
    motion: Motion,
    tracks: Sequence[int],
    labels: Sequence[str],
    looks: NDArray[np.float32],
    detections: Detections,
    rows: Sequence[int],
) -> list[tuple[int, int]]:
    """(track, row) of those that belong together.

    Args:
        tracks: rows of ``motion``.
        labels: of the tracks.
        looks: of the tracks, (tracks, SIZE); zeros where not known.
        rows: of the detections.
    """
    if not tracks or not rows:
        return []
    distance, cost = motion.cost(tracks, feet(detections.boxes[list(rows)]))
    unlike = _unlike(looks, detections, rows)
    possible = same_kind(labels, detections, rows)
    possible &= (distance < _GATE) & (unlike <= _LOOK_GATE)
    total = np.where(possible, cost + _LOOK_WEIGHT * (unlike - _LOOK_USUAL), _NEVER)
    chosen = zip(*linear_sum_assignment(total), strict=True)
    return [(tracks[i], rows[j]) for i, j in chosen if possible[i, j]]


def _unlike(
    looks: NDArray[np.float32], detections: Detections, rows: Sequence[int]
) -> NDArray[np.float64]:
    """(tracks, rows) 0-1."""
    if detections.looks is None:
        return np.full((len(looks), len(rows)), _LOOK_UNKNOWN)
    seen = detections.looks[list(rows)]
    known = np.logical_and.outer(looks.any(axis=1), seen.any(axis=1))
    return np.asarray(np.where(known, 1 - looks @ seen.T, _LOOK_UNKNOWN), dtype=np.float64)


def same_kind(
    labels: Sequence[str], detections: Detections, rows: Sequence[int]
) -> NDArray[np.bool_]:
    """A detector may call one vehicle a car now and a truck then, but not a person a car."""
    mine = np.array(["vehicle" if label in VEHICLES else label for label in labels])
    named = (detections.labels[row] for row in rows)
    theirs = np.array(["vehicle" if label in VEHICLES else label for label in named])
    return np.asarray(mine[:, None] == theirs[None, :])
