"""Cameras behind a program (CSI), and folders of still pictures: real processes, real files."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from structlog.testing import capture_logs

from edge_agent.cameras import Camera, CameraError, Surroundings, camera, probe
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock

PROGRAM = str(Path(__file__).parents[2] / "support" / "video_program.py")


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(Clock().now, lambda: 0.0, tmp_path)


def settings(**source: object) -> CameraSettings:
    return CameraSettings.model_validate({"name": "gate", "detector": "main", "source": source})


def csi(*arguments: str, kind: str = "h264", **more: object) -> CameraSettings:
    command = [sys.executable, PROGRAM, kind, *arguments]
    return settings(type="csi", command=command, format=kind, **more)


def wait_for(live: Camera, wanted: Callable[[Camera], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not wanted(live):
        assert time.monotonic() < until, live.health()
        live.read(0.05)


@pytest.mark.parametrize("kind", ["h264", "h265", "mjpeg"])
def test_what_a_program_writes_is_seen(kind: str, around: Surroundings) -> None:
    frame = probe(csi("1000", "20", kind=kind), around)
    assert frame.size == (320, 240)
    assert frame.image[120, 215].tolist() == pytest.approx([30, 200, 240], abs=40)
    assert frame.image[20, 20].tolist() == pytest.approx([60, 60, 60], abs=12)


@pytest.mark.skipif(not shutil.which("gst-launch-1.0"), reason="gst-launch-1.0 is not installed")
def test_a_gstreamer_pipeline(around: Surroundings) -> None:
    command = (
        "gst-launch-1.0 -q videotestsrc is-live=true ! video/x-raw,width=320,height=240 "
        "! jpegenc ! fdsink fd=1"
    )
    live = settings(type="csi", command=command.split(), format="mjpeg")
    assert probe(live, around).size == (320, 240)


def test_a_program_that_is_not_there_is_named(around: Surroundings) -> None:
    with pytest.raises(CameraError, match="no-such-vid cannot be started: No such file") as caught:
        probe(settings(type="csi", command=["no-such-vid"]), around)
    assert caught.value.code == "cannot_open"


def test_what_a_program_said_last_is_the_reason(around: Surroundings) -> None:
    words = "no cameras available, rtsp://me:p@ss:/%@10.0.0.8"
    with pytest.raises(CameraError, match=r"ended with code 0: no cameras available") as caught:
        probe(csi("0", "10", "--say", words), around)
    assert "p@ss" not in str(caught.value)


def test_a_program_that_writes_no_video(around: Surroundings) -> None:
    with pytest.raises(CameraError, match="sh ended with code 3: broken"):
        probe(
            settings(
                type="csi", command=["/bin/sh", "-c", "echo rubbish; echo broken >&2; exit 3"]
            ),
            around,
        )


def test_a_program_that_ends_is_started_again(around: Surroundings) -> None:
    live = camera(csi("40", "20"), around)
    live.open()
    with capture_logs() as logs:
        wait_for(live, lambda it: it.health().code == "no_frames")
        wait_for(live, lambda it: it.health().state == "ok")
    live.close()
    assert any("ended with code 0" in str(log.get("text")) for log in logs)


def test_a_program_that_hangs_is_a_dead_stream(around: Surroundings) -> None:
    live = camera(csi("40", "20", "--then", "stall", timeout="1s"), around)
    live.open()
    wait_for(live, lambda it: it.health().state == "ok")
    wait_for(live, lambda it: it.health().state == "fault")
    health = live.health()
    live.close()
    assert (health.code, health.text.split(": ")[-1]) == (
        "no_frames",
        f"{Path(sys.executable).name} gave nothing for 1 s",
    )


def test_no_program_and_no_pipe_is_left_behind(around: Surroundings) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    probe(csi("1000", "20"), around)
    before = open_files()
    # a child of a child, and one that nothing wakes
    shell = f"sleep 86397 & {sys.executable} {PROGRAM} h264 1000 20; true"
    probe(settings(type="csi", command=["/bin/sh", "-c", shell]), around)
    until = time.monotonic() + 10
    while _programs() or open_files() > before:
        assert time.monotonic() < until, (_programs(), open_files(), before)
        time.sleep(0.05)


def _programs() -> list[list[str]]:
    """Also those that have lost their parent."""
    rows = [row.info["cmdline"] or [] for row in psutil.process_iter(["cmdline"])]
    return [row for row in rows if PROGRAM in row or row == ["sleep", "86397"]]


def still(folder: Path, name: str, grey: int) -> None:
    cv2.imwrite(str(folder / name), np.full((48, 64, 3), grey, np.uint8))


def greys(live: Camera, count: int) -> list[int]:
    found: list[int] = []
    until = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < until, found
        if frame := live.read(0.1):
            found.append(int(frame.image.mean()))
    return found


def test_stills_come_by_name_then_as_they_arrive(around: Surroundings) -> None:
    for index in (2, 1, 3):
        still(around.base, f"{index}.png", 50 * index)
    (around.base / "notes.txt").write_text("no picture")
    live = camera(settings(type="stills", folder=".", interval="50ms"), around)
    live.open()
    assert greys(live, 3) == [50, 100, 150]
    still(around.base, "4.png", 200)
    assert greys(live, 1) == [200]
    assert (live.health().state, live.health().patience_s) == ("ok", 60)
    live.close()


def test_a_damaged_still_is_counted_and_the_next_comes(around: Surroundings) -> None:
    (around.base / "1.jpg").write_bytes(b"no picture")
    (around.base / "2.jpg").write_bytes(b"")
    still(around.base, "3.png", 90)
    live = camera(settings(type="stills", folder=".", interval="50ms"), around)
    live.open()
    assert greys(live, 1) == [90]
    assert live.health().drops == {"decode_error": 2}
    live.close()


def test_a_folder_that_is_not_there_is_named(around: Surroundings) -> None:
    with pytest.raises(CameraError, match=r"the folder .*/nowhere: No such file"):
        probe(settings(type="stills", folder="nowhere"), around)


@pytest.mark.parametrize(
    ("device", "words"),
    [("/dev/video-none", "is the camera plugged in"), ("text.txt", "is no device node")],
)
def test_a_device_node_that_is_none(device: str, words: str, around: Surroundings) -> None:
    (around.base / "text.txt").write_text("x")
    path = device if device.startswith("/") else str(around.base / device)
    with pytest.raises(CameraError, match=words):
        probe(settings(type="usb", device=path), around)
