"""RTSP against a real server: the ball of GStreamer's test picture."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from edge_agent.cameras import Camera, CameraError, Surroundings, camera, probe
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
from linli_settings.secrets import resolve
from tests.support.rtsp import PACKAGES, RtspServer, installed

SECRET = "p@ss:w/rd%20é#?&"
ENCODED = "p%40ss%3Aw%2Frd%2520%C3%A9%23%3F%26"

pytestmark = pytest.mark.skipif(not installed(), reason=f"RTSP server: install {PACKAGES}")


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(Clock().now, random.random, tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[RtspServer]:
    with RtspServer() as running:
        yield running


def rtsp(url: str, **source: object) -> CameraSettings:
    return CameraSettings.model_validate(
        {
            "name": "gate",
            "source": {"type": "rtsp", "url": url, "timeout": "2s", **source},
            "detector": "main",
            "privacy": [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]],
        }
    )


def secret_file(folder: Path, text: str = SECRET) -> str:
    file = folder / "camera.password"
    file.write_text(text)
    file.chmod(0o600)
    assert resolve("file:camera.password", folder) == text
    return "file:camera.password"


def wait_for(camera: Camera, state: str, seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while camera.health().state != state:
        assert time.monotonic() < until, camera.health()
        camera.read(0.1)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_come_with_their_capture_time(
    server: RtspServer, around: Surroundings, transport: str
) -> None:
    live = camera(rtsp(server.url, transport=transport), around)
    live.open()
    frames = [frame for _ in range(20) if (frame := live.read(5))]
    live.close()
    assert len(frames) == 20
    assert frames[0].size == (320, 240)
    assert not frames[-1].image[:118, :158].any(), "the privacy polygon is black"
    steps = [(b.time - a.time) / (b.index - a.index) for a, b in pairwise(frames)]
    # the stream's own spacing, not the arrivals': 15 frames a second
    assert all(abs(step - timedelta(seconds=1 / 15)) < timedelta(seconds=0.03) for step in steps)
    assert timedelta(seconds=-0.1) < around.now().wall - frames[-1].time < timedelta(seconds=2)


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_password_with_every_awkward_character(
    around: Surroundings, tmp_path: Path, method: str
) -> None:
    with RtspServer(user="viewer", password=SECRET, method=method) as guarded:
        settings = rtsp(guarded.url, username="viewer", password=secret_file(tmp_path))
        assert probe(settings, around).size == (320, 240)


def test_a_wrong_password_is_named(around: Surroundings, tmp_path: Path) -> None:
    with RtspServer(user="viewer", password="other") as guarded:
        settings = rtsp(guarded.url, username="viewer", password=secret_file(tmp_path))
        with pytest.raises(CameraError, match="refuses this username or password") as caught:
            probe(settings, around)
    assert caught.value.code == "cannot_open"


LOUD = {"OPENCV_LOG_LEVEL": "VERBOSE", "OPENCV_VIDEOIO_DEBUG": "1", "OPENCV_FFMPEG_DEBUG": "1"}
PROBE = """
import random, sys
from pathlib import Path
from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
settings = CameraSettings.model_validate_json(sys.argv[1])
try:
    probe(settings, Surroundings(Clock().now, random.random, Path(sys.argv[2])))
except CameraError as error:
    print(error, settings)
"""


def test_the_decoder_shows_no_password_even_when_told_to_be_loud(tmp_path: Path) -> None:
    with RtspServer(user="viewer", password="other") as guarded:
        settings = rtsp(guarded.url, username="viewer", password=secret_file(tmp_path))
        command = [sys.executable, "-c", PROBE, settings.model_dump_json(), str(tmp_path)]
        ran = subprocess.run(
            command, env={**os.environ, **LOUD}, capture_output=True, text=True, check=True
        )
    said = ran.stdout + ran.stderr
    assert "refuses this username or password" in said
    for secret in (SECRET, ENCODED, "p@ss", "p%40ss"):
        assert secret not in said


def test_what_is_wrong_is_said(server: RtspServer, around: Surroundings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(CameraError, match=r"127.0.0.1:\d+ does not answer within 2 s"):
            probe(rtsp(f"rtsp://127.0.0.1:{port}/ch1"), around)
    with pytest.raises(CameraError, match="cannot be reached: Connection refused"):
        probe(rtsp(f"rtsp://127.0.0.1:{port}/ch1"), around)
    with pytest.raises(CameraError, match="no such stream"):
        probe(rtsp(server.url.replace("ch1", "ch9")), around)
    with (
        RtspServer(user="viewer", password="x") as guarded,
        pytest.raises(CameraError, match="wants a username"),
    ):
        probe(rtsp(guarded.url), around)


def test_it_comes_back_after_a_power_cut(around: Surroundings) -> None:
    with RtspServer() as first:
        live = camera(rtsp(first.url), around)
        live.open()
        wait_for(live, "ok")
        before = live.read(5)
        first.kill()
        wait_for(live, "fault")
        assert live.health().code in {"no_frames", "cannot_open"}
        with RtspServer(port=first.port):
            wait_for(live, "ok", 30)
            after = live.read(5)
        live.close()
    assert before is not None
    assert after is not None
    assert after.time > before.time
    assert after.index > before.index
