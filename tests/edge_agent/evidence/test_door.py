"""The door's promises: polygons black, bounded JPEGs named by hash, or nothing at all."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.detectors import ModelError
from edge_agent.evidence import Door, EvidenceSettings, ShutDoor, Withheld, open_door
from edge_agent.polygons import Polygon
from edge_agent.types import FALLEN, Detections, Frame, Image
from linli_contract.payloads import Picture
from linli_settings import ConfigError, parse

SHARP = EvidenceSettings.model_validate({"quality": 95, "max_size": "5MB"})
CORNER: Polygon = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
Boxes = np.ndarray[tuple[int, int], np.dtype[np.float32]]


class Upright:
    """Finds nobody who lies."""

    def find_turned(self, image: Image) -> Boxes:
        return np.zeros((0, 4), np.float32)


class Rounds(Upright):
    """A face finder that finds ``rounds`` in turn, then nothing."""

    def __init__(self, *rounds: Sequence[Sequence[float]]) -> None:
        self.rounds = list(rounds)
        self.seen: list[Image] = []

    def find(self, image: Image) -> Boxes:
        self.seen.append(image.copy())
        boxes = self.rounds.pop(0) if self.rounds else []
        return np.array(boxes, np.float32).reshape(-1, 4)


class Broken(Upright):
    def find(self, image: Image) -> Boxes:
        raise ModelError("face: the device is gone")


def noise(width: int = 640, height: int = 480) -> Image:
    """Full of detail, and no harder to pack than a street."""
    fine = np.random.default_rng(5).integers(0, 255, (height, width, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(fine, (0, 0), 1.0), np.uint8)


def bounded(limit: int) -> EvidenceSettings:
    return EvidenceSettings.model_validate({"max_size": f"{limit}B"})


def frame_of(image: Image, camera: str = "gate") -> Frame:
    return Frame(camera, image, datetime(2026, 1, 1, tzinfo=UTC), 1)


def seen(
    frame: Frame, *boxes: tuple[float, float, float, float], label: str = "person"
) -> Detections:
    count = len(boxes)
    rows = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(rows, np.full(count, 0.9, np.float32), (label,) * count, frame.size)


def read(folder: Path, picture: Picture) -> Image:
    image = cv2.imread(str(folder / f"{picture.sha256}.jpg"))
    assert image is not None
    return np.asarray(image, np.uint8)


def detail(image: Image) -> float:
    return float(cv2.Laplacian(image, cv2.CV_64F).var())


def test_the_picture_is_named_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    frame = frame_of(noise())
    picture = Door(Rounds(), {"gate": ()}, tmp_path).evidence(frame, seen(frame), "far")
    data = (tmp_path / f"{picture.sha256}.jpg").read_bytes()
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert (picture.kind, picture.width, picture.height, picture.size) == (
        "far",
        640,
        480,
        len(data),
    )
    assert [file.name for file in tmp_path.iterdir()] == [f"{picture.sha256}.jpg"]
    assert b"Exif" not in data[:64]


def test_the_same_frame_is_the_same_picture(tmp_path: Path) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": ()}, tmp_path)
    assert door.evidence(frame, seen(frame)) == door.evidence(frame, seen(frame))


def test_privacy_polygons_are_black_before_the_face_model_and_after_blurring(
    tmp_path: Path,
) -> None:
    frame = frame_of(noise())
    faces = Rounds([(200, 150, 400, 350)])
    door = Door(faces, {"gate": (CORNER,)}, tmp_path, EvidenceSettings(quality=95))
    image = read(tmp_path, door.evidence(frame, seen(frame, (250, 100, 350, 460))))
    assert (faces.seen[0][:240, :320] == 0).all()
    # JPEG moves a black pixel by a little at most
    assert image[:230, :310].max() < 12
    assert image[300:, 450:].mean() > 100


def test_polygons_hold_where_the_frame_is_scaled_down(tmp_path: Path) -> None:
    frame = frame_of(noise(1920, 1080))
    door = Door(Rounds(), {"gate": (CORNER,)}, tmp_path, EvidenceSettings(max_side=960))
    picture = door.evidence(frame, seen(frame))
    assert (picture.width, picture.height) == (960, 540)
    assert read(tmp_path, picture)[:260, :470].max() < 20


def test_the_head_region_of_a_person_is_blurred_and_the_rest_is_not(tmp_path: Path) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": ()}, tmp_path, SHARP)
    image = read(tmp_path, door.evidence(frame, seen(frame, (200, 100, 300, 400))))
    assert detail(image[105:180, 205:295]) < 0.001 * detail(frame.image[105:180, 205:295])
    assert detail(image[230:400, 205:295]) > 0.5 * detail(frame.image[230:400, 205:295])


def gone(frame: Frame, image: Image, left: int, top: int, side: int = 40) -> bool:
    """Whether nothing is left of the detail of a square."""
    part = slice(top, top + side), slice(left, left + side)
    return detail(image[part]) < 0.02 * detail(frame.image[part])


def test_somebody_lying_is_blurred_at_both_ends_and_seen_between(tmp_path: Path) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": ()}, tmp_path, SHARP)
    image = read(tmp_path, door.evidence(frame, seen(frame, (100, 200, 400, 300))))
    assert gone(frame, image, 105, 205)
    assert gone(frame, image, 150, 255)
    assert gone(frame, image, 310, 205)
    assert gone(frame, image, 355, 255)
    assert not gone(frame, image, 230, 230)


def test_somebody_fallen_towards_the_camera_is_blurred_at_both_ends(tmp_path: Path) -> None:
    frame = frame_of(noise())
    person = seen(frame, (200, 100, 300, 400))
    fallen = replace(person, postures=(FALLEN,))
    door = Door(Rounds(), {"gate": ()}, tmp_path, SHARP)
    image = read(tmp_path, door.evidence(frame, fallen))
    assert gone(frame, image, 230, 105)
    assert gone(frame, image, 230, 350)
    assert not gone(frame, image, 230, 230)


@pytest.mark.parametrize("box", [(100, 200, 220, 300), (100, 380, 400, 480)])
def test_somebody_bent_or_cut_by_the_lower_edge_is_blurred_whole(
    tmp_path: Path, box: tuple[float, float, float, float]
) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": ()}, tmp_path, SHARP)
    image = read(tmp_path, door.evidence(frame, seen(frame, box)))
    left, top, right, bottom = (int(value) for value in box)
    for x in range(left, right - 40, 20):
        for y in range(top, bottom - 40, 20):
            assert gone(frame, image, x, y), (x, y)


def test_a_preview_is_masked_and_not_kept(tmp_path: Path) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": (CORNER,)}, tmp_path / "pictures", SHARP)
    data = door.preview(frame, seen(frame, (350, 100, 450, 400)), max_side=640)
    image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    assert image[:230, :310].max() < 12
    assert gone(frame, image, 380, 110)
    assert not (tmp_path / "pictures").exists()
    with pytest.raises(Withheld):
        door.preview(frame, None)


def test_a_dog_has_no_head_region(tmp_path: Path) -> None:
    frame = frame_of(noise())
    door = Door(Rounds(), {"gate": ()}, tmp_path)
    dog = door.evidence(frame, seen(frame, (200, 100, 300, 400), label="dog"))
    assert dog == door.evidence(frame, seen(frame))


def test_faces_are_blurred_until_none_is_found(tmp_path: Path) -> None:
    frame = frame_of(noise())
    faces = Rounds([(100, 100, 140, 140)], [(300, 300, 340, 340)])
    door = Door(faces, {"gate": ()}, tmp_path, SHARP)
    image = read(tmp_path, door.evidence(frame, seen(frame)))
    assert len(faces.seen) == 3
    for part in (slice(100, 140), slice(100, 140)), (slice(300, 340), slice(300, 340)):
        assert detail(image[part]) < 0.001 * detail(frame.image[part])


def test_the_frame_itself_is_not_changed(tmp_path: Path) -> None:
    frame = frame_of(noise())
    before = frame.image.copy()
    door = Door(Rounds([(100, 100, 140, 140)]), {"gate": (CORNER,)}, tmp_path)
    door.evidence(frame, seen(frame, (200, 100, 300, 400)))
    assert (frame.image == before).all()


def withheld(door: Door, frame: Frame, detections: Detections | None, said: str) -> None:
    with pytest.raises(Withheld, match=said) as caught:
        door.evidence(frame, detections)
    assert caught.value.code == "privacy_failed"


def test_nothing_leaves_when_a_step_cannot_run(tmp_path: Path) -> None:
    frame = frame_of(noise())
    folder = tmp_path / "pictures"
    withheld(Door(Broken(), {"gate": ()}, folder), frame, seen(frame), "the device is gone")
    door = Door(Rounds(), {"gate": ()}, folder)
    withheld(door, frame, None, "no detections of this frame")
    withheld(door, frame, seen(frame_of(noise(320, 240))), "no detections of this frame")
    withheld(door, frame_of(noise(), "yard"), seen(frame), "yard: its privacy polygons")
    stubborn = Rounds(*[[(100, 100, 140, 140)]] * 20)
    withheld(Door(stubborn, {"gate": ()}, folder), frame, seen(frame), "a face is still found")
    assert not folder.exists()


def test_a_disk_that_refuses_withholds_the_picture(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file where the folder should be")
    frame = frame_of(noise())
    withheld(Door(Rounds(), {"gate": ()}, tmp_path / "pictures"), frame, seen(frame), "Error")


def test_a_shut_door_says_why() -> None:
    frame = frame_of(noise())
    with pytest.raises(Withheld, match="no face model"):
        ShutDoor("no face model").evidence(frame, seen(frame))


def test_without_its_face_model_no_door_opens(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="edge-agent models fetch face"):
        open_door({"gate": ()}, tmp_path, env={"LINLI_CACHE": str(tmp_path)})


def test_a_picture_keeps_within_its_bounds(tmp_path: Path) -> None:
    """Noise is the hardest to pack: quality steps down, then size."""
    frame = frame_of(noise(1600, 1200))
    for limit in (200_000, 60_000, 20_000):
        door = Door(Rounds(), {"gate": ()}, tmp_path, bounded(limit))
        picture = door.evidence(frame, seen(frame))
        assert picture.size <= limit
        assert max(picture.width, picture.height) <= 1280
        assert read(tmp_path, picture).shape[:2] == (picture.height, picture.width)


def test_cameras_share_the_door_one_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0

    class Counting(Upright):
        def find(self, image: Image) -> Boxes:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.01)
            inside -= 1
            return np.zeros((0, 4), np.float32)

    door = Door(Counting(), {"gate": ()}, tmp_path)
    frames = [frame_of(noise(64 + n, 64)) for n in range(6)]
    threads = [threading.Thread(target=door.evidence, args=(f, seen(f))) for f in frames]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert inside == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("max_size: 300000", "did you mean 300000MB"),
        ("max_side: 99999", "3840"),
        ("quality: 100", "95"),
        ("face_confidence: 0.4", "did you mean 0.4%"),
        ("max_pixels: 5", "a known key"),
    ],
)
def test_bad_evidence_settings_are_named(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(line, EvidenceSettings)
    assert said in str(caught.value)
