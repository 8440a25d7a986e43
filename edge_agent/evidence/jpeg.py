"""A picture as JPEG within bounds, and on disk whole or not at all."""

import hashlib
import os
from pathlib import Path

import cv2

from edge_agent.types import Image
from linli_contract.payloads import Picture

STEP = 10
LEAST_QUALITY = 35
SMALLER = 0.75
LEAST_SIDE = 160


def scaled(image: Image, max_side: int) -> Image:
    """A copy of ``image`` whose longer side is at most ``max_side`` pixels."""
    height, width = image.shape[:2]
    factor = max_side / max(height, width)
    if factor >= 1:
        return image.copy()
    size = max(1, round(width * factor)), max(1, round(height * factor))
    smaller: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return smaller


def encode(image: Image, max_size: int, quality: int) -> tuple[bytes, int, int]:
    """JPEG of at most ``max_size`` bytes, with its width and height; no metadata.

    Quality steps down first, then the size of the picture.

    Raises:
        ValueError: not even a small picture of low quality fits.
    """
    while True:
        for step in range(quality, min(quality, LEAST_QUALITY) - 1, -STEP):
            ok, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, step])
            if not ok:
                raise ValueError("the picture cannot be encoded")
            if len(data) <= max_size:
                return data.tobytes(), int(image.shape[1]), int(image.shape[0])
        side = int(max(image.shape[:2]) * SMALLER)
        if side < LEAST_SIDE:
            raise ValueError(f"max_size: no picture of {LEAST_SIDE} pixels fits {max_size} bytes")
        image = scaled(image, side)


def keep(data: bytes, width: int, height: int, kind: str, folder: Path) -> Picture:
    """Write ``<sha256>.jpg`` into ``folder``; after a power cut it is there whole, or not at all.

    Raises:
        OSError: the disk refuses it.
    """
    name = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    # a name of its own: two cameras may have the same picture at once
    half = folder / f".{name}.{os.getpid()}.{id(data)}"
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(folder / f"{name}.jpg")
    finally:
        half.unlink(missing_ok=True)
    _sync(folder)
    return Picture(name, kind, width, height, len(data))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
