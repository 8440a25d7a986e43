"""Real footage and a real model through the whole flow, and the prescan of the same."""

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from edge_agent.behaviours import watchers
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.cameras import CameraError, Surroundings, camera
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.flow import CameraFlow
from edge_agent.prescan import can_happen
from edge_agent.tracking import byte_tracker
from edge_agent.types import Detections, Frame, Observed
from linli_contract.payloads import Phase, Picture

CROSSING = [[0.42, 0.36], [0.68, 0.26], [0.97, 0.56], [0.97, 0.85], [0.6, 0.66]]
LAWN_CORNER = [[0.02, 0.7], [0.2, 0.7], [0.2, 0.95], [0.02, 0.95]]


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Detector]:
    folder = Path(__file__).resolve().parents[3].parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder shared/ beside the project (footage and models)")
    cache = tmp_path_factory.mktemp("cache")
    env = {"LINLI_MODELS": str(folder / "models"), "LINLI_CACHE": str(cache)}
    opened = open_detector(OpenVinoSettings(type="openvino", name="main", model="yolo11n"), env)
    yield opened
    opened.close()


def zone(polygon: list[list[float]], *behaviours: dict[str, object]) -> ZoneSettings:
    wanted = behaviours or ({"type": "intrusion", "dwell": "5s"},)
    return ZoneSettings.model_validate(
        {"name": "crossing", "polygon": polygon, "behaviours": list(wanted)}
    )


class NoPicture:
    """Pictures have tests of their own."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        return Picture("00" * 32, kind, *frame.size, 1)


def test_people_crossing_a_campus(shared: Path, detector: Detector) -> None:
    settings = CameraSettings(
        name="campus",
        source={"type": "file", "path": shared / "media" / "vtest.avi", "realtime": False},
        detector="main",
        zones=[
            zone(
                CROSSING,
                {"type": "intrusion", "dwell": "5s"},
                {"type": "crowd", "count": 3, "dwell": "5s"},
            )
        ],
    )
    said: list[Observed] = []

    def emit(observed: Observed) -> None:
        said.append(observed)
        if {"intrusion", "crowd"} <= {o.event_type for o in said}:
            flow.stop()

    numbers = count(1)
    now = Clock().now
    flow = CameraFlow(
        settings,
        camera(settings, Surroundings(now, random.random)),
        detector,
        byte_tracker(),
        watchers(settings.zones, lambda: f"o{next(numbers)}"),
        NoPicture(),
        emit,
        now,
        random.random,
    )
    flow.start()
    assert flow.join(200)
    starts = [o for o in said if o.payload.phase is Phase.START]
    ends = [o for o in said if o.payload.phase is Phase.END]
    first = min(o.time for o in starts if o.event_type == "intrusion")
    assert {o.event_type for o in starts} == {"intrusion", "crowd"}
    assert _seconds(first, said) <= 15
    assert {o.payload.observation_id for o in starts} == {o.payload.observation_id for o in ends}
    assert all(5 <= o.payload.dwell_s < 6 for o in starts)


def _seconds(time: datetime, said: list[Observed]) -> float:
    """Since the recording began: its first stay begins with its first frames."""
    return (time - min(o.payload.started_at for o in said)).total_seconds()


def test_prescan_finds_where_it_can_happen(shared: Path, detector: Detector) -> None:
    clip = shared / "media" / "vtest.avi"
    found = can_happen(clip, zone(CROSSING), detector)
    assert found.possible
    assert found.at_s is not None
    assert 5 <= found.at_s <= 15
    private = [((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))]
    blind = can_happen(clip, zone(CROSSING), detector, privacy=private, within_s=5)
    assert not blind.possible
    assert blind.reason.endswith("no person is seen at all")


def test_prescan_refuses_a_clip_by_name(shared: Path, detector: Detector) -> None:
    clip = shared / "media" / "vtest.avi"
    quiet = can_happen(clip, zone(LAWN_CORNER), detector, within_s=20)
    assert not quiet.possible
    assert quiet.reason.startswith("vtest.avi: in 20 s nobody stays in zone crossing for 5 s")
    with pytest.raises(CameraError, match="there is no file"):
        can_happen(clip.with_name("nothing.avi"), zone(CROSSING), detector)
    with pytest.raises(ValueError, match="crossing: expected an intrusion behaviour"):
        can_happen(clip, zone(CROSSING, {"type": "crowd"}), detector)
