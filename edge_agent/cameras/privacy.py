"""Privacy polygons: painted black before anything else sees the frame."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge_agent.polygons import Polygon
from edge_agent.types import Image

_BLACK = (0, 0, 0)
_SEAM = 3
"""Width in pixels of the outline painted too: corners are rounded to whole pixels, and no pixel
inside may stay open because of it."""


def paint(image: Image, polygons: Sequence[Polygon]) -> None:
    """Paint ``polygons`` (fractions 0-1) black in ``image``, in place."""
    height, width = image.shape[:2]
    for polygon in polygons:
        corners = np.rint(np.array(polygon) * (width, height)).astype(np.int32)
        cv2.fillPoly(image, [corners], _BLACK)
        cv2.polylines(image, [corners], True, _BLACK, _SEAM)
