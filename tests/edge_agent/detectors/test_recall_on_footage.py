"""Both detectors find the people of real footage, measured against its truth."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.detectors import open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.types import Detections, Frame
from linli_models import FetchError, cache_folder, fetch

EVERY = 40
Box = tuple[float, float, float, float]


def truth_of(file: Path) -> dict[int, list[Box]]:
    """Frame number from 1 → boxes of persons in pixels."""
    rows: dict[int, list[Box]] = defaultdict(list)
    for line in file.read_text().splitlines():
        number, _, left, top, width, height = (float(cell) for cell in line.split(",")[:6])
        rows[int(number)].append((left, top, left + width, top + height))
    return rows


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    tall = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return wide * tall / (both - wide * tall)


def matched(found: Detections, truth: list[Box], least: float) -> int:
    """How many of ``truth`` have a person's box of their own."""
    left = [box for box, label in zip(found.boxes, found.labels, strict=True) if label == "person"]
    count = 0
    for person in truth:
        best = max(range(len(left)), key=lambda i: overlap(left[i], person), default=None)
        if best is not None and overlap(left[best], person) >= least:
            left.pop(best)
            count += 1
    return count


def looked_at(shared: Path, model: str, env: dict[str, str]) -> list[tuple[Detections, list[Box]]]:
    """Every 40th frame of the footage: detections and truth."""
    truth = truth_of(shared / "media" / "vtest-truth-mot15.txt")
    video = cv2.VideoCapture(str(shared / "media" / "vtest.avi"))
    detector = open_detector(
        OpenVinoSettings(type="openvino", name="main", model=model, min_confidence="25%"), env
    )
    looked, number = [], 0
    while True:
        ok, image = video.read()
        if not ok:
            break
        number += 1
        if number % EVERY == 0:
            frame = Frame("campus", np.asarray(image), datetime(2026, 1, 1, tzinfo=UTC), number)
            looked.append((detector.submit(frame).result(timeout=60), truth[number]))
    detector.close()
    return looked


def recall(looked: list[tuple[Detections, list[Box]]], least: float) -> float:
    return sum(matched(found, truth, least) for found, truth in looked) / sum(
        len(truth) for _, truth in looked
    )


def precision(looked: list[tuple[Detections, list[Box]]], least: float) -> float:
    persons = sum(found.labels.count("person") for found, _ in looked)
    return sum(matched(found, truth, least) for found, truth in looked) / persons


def test_yolo11n(shared: Path, tmp_path: Path) -> None:
    env = {"LINLI_MODELS": str(shared / "models"), "LINLI_CACHE": str(tmp_path)}
    looked = looked_at(shared, "yolo11n", env)
    assert len(looked) == 19
    assert recall(looked, 0.5) > 0.85
    assert precision(looked, 0.5) > 0.85


def test_person_fall(shared: Path) -> None:
    """Its boxes are loose: most persons are found, fewer with an overlap of a half."""
    env: dict[str, str] = {}
    try:
        fetch("person-fall", cache_folder(env))
    except FetchError as error:
        pytest.skip(f"person-fall cannot be had here: {error}")
    looked = looked_at(shared, "person-fall", env)
    assert recall(looked, 0.3) > 0.85
    assert recall(looked, 0.5) > 0.55
    assert precision(looked, 0.3) > 0.75
