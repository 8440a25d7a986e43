"""A frame fitted into an input and boxes brought back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.detectors.letterbox import GREY, letterbox

SIDES = st.integers(16, 2000)


def test_a_wide_frame_lies_in_the_middle_between_grey_bars() -> None:
    image = np.full((360, 640, 3), 200, np.uint8)
    out, fit = letterbox(image, 640, 640)
    assert out.shape == (640, 640, 3)
    assert (fit.scale, fit.left, fit.top, fit.size) == (1.0, 0, 140, (640, 360))
    assert (out[:140] == GREY).all()
    assert (out[140:500] == 200).all()
    assert (out[500:] == GREY).all()


def test_the_frame_itself_is_not_changed() -> None:
    image = np.full((64, 64, 3), 7, np.uint8)
    out, _ = letterbox(image, 64, 64)
    out[:] = 0
    assert (image == 7).all()


@given(width=SIDES, height=SIDES)
def test_boxes_come_back_where_they_were(width: int, height: int) -> None:
    _, fit = letterbox(np.zeros((height, width, 3), np.uint8), 640, 640)
    box = np.array([[0.1 * width, 0.2 * height, 0.7 * width, 0.9 * height]], np.float32)
    inside = box * fit.scale + np.array([fit.left, fit.top] * 2, np.float32)
    assert (inside >= -1).all()
    assert (inside <= 641).all()
    np.testing.assert_allclose(fit.to_frame(inside.astype(np.float32)), box, atol=0.01, rtol=1e-4)


def test_boxes_are_cut_at_the_edges_of_the_frame() -> None:
    _, fit = letterbox(np.zeros((360, 640, 3), np.uint8), 640, 640)
    outside = np.array([[-50, 0, 700, 640]], np.float32)
    assert fit.to_frame(outside).tolist() == [[0, 0, 640, 360]]
