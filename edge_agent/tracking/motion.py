"""Where things are and how they move, in seconds: a Kalman filter for many boxes at once.

Each box is (foot x, foot y, width, height) in pixels, each of the four with a velocity of its
own (constant velocity with white-noise acceleration: Bar-Shalom, Li, Kirubarajan 2001, ch. 6),
so a step may be of any length. Noise grows with the box's height, as in DeepSORT (Wojke et al.
2017): a person 1.7 m tall tells the scale of the place where he stands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
"""(N, 4)"""

# All of these are shares of the box's height (a person's 1.7 m), for foot x, foot y, width, height.
_MEASURED = np.array([0.06, 0.06, 0.10, 0.06])
"""Standard deviation of a detector's box."""
_FIRST_SPEED = np.array([0.8, 0.35, 0.1, 0.1])
"""Of something new, per second: 0.8 is 1.4 m/s, a walk; towards the camera it looks slower."""
_UNSTEADY = np.array([0.35, 0.2, 0.05, 0.05])
"""How much speeds change, per second."""
_SETTLE_S = 3.0
"""Time constant with which an unseen thing is taken to come to a halt."""
_SMALLEST = 1.0
"""Pixels."""


class Motion:
    """The filter's state; rows are tracks, in the caller's order."""

    def __init__(self) -> None:
        none = np.zeros((0, 4))
        self.place, self._speed = none, none
        self._var, self._cov, self._speed_var = none, none, none

    def add(self, boxes: Rows) -> None:
        """New rows at the end, standing still as far as we know."""
        height = boxes[:, 3:4]
        self.place = np.concatenate([self.place, boxes])
        self._speed = np.concatenate([self._speed, np.zeros_like(boxes)])
        self._var = np.concatenate([self._var, (_MEASURED * height) ** 2])
        self._cov = np.concatenate([self._cov, np.zeros_like(boxes)])
        self._speed_var = np.concatenate([self._speed_var, (_FIRST_SPEED * height) ** 2])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the others."""
        self.place, self._speed = self.place[rows], self._speed[rows]
        self._var, self._cov = self._var[rows], self._cov[rows]
        self._speed_var = self._speed_var[rows]

    def predict(self, seconds: float) -> None:
        """Move everything on."""
        noise = (_UNSTEADY * self.place[:, 3:4]) ** 2
        left = float(np.exp(-seconds / _SETTLE_S))
        way = _SETTLE_S * (1 - left)
        self.place = self.place + way * self._speed
        self.place[:, 2:] = np.maximum(self.place[:, 2:], _SMALLEST)
        self._var = (
            self._var + 2 * way * self._cov + way**2 * self._speed_var + noise * seconds**3 / 3
        )
        self._cov = left * (self._cov + way * self._speed_var) + noise * seconds**2 / 2
        self._speed_var = left**2 * self._speed_var + noise * seconds
        self._speed = left * self._speed

    def cost(self, rows: Sequence[int], boxes: Rows) -> tuple[Rows, Rows]:
        """How well each row explains each box, (rows, boxes): the squared Mahalanobis distance
        (chi-square with 4 degrees of freedom), and minus twice the log-likelihood, free of the
        scale, up to a constant: a sure guess is better than a wide one."""
        picked = list(rows)
        height = self.place[picked, 3:4]
        spread = self._var[picked] + (_MEASURED * height) ** 2
        away = boxes[None, :, :] - self.place[picked][:, None, :]
        distance = (away**2 / spread[:, None, :]).sum(axis=2)
        width = np.log(spread / (2 * (_MEASURED * height) ** 2)).sum(axis=1)
        return distance, distance + width[:, None]

    def correct(self, row: int, box: NDArray[np.float64]) -> None:
        """Row ``row`` was seen as ``box``."""
        spread = self._var[row] + (_MEASURED * self.place[row, 3]) ** 2
        gain, speed_gain = self._var[row] / spread, self._cov[row] / spread
        off = box - self.place[row]
        self.place[row] += gain * off
        self._speed[row] += speed_gain * off
        self._speed_var[row] -= speed_gain * self._cov[row]
        self._cov[row] *= 1 - gain
        self._var[row] *= 1 - gain


def feet(boxes: NDArray[np.floating]) -> Rows:
    """(N, 4) x1, y1, x2, y2 → foot x, foot y, width, height."""
    x1, y1, x2, y2 = np.asarray(boxes, np.float64).reshape(-1, 4).T
    return np.stack([(x1 + x2) / 2, y2, x2 - x1, y2 - y1], axis=1)


def corners(places: Rows) -> Rows:
    """The way back."""
    x, y, width, height = places.T
    return np.stack([x - width / 2, y - height, x + width / 2, y], axis=1)
