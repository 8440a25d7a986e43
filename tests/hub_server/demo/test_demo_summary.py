"""What the story says at its end, and what it refuses before it begins."""

import json
from pathlib import Path

import pytest

from hub_server.demo.errors import DemoError, StepFailed
from hub_server.demo.inputs import _source
from hub_server.demo.layout import make_layout
from hub_server.demo.summary import Summary


def test_a_failed_step_is_named_and_kept_in_the_json(tmp_path: Path) -> None:
    summary, said = Summary(), list[str]()
    with summary.step("first", said.append) as step:
        step.seconds = 1.5
    with (
        pytest.raises(StepFailed, match="step 'second' failed: nothing came"),
        summary.step("second", said.append),
    ):
        raise TimeoutError("nothing came")
    summary.events = {"sent": 3}
    summary.write(tmp_path / "s.json")
    kept = json.loads((tmp_path / "s.json").read_text())
    assert [(s["name"], s["ok"]) for s in kept["steps"]] == [("first", True), ("second", False)]
    assert kept["steps"][0]["seconds"] == 1.5
    assert kept["events"] == {"sent": 3}
    assert len(said) == 1


@pytest.mark.parametrize(
    ("camera", "message"),
    [
        ("no-such-clip.mp4", "expected a video file or rtsp:// address, found no-such-clip.mp4"),
        ("rtsp://a:b@10.0.0.8/x", "give the address without user and password"),
    ],
)
def test_a_camera_that_is_none_is_refused(camera: str, message: str) -> None:
    with pytest.raises(DemoError, match=message):
        _source(camera)


def test_an_address_is_taken_as_it_is() -> None:
    assert _source("rtsp://10.0.0.8/ch1") == {"type": "rtsp", "url": "rtsp://10.0.0.8/ch1"}


def test_a_folder_that_is_no_demo_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(DemoError, match="not a folder of an earlier demo"):
        make_layout(tmp_path)
    assert (tmp_path / "letters.txt").exists()
