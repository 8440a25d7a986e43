"""Real faces: what leaves by the door shows none of them, and a picture without stays as it was."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.detectors import open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evidence import Door, EvidenceSettings, open_door
from edge_agent.evidence.faces import open_faces
from edge_agent.types import Detections, Frame, Image
from linli_models import FetchError, cache_folder, fetch
from tests.edge_agent.evidence.second_detector import ROWS, SecondDetector

NOBODY = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ()
Box = tuple[float, float, float, float]
CACHE = cache_folder({})


@pytest.fixture(scope="module")
def env(shared: Path) -> dict[str, str]:
    """Where the face model is; fetched once and kept."""
    try:
        fetch("face", CACHE)
    except FetchError as error:
        pytest.skip(f"the face model cannot be had here: {error}")
    return {"LINLI_MODELS": str(shared / "models")}


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, list[Box]]:
    """Picture → its faces in pixels."""
    rows: dict[str, list[Box]] = defaultdict(list)
    with (shared / "media" / "faces" / "truth.csv").open() as file:
        for row in csv.DictReader(file):
            x, y = float(row["left_px"]), float(row["top_px"])
            rows[row["image"]].append(
                (x, y, x + float(row["width_px"]), y + float(row["height_px"]))
            )
    assert sum(map(len, rows.values())) == 18
    return rows


@pytest.fixture(params=sorted(ROWS))
def second(request: pytest.FixtureRequest, env: dict[str, str]) -> SecondDetector:
    return SecondDetector(request.param, CACHE)


def picture(shared: Path, name: str) -> Image:
    image = cv2.imread(str(shared / "media" / "faces" / name))
    assert image is not None
    return np.asarray(image, np.uint8)


def frame_of(image: Image) -> Frame:
    return Frame("gate", image, datetime(2026, 1, 1, tzinfo=UTC), 1)


def nobody(frame: Frame) -> Detections:
    return Detections(*NOBODY, frame.size)


def still_found(boxes: Sequence[Sequence[float]], truth: Sequence[Box]) -> list[Box]:
    """The faces of ``truth`` that a box lies on: it covers the face's middle, or overlaps it."""
    return [face for face in truth if any(_on(box, face) for box in boxes)]


