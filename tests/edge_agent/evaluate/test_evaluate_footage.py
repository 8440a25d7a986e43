"""The acceptance on real footage: quality at the clip's rate and at 3 frames a second."""

import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evaluate.report import Drawn, Report, evaluate
from edge_agent.tracking import Tracker, as_track
from edge_agent.types import Detections, Frame, Track

SEED = 1
pytestmark = pytest.mark.timeout(900)  # a busy machine looks at 795 frames for minutes


class Remembers:
    """A detector that looks at each frame once, however often it is asked."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._seen: dict[int, Future[Detections]] = {}

    def submit(self, frame: Frame) -> Future[Detections]:
        if frame.index not in self._seen:
            self._seen[frame.index] = self._detector.submit(frame)
        return self._seen[frame.index]


class StockByteTrack:
    """The library's own, told the rate; boxes below a quarter are not for it."""

    def __init__(self, rate: float) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from trackers import ByteTrackTracker

        self._tracker = ByteTrackTracker(frame_rate=rate)

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        import supervision

        rows = np.flatnonzero(detections.scores >= 0.25)
        given = supervision.Detections(
            xyxy=detections.boxes[rows].reshape(-1, 4),
            confidence=detections.scores[rows],
            data={"row": rows},
        )
        found = self._tracker.update(given)
        ids = [] if found.tracker_id is None else found.tracker_id
        pairs = zip(found.data.get("row", []), ids, strict=True)
        return [as_track(detections, int(row), int(one)) for row, one in pairs if one >= 0]


@pytest.fixture(scope="module")
def detector(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remembers]:
    cache = tmp_path_factory.mktemp("cache")
    env = {"LINLI_MODELS": str(shared / "models"), "LINLI_CACHE": str(cache)}
    opened = open_detector(OpenVinoSettings(type="openvino", name="main", model="yolo11n"), env)
    yield Remembers(opened)
    opened.close()


def judged(
    shared: Path, detector: Remembers, rate: float | None, tracker: Tracker | None = None
) -> Report:
    media = shared / "media"
    truth = media / "vtest-truth-mot15.txt"
    return evaluate(media / "vtest.avi", truth, detector, Drawn(SEED), rate, tracker=tracker)


def test_at_the_rate_of_the_clip(shared: Path, detector: Remembers) -> None:
    report = judged(shared, detector, None)
    assert (report.frames, report.looked_at) == (795, 795)
    assert report.scores.mota >= 0.86
    assert report.scores.idf1 >= 0.83
    assert report.intrusion.due > 20
    assert report.intrusion.recall >= 0.9
    assert report.intrusion.precision >= 0.9
    assert report.settle_s == (1.0,)
    assert report.line_crossing.due > 100
    assert report.line_crossing.recall >= 0.95
    assert report.line_crossing.precision >= 0.9


def test_at_three_frames_a_second_it_beats_stock_bytetrack(
    shared: Path, detector: Remembers
) -> None:
    ours = judged(shared, detector, 3)
    stock = judged(shared, detector, 3, StockByteTrack(3))
    assert ours.looked_at == stock.looked_at == 239
    assert ours.intrusion.recall >= stock.intrusion.recall + 0.15
    assert ours.intrusion.precision >= stock.intrusion.precision
