"""The door: a frame goes in, a picture that shows nobody's face comes out, or nothing does."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import cv2

from edge_agent.cameras.privacy import paint
from edge_agent.detectors.runtime import ModelError
from edge_agent.evidence import blur
from edge_agent.evidence.faces import Boxes, open_faces
from edge_agent.evidence.jpeg import encode, keep, scaled
from edge_agent.evidence.settings import EvidenceSettings
from edge_agent.polygons import Polygon
from edge_agent.types import Detections, Frame, Image
from linli_contract.payloads import Picture

ROUNDS = 4
"""Times a picture is looked at again after blurring; a face still found then is withheld."""


class Withheld(Exception):  # noqa: N818 - the domain's word: nothing is broken in the program
    """A picture that does not leave; its camera is red.

    ``code`` is what health reports.
    """

    code = "privacy_failed"


class Finder(Protocol):
    """What finds faces: (N, 4) boxes in pixels."""

    def find(self, image: Image) -> Boxes: ...

    def find_turned(self, image: Image) -> Boxes:
        """Faces of people who lie."""


class Door:
    """Shared by all cameras: one picture at a time passes.

    Args:
        faces: finds the faces to blur.
        privacy: each camera's polygons, as fractions 0-1; every camera has a row, if an empty one.
        folder: where the JPEGs go, named by their SHA-256.
    """

    def __init__(
        self,
        faces: Finder,
        privacy: Mapping[str, Sequence[Polygon]],
        folder: Path,
        settings: EvidenceSettings | None = None,
    ) -> None:
        self._faces = faces
        self._privacy = privacy
        self._folder = folder
        self._settings = settings or EvidenceSettings()
        self._turn = threading.Lock()

    def evidence(self, frame: Frame, detections: Detections | None, kind: str = "near") -> Picture:
        """Keep ``frame`` as a blurred JPEG.

        Args:
            detections: of this very frame; without them no head region is known.
            kind: near, far or reference.

        Raises:
            Withheld: any step could not run; nothing was kept.
        """
        with self._passing():
            data, width, height = self._jpeg(frame, detections, self._settings.max_side)
            return keep(data, width, height, kind, self._folder)

    def preview(self, frame: Frame, detections: Detections | None, max_side: int = 960) -> bytes:
        """``frame`` as a blurred JPEG for somebody who looks now; it is not kept.

        Raises:
            Withheld: any step could not run.
        """
        with self._passing():
            return self._jpeg(frame, detections, min(max_side, self._settings.max_side))[0]

    @contextmanager
    def _passing(self) -> Iterator[None]:
        """One picture at a time; whatever fails withholds it."""
        with self._turn:
            try:
                yield
            except (ModelError, ValueError, OSError, cv2.error) as error:
                raise Withheld(f"{type(error).__name__}: {error}") from error

    def _jpeg(
        self, frame: Frame, detections: Detections | None, max_side: int
    ) -> tuple[bytes, int, int]:
        image = self._blurred(frame, detections, max_side)
        return encode(image, self._settings.max_size, self._settings.quality)

    def _blurred(self, frame: Frame, detections: Detections | None, max_side: int) -> Image:
        if frame.camera not in self._privacy:
            raise Withheld(f"{frame.camera}: its privacy polygons are not known")
        if detections is None or detections.size != frame.size:
            raise Withheld(f"{frame.camera}: no detections of this frame, so no head regions")
        image = scaled(frame.image, max_side)
        polygons = self._privacy[frame.camera]
        paint(image, polygons)
        height, width = image.shape[:2]
        blur.blur(image, blur.heads(detections, width, height))
        self._blur_faces(image, polygons)
        return image

    def _blur_faces(self, image: Image, polygons: Sequence[Polygon]) -> None:
        """Blur until no face is found: what leaves was looked at as it leaves."""
        height, width = image.shape[:2]
        # the person detector misses many who lie, and with them the region of the head
        blur.blur(image, blur.around_faces(self._faces.find_turned(image), width, height))
        for _ in range(ROUNDS):
            # softening draws colours over an edge, so what is private is painted again
            paint(image, polygons)
            faces = self._faces.find(image)
            if len(faces) == 0:
                return
            blur.blur(image, blur.around_faces(faces, width, height))
        raise Withheld("a face is still found after blurring")


class ShutDoor:
    """Where the face model could not be loaded: every picture is withheld, and why is said."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def evidence(self, frame: Frame, detections: Detections | None, kind: str = "near") -> Picture:
        """Raises Withheld."""
        raise Withheld(self.reason)

    def preview(self, frame: Frame, detections: Detections | None, max_side: int = 960) -> bytes:
        """Raises Withheld."""
        raise Withheld(self.reason)


def open_door(
    privacy: Mapping[str, Sequence[Polygon]],
    data_dir: Path,
    settings: EvidenceSettings | None = None,
    env: Mapping[str, str] = os.environ,
) -> Door:
    """The door with the catalogue's face model; pictures go to ``data_dir``/pictures.

    Raises:
        ModelError: the face model is not here or does not run; use a ShutDoor then.
    """
    chosen = settings or EvidenceSettings()
    faces = open_faces(chosen.face_confidence, env)
    return Door(faces, privacy, data_dir / "pictures", chosen)
