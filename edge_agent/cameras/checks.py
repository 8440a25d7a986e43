"""Is the picture itself a fault? Frozen, black, covered, moved: a pure function of pictures.

Each is judged on the small grey picture, about once a second, outside the privacy polygons.
Methods are common background in camera tampering detection; limits are the project's own
defaults, as settings.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.cameras.base import (
    PICTURE_BLACK,
    PICTURE_COVERED,
    PICTURE_FROZEN,
    PICTURE_MOVED,
)
from edge_agent.cameras.settings import PictureChecks
from edge_agent.types import Grey

EVERY_S = 1.0
"""Seconds between two looks."""
EDGE = 24.0
"""A step of so many grey levels over two pixels is an edge (Sobel's kernel weighs 4)."""
BRIGHT_SHARE = 0.01
"""A picture is black when fewer pixels than this are bright."""
LEARN_S = 60.0
"""How long a scene is learned before it can be another."""
MEMORY_S = 1800.0
"""Time constant of the slow background: a day's light moves it, a turned camera does not."""
RECENT_S = 15.0
"""Time constant of the recent scene: who passes does not stay in it."""
_MASK_EDGE = np.ones((3, 3), np.uint8)

Map = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Watched:
    """What is remembered of a camera's picture."""

    at: float | None = None
    """monotonic seconds of the last look"""
    small: Grey | None = None
    since: tuple[tuple[str, float], ...] = ()
    """codes whose sign shows, and since when without a break"""
    slow: Map | None = None
    """edges of the scene as it was for long"""
    recent: Map | None = None
    """edges of the scene by now"""
    learned: float = 0.0
    """seconds that went into ``slow``"""


def due(state: Watched, now: float) -> bool:
    """Whether it is time for a look."""
    return state.at is None or not 0 <= now - state.at < EVERY_S


def look(
    state: Watched, small: Grey, open_: NDArray[np.bool_], now: float, checks: PictureChecks
) -> tuple[Watched, str]:
    """The state after a picture, and the code of the fault that it shows (empty: none).

    Args:
        small: the picture, (height, width) grey.
        open_: of the same shape; False where a privacy polygon lies.
        now: monotonic seconds; the look before was at least a moment ago.
    """
    if state.small is not None and state.small.shape != small.shape:
        state = Watched()
    passed = 0.0 if state.at is None else min(now - state.at, 10 * EVERY_S)
    seen = edges(small)
    black, flat = _is_black(small, open_, checks), _is_flat(seen, open_, checks)
    if not (black or flat):
        state = _learn(state, seen, passed, open_, checks)
    signs = {
        PICTURE_FROZEN: state.small is not None and np.array_equal(small, state.small),
        PICTURE_BLACK: black,
        PICTURE_COVERED: flat and not black,
        PICTURE_MOVED: not (black or flat) and _is_elsewhere(state, open_, checks),
    }
    before = dict(state.since)
    since = {code: before.get(code, now) for code, shows in signs.items() if shows}
    state = replace(state, at=now, small=small, since=tuple(since.items()))
    return state, _fault(since, now, checks)


def edges(small: Grey) -> Map:
    """How steep the picture is at each pixel, in grey levels over two pixels; float32."""
    smooth = cv2.GaussianBlur(small, (3, 3), 0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down) / 4, np.float32)


def likeness(one: Map, other: Map, open_: NDArray[np.bool_]) -> float:
    """Correlation of two edge maps, -1 to 1; 1 where there is nothing to compare."""
    if not open_.any():
        return 1.0
    left, right = one[open_] - one[open_].mean(), other[open_] - other[open_].mean()
    norm = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / norm if norm else 1.0


def inside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``mask`` without its outline: the outline of a painted polygon is no edge of the scene."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), _MASK_EDGE).astype(bool))


def _is_black(small: Grey, open_: NDArray[np.bool_], checks: PictureChecks) -> bool:
    seen = small[open_]
    if not seen.size:
        return False
    return float((seen > checks.black_level * 255).mean()) < BRIGHT_SHARE


def _is_flat(seen: Map, open_: NDArray[np.bool_], checks: PictureChecks) -> bool:
    return bool(open_.any()) and float((seen[open_] > EDGE / 4).mean()) < checks.covered_edges


def _learn(
    state: Watched, seen: Map, passed: float, open_: NDArray[np.bool_], checks: PictureChecks
) -> Watched:
    if state.slow is None or state.recent is None:
        return replace(state, slow=seen, recent=seen)
    recent = _blend(state.recent, seen, passed / RECENT_S)
    if state.learned >= LEARN_S and likeness(recent, state.slow, open_) < checks.moved_likeness:
        return replace(state, recent=recent)  # what may be another scene is not learned
    # at first the plain mean, so that whoever stood there in the first picture fades
    learned = state.learned + passed
    slow = _blend(state.slow, seen, passed / min(max(learned, RECENT_S), MEMORY_S))
    return replace(state, recent=recent, slow=slow, learned=learned)


def _blend(old: Map, new: Map, share: float) -> Map:
    weight = np.float32(min(1.0, share))
    return old + (new - old) * weight


def _is_elsewhere(state: Watched, open_: NDArray[np.bool_], checks: PictureChecks) -> bool:
    if state.learned < LEARN_S or state.slow is None or state.recent is None:
        return False
    return likeness(state.recent, state.slow, open_) < checks.moved_likeness


def _fault(since: dict[str, float], now: float, checks: PictureChecks) -> str:
    limits = {
        PICTURE_BLACK: checks.black,
        PICTURE_COVERED: checks.covered,
        PICTURE_FROZEN: checks.frozen,
        PICTURE_MOVED: checks.moved,
    }
    lasting = (code for code, limit in limits.items() if now - since.get(code, now) >= limit)
    return next(lasting, "")
