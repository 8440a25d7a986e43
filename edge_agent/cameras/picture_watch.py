"""Keeps the state of the picture's checks for one camera."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.cameras import checks
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.settings import PictureChecks
from edge_agent.cameras.stream import Picturing
from edge_agent.polygons import Polygon


class PictureWatch:
    """For the decoder's thread.

    Args:
        privacy: what lies in these polygons is not looked at.
    """

    def __init__(self, settings: PictureChecks, privacy: Sequence[Polygon]) -> None:
        self._settings = settings
        self._privacy = privacy
        self._state = checks.Watched()
        self._open: NDArray[np.bool_] | None = None
        self.fault = ""
        """code of the fault that the newest picture shows; empty: none"""

    def see(self, picture: Picturing, mono: float) -> None:
        """A picture captured at ``mono`` (monotonic seconds)."""
        if not self._settings.enabled or not checks.due(self._state, mono):
            return
        small = picture.small
        if self._open is None or self._open.shape != small.shape:
            canvas = np.full((*small.shape, 3), 255, np.uint8)
            paint(canvas, self._privacy)
            self._open = checks.inside(canvas[:, :, 0] > 0)
        self._state, self.fault = checks.look(
            self._state, small.copy(), self._open, mono, self._settings
        )

    def begin_anew(self) -> None:
        """The stream is a new one; the scene stays known."""
        self.fault = ""
