"""Small videos made for a test."""

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from edge_agent.types import Image

SIZE = (320, 240)
CODECS = {"h264": "libx264", "h265": "libx265", "mjpeg": "mjpeg"}


def scene(seed: int = 0, size: tuple[int, int] = SIZE) -> Image:
    """A picture with edges everywhere, the same for the same ``seed``."""
    width, height = size
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 120, np.uint8)
    for _ in range(60):
        left, top = int(rng.integers(-40, width)), int(rng.integers(-40, height))
        right, bottom = left + int(rng.integers(15, 90)), top + int(rng.integers(15, 90))
        colour = tuple(int(part) for part in rng.integers(40, 220, 3))
        cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
    return picture


def with_visitor(image: Image, at: float) -> Image:
    """``image`` with a light figure whose left edge is at the share ``at`` of the width."""
    shown = image.copy()
    height, width = shown.shape[:2]
    left = int(at * width)
    shown[height // 4 : 3 * height // 4, left : left + width // 10] = 250
    return shown


def write_clip(
    path: Path,
    picture: Callable[[int], Image],
    frames: int,
    fps: int = 10,
    codec: str = "h264",
    keyframes: int = 10,
    b_frames: int = 2,
) -> Path:
    """Frame n shows ``picture(n)``; a keyframe every ``keyframes`` frames."""
    first = picture(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(CODECS[codec], rate=fps)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = keyframes
        stream.codec_context.options = {
            "preset": "veryfast",
            "x264-params": f"scenecut=0:open-gop=0:bframes={b_frames}",
            "x265-params": f"log-level=0:scenecut=0:open-gop=0:bframes={b_frames}",
        }
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
            for packet in stream.encode(frame.reformat(format=stream.pix_fmt)):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