def _on(box: Sequence[float], face: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    if face[0] <= x <= face[2] and face[1] <= y <= face[3]:
        return True
    wide, tall = (
        min(box[2], face[2]) - max(box[0], face[0]),
        min(box[3], face[3]) - max(box[1], face[1]),
    )
    if wide <= 0 or tall <= 0:
        return False
    both = (box[2] - box[0]) * (box[3] - box[1]) + (face[2] - face[0]) * (face[3] - face[1])
    return wide * tall / (both - wide * tall) > 0.3


def let_out(door: Door, frame: Frame, detections: Detections, folder: Path) -> Image:
    """The picture as it is on disk."""
    kept = door.evidence(frame, detections, "near")
    image = cv2.imread(str(folder / "pictures" / f"{kept.sha256}.jpg"))
    assert image is not None
    return np.asarray(image, np.uint8)


def test_the_agents_model_finds_every_face(
    shared: Path, env: dict[str, str], truth: dict[str, list[Box]]
) -> None:
    faces = open_faces(EvidenceSettings().face_confidence, env)
    for name, known in truth.items():
        found = faces.find(picture(shared, name)).tolist()
        assert still_found(found, known) == known, name


def test_the_second_detector_sees_the_faces_of_the_untouched_pictures(
    shared: Path, second: SecondDetector, truth: dict[str, list[Box]]
) -> None:
    """The control: a detector that finds nothing anyway would prove nothing."""
    for name, known in truth.items():
        assert still_found(second.find(picture(shared, name)).tolist(), known) == known, name


@pytest.mark.parametrize("persons", ["found", "missed"])
def test_no_second_detector_finds_a_face_in_what_leaves(
    shared: Path,
    tmp_path: Path,
    env: dict[str, str],
    second: SecondDetector,
    truth: dict[str, list[Box]],
    persons: str,
) -> None:
    """Also where the person detector missed everybody, and only the faces are blurred."""
    door = open_door({"gate": ()}, tmp_path, env=env)
    detector = open_detector(OpenVinoSettings(type="openvino", name="m", model="yolo11n"), env)
    for name, known in truth.items():
        frame = frame_of(picture(shared, name))
        seen = detector.submit(frame).result(timeout=60)
        image = let_out(door, frame, seen if persons == "found" else nobody(frame), tmp_path)
        assert still_found(second.find(image).tolist(), known) == [], name
    detector.close()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_faces_of_people_who_lie_are_gone_too(
    shared: Path,
    tmp_path: Path,
    env: dict[str, str],
    truth: dict[str, list[Box]],
    quarters: int,
) -> None:
    """The pictures turned; the second detector looks at what leaves turned back."""
    second = SecondDetector("back", CACHE)
    door = open_door({"gate": ()}, tmp_path, env=env)
    for name, known in truth.items():
        frame = frame_of(np.ascontiguousarray(np.rot90(picture(shared, name), quarters)))
        out = let_out(door, frame, nobody(frame), tmp_path)
        image = np.ascontiguousarray(np.rot90(out, 4 - quarters))
        assert still_found(second.find(image).tolist(), known) == [], name


def test_the_face_of_a_man_on_the_floor_whom_the_person_detector_misses(
    shared: Path, env: dict[str, str]
) -> None:
    video = cv2.VideoCapture(str(shared / "media" / "falls" / "s2-fall-13.mp4"))
    video.set(cv2.CAP_PROP_POS_MSEC, 7700)
    ok, image = video.read()
    assert ok
    faces = open_faces(EvidenceSettings().face_confidence, env)
    lying = np.asarray(image, np.uint8)
    face = [(505.0, 395.0, 570.0, 450.0)]  # read off the frame
    assert still_found(faces.find(lying).tolist(), face) == []
    assert still_found(faces.find_turned(lying).tolist(), face) == face


def test_a_picture_with_neither_face_nor_person_stays_as_it_was(
    shared: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    door = open_door({"gate": ()}, tmp_path, EvidenceSettings(quality=85), env)
    dogs = picture(shared, "dogs.jpg")
    detector = open_detector(OpenVinoSettings(type="openvino", name="m", model="yolo11n"), env)
    seen = detector.submit(frame_of(dogs)).result(timeout=60)
    detector.close()
    assert "dog" in seen.labels
    image = let_out(door, frame_of(dogs), seen, tmp_path)
    _, plain = cv2.imencode(".jpg", dogs, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert (image == cv2.imdecode(plain, cv2.IMREAD_COLOR)).all()


def test_people_of_the_footage_leave_without_their_heads(
    shared: Path, tmp_path: Path, env: dict[str, str]
) -> None:
    """Far people: too small for a face model, so the head regions alone protect them."""
    video = cv2.VideoCapture(str(shared / "media" / "vtest.avi"))
    video.set(cv2.CAP_PROP_POS_FRAMES, 300)
    ok, image = video.read()
    assert ok
    frame = frame_of(np.asarray(image, np.uint8))
    detector = open_detector(OpenVinoSettings(type="openvino", name="m", model="yolo11n"), env)
    seen = detector.submit(frame).result(timeout=60)
    detector.close()
    out = let_out(open_door({"gate": ()}, tmp_path, env=env), frame, seen, tmp_path)
    persons = [b for b, label in zip(seen.boxes, seen.labels, strict=True) if label == "person"]
    assert len(persons) >= 3
    for x1, y1, x2, y2 in persons:
        head = slice(int(y1), int(y1 + 0.2 * (y2 - y1))), slice(int(x1), int(x2))
        before = cv2.Laplacian(frame.image[head], cv2.CV_64F).var()
        after = cv2.Laplacian(out[head], cv2.CV_64F).var()
        assert after < 0.2 * before
