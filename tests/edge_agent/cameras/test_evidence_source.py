"""The picture from the main stream: taken in time, or the watched frame, marked and said."""

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge_agent.cameras import Surroundings
from edge_agent.cameras.evidence_source import MainStreamDoor
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
from edge_agent.detectors.runtime import ModelError
from edge_agent.evidence import Withheld
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Picture
from tests.support.clips import scene, write_clip
from tests.support.rtsp import PACKAGES, RtspServer, installed

WATCHED = Frame("gate", np.zeros((24, 32, 3), np.uint8), Clock().now().wall, 7)
NOTHING = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), (), (32, 24))


class Door:
    def __init__(self) -> None:
        self.took: list[tuple[Frame, Detections]] = []

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        self.took.append((frame, detections))
        return Picture("00" * 32, kind, *frame.size, 1)


class Detector:
    def __init__(self, error: Exception | None = None, silent: bool = False) -> None:
        self.error, self.silent = error, silent

    def submit(self, frame: Frame) -> Future[Detections]:
        future: Future[Detections] = Future()
        if self.error:
            future.set_exception(self.error)
        elif not self.silent:
            found = np.zeros((1, 4), np.float32), np.ones(1, np.float32), ("person",)
            future.set_result(Detections(*found, frame.size))
        return future


@pytest.fixture
def main(tmp_path: Path) -> dict[str, object]:
    clip = write_clip(tmp_path / "main.mp4", lambda _: scene(3, (640, 480)), 20)
    return {"type": "file", "path": str(clip)}


def door(
    source: dict[str, object], detector: Detector | None = None
) -> tuple[MainStreamDoor, Door]:
    settings = CameraSettings.model_validate(
        {
            "name": "gate",
            "detector": "main",
            "source": {"type": "file", "path": "unused.avi"},
            "evidence_source": source,
            "evidence": {"time_limit": "1s"},
            "privacy": [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]],
        }
    )
    inner = Door()
    around = Surroundings(Clock().now, lambda: 0.0)
    return MainStreamDoor(settings, inner, detector or Detector(), around), inner


def test_the_picture_is_of_the_main_stream_with_what_is_in_it(main: dict[str, object]) -> None:
    outer, inner = door(main)
    picture = outer.evidence(WATCHED, NOTHING, "near")
    frame, seen = inner.took[0]
    assert (picture.stream, picture.width, picture.height) == ("main", 640, 480)
    assert (frame.camera, frame.size, seen.labels, seen.size) == (
        "gate",
        (640, 480),
        ("person",),
        (640, 480),
    )
    assert not frame.image[:230, :310].any(), "privacy polygons are painted in it too"
    assert (outer.fault, outer.fallbacks) == ("", 0)


@pytest.mark.parametrize(
    ("broken", "detector", "words"),
    [
        ({"type": "file", "path": "/nothing.mp4"}, None, "there is no file"),
        ({"type": "csi", "command": ["sleep", "30"]}, None, "no picture within 1 s"),
        (None, Detector(silent=True), "did not answer in time"),
        (None, Detector(error=ModelError("model: gone")), "ModelError: model: gone"),
    ],
)
def test_else_the_watched_frame_serves_marked_and_said(
    main: dict[str, object],
    broken: dict[str, object] | None,
    detector: Detector | None,
    words: str,
) -> None:
    outer, inner = door(broken or main, detector)
    with capture_logs() as logs:
        picture = outer.evidence(WATCHED, NOTHING, "near")
    assert (picture.stream, picture.width) == ("detect_fallback", 32)
    assert inner.took == [(WATCHED, NOTHING)]
    assert (outer.fault, outer.fallbacks) == ("evidence_stream", 1)
    said = [log for log in logs if log.get("code") == "evidence_stream"]
    assert len(said) == 1
    assert words in said[0]["reason"]


def test_it_is_over_with_the_next_good_picture(main: dict[str, object]) -> None:
    outer, _ = door(main, silent := Detector(silent=True))
    outer.evidence(WATCHED, NOTHING, "near")
    silent.silent = False
    assert outer.evidence(WATCHED, NOTHING, "near").stream == "main"
    assert (outer.fault, outer.fallbacks) == ("", 1)


def test_what_the_door_withholds_stays_withheld(main: dict[str, object]) -> None:
    """A picture that cannot be made private is not tried again with another frame."""
    outer, inner = door(main)

    def refuse(*_: object) -> Picture:
        raise Withheld("a face is still found")

    inner.evidence = refuse  # type: ignore[method-assign]  # a door that withholds
    with pytest.raises(Withheld):
        outer.evidence(WATCHED, NOTHING, "near")


@pytest.mark.skipif(not installed(), reason=f"RTSP server: install {PACKAGES}")
def test_a_network_cameras_main_stream_comes_in_time() -> None:
    with RtspServer() as server:
        outer, _ = door({"type": "rtsp", "url": server.url})
        outer._limit = 5  # a busy test machine
        assert outer.evidence(WATCHED, NOTHING, "near").stream == "main"
