"""Cameras changed while they run: what did not change goes on, and no frame is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.camera_set import NoPicture
from edge_agent.detectors import ModelError
from linli_contract.payloads import Phase
from tests.edge_agent.publisher.publisher_kit import eventually
from tests.edge_agent.watchdog.hung_kit import ZONE, Bench, camera_row, configured, running_bench

LANE = ZONE | {"name": "lane"}
CROWD = {"type": "crowd", "count": 1, "dwell": "0s", "grace": "60s"}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    yield from running_bench(tmp_path, monkeypatch)


def _said(bench: Bench) -> list[tuple[str, str, str, str]]:
    return [
        (row.camera, row.payload.zone, row.payload.phase.value, row.payload.cause)
        for row in bench.observed
    ]


def test_another_zone_begins_and_nothing_is_lost(bench: Bench, tmp_path: Path) -> None:
    bench.cameras.apply(configured(tmp_path, camera_row(zones=[ZONE, LANE])))
    eventually(lambda: len(bench.observed) == 2, "the new zone's start")
    assert _said(bench) == [("gate", "yard", "start", ""), ("gate", "lane", "start", "")]
    looked = list(bench.models[0].looked)
    assert looked == list(range(1, len(looked) + 1))  # every frame, by one decoder
    assert (len(bench.decoders), len(bench.models)) == (1, 1)


def test_what_changes_ends_and_begins_anew(bench: Bench, tmp_path: Path) -> None:
    behaviours = [{"type": "intrusion", "dwell": "100ms", "grace": "60s"}]
    bench.cameras.apply(configured(tmp_path, camera_row(zones=[ZONE | {"behaviours": behaviours}])))
    eventually(lambda: len(bench.observed) == 3, "end and new start")
    assert _said(bench)[1:] == [
        ("gate", "yard", "end", "reconfigured"),
        ("gate", "yard", "start", ""),
    ]
    assert bench.observed[2].payload.observation_id != bench.observed[0].payload.observation_id


def test_one_behaviour_is_disarmed_and_the_other_goes_on(bench: Bench, tmp_path: Path) -> None:
    [intrusion] = ZONE["behaviours"]  # type: ignore[misc]
    both = camera_row(zones=[ZONE | {"behaviours": [intrusion, CROWD]}])
    bench.cameras.apply(configured(tmp_path, both))
    eventually(lambda: len(bench.observed) == 2, "the crowd's start")
    off = ZONE | {"behaviours": [intrusion | {"armed": False}, CROWD]}
    bench.cameras.apply(configured(tmp_path, camera_row(zones=[off])))
    eventually(lambda: len(bench.observed) == 3, "the intrusion's end")
    end = bench.observed[2]
    assert (end.event_type, end.payload.phase, end.payload.cause) == (
        "intrusion",
        Phase.END,
        "disarmed",
    )
    bench.cameras.apply(configured(tmp_path, both))
    eventually(lambda: len(bench.observed) == 4, "armed again")
    assert bench.observed[3].event_type == "intrusion"
    assert len(bench.decoders) == 1


def test_another_source_restarts_that_camera_alone(bench: Bench, tmp_path: Path) -> None:
    road = camera_row("road")
    bench.cameras.apply(configured(tmp_path, camera_row(), road))
    eventually(lambda: len(bench.observed) == 2, "the second camera's start")
    moved = road | {"source": {"type": "rtsp", "url": "rtsp://10.0.0.9/ch1"}}
    bench.cameras.apply(configured(tmp_path, camera_row(), moved))
    eventually(lambda: len(bench.observed) == 4, "the second camera's end and start")
    assert _said(bench)[2:] == [
        ("road", "yard", "end", "reconfigured"),
        ("road", "yard", "start", ""),
    ]
    assert len(bench.decoders) == 3
    assert [row.name for row in bench.cameras.health()] == ["gate", "road"]


def test_a_camera_taken_away_ends_what_is_open(bench: Bench, tmp_path: Path) -> None:
    bench.cameras.apply(configured(tmp_path))
    assert _said(bench)[-1] == ("gate", "yard", "end", "reconfigured")
    assert bench.cameras.health() == ()
    assert bench.models[0].closed.wait(5)


def test_a_model_that_cannot_be_opened_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    wrong = configured(tmp_path, camera_row(zones=[LANE]), model="none.onnx")
    with pytest.raises(ModelError, match=r"none\.onnx"):
        bench.cameras.apply(wrong)
    count = bench.decoders[0].health().frames
    eventually(lambda: bench.decoders[0].health().frames > count + 2, "frames as before")
    assert _said(bench) == [("gate", "yard", "start", "")]


def test_another_model_takes_over_in_the_running_flow(bench: Bench, tmp_path: Path) -> None:
    bench.cameras.apply(configured(tmp_path, camera_row(), model="y.onnx"))
    eventually(lambda: len(bench.models[1].looked) > 2, "frames for the new model")
    assert bench.models[0].closed.wait(5)
    assert bench.phases() == [Phase.START]
    assert len(bench.decoders) == 1


def test_a_snapshot_has_the_detections_of_its_own_frame(bench: Bench) -> None:
    assert bench.cameras.snapshot("gate").kind == "reference"


def test_a_snapshot_that_cannot_be_had_says_why(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.camera_set.PICTURE_S", 0.2)
    with pytest.raises(NoPicture, match="road is not open"):
        bench.cameras.snapshot("road")
    bench.models[0].hangs = True
    with pytest.raises(NoPicture, match="gate: the detector did not answer within"):
        bench.cameras.snapshot("gate")


def test_a_device_that_takes_no_pictures_needs_no_face_model(bench: Bench) -> None:
    bench.door_fails = True
    assert bench.cameras.faults() == ()
    with pytest.raises(NoPicture, match="no face model"):
        bench.cameras.snapshot("gate")
    assert bench.cameras.faults() == ()


def test_cameras_that_take_pictures_are_red_without_one(bench: Bench, tmp_path: Path) -> None:
    bench.door_fails = True
    taking = camera_row(evidence={"pictures": True})
    bench.cameras.apply(configured(tmp_path, taking))
    assert bench.cameras.faults() == ("privacy_failed: no face model",)


def test_reconnecting_keeps_what_is_open(bench: Bench) -> None:
    assert bench.cameras.reconnect("gate")
    eventually(lambda: len(bench.decoders) == 2, "a new connection")
    eventually(lambda: bench.decoders[1].health().frames > 2, "frames")
    assert bench.phases() == [Phase.START]
    assert not bench.cameras.reconnect("road")
