"""RTSP against a real server: the ball of GStreamer's test picture."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge_agent.cameras import Camera, CameraError, Surroundings, camera, probe
from edge_agent.cameras.rtsp import rtsp_opener
from edge_agent.cameras.settings import CameraSettings, RtspSource
from edge_agent.clock import Clock
from edge_agent.types import Frame, Grey
from linli_settings.secrets import resolve
from tests.edge_agent.agent_kit import AGENT, base_settings, write_configuration
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


SECRETS = (SECRET, ENCODED, "p@ss", "p%40ss")
LOUD = {"OPENCV_LOG_LEVEL": "VERBOSE", "OPENCV_VIDEOIO_DEBUG": "1", "OPENCV_FFMPEG_DEBUG": "1"}
PROBE = """
import logging, random, sys
from pathlib import Path
import av.logging
from edge_agent.cameras.decoder_log import capture_decoder_log
from linli_settings.logs import set_up_logs
set_up_logs("debug")
capture_decoder_log()
av.logging.set_level(av.logging.TRACE)
logging.getLogger("libav").setLevel(1)
logging.getLogger("libav").handlers[0].setLevel(1)
from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.cameras.rtsp import rtsp_opener
from edge_agent.cameras.settings import CameraSettings, RtspSource
from edge_agent.clock import Clock
from edge_agent.types import Frame, Grey
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
    assert '"part": "rtsp"' in said, "the decoder was heard"
    for secret in SECRETS:
        assert secret not in said


def test_a_password_shows_nowhere_in_check_and_doctor(tmp_path: Path) -> None:
    """In the error of the decoder, in the one question to the camera, in our own words."""
    with RtspServer(user="viewer", password="other") as guarded:
        source = {
            "type": "rtsp",
            "url": guarded.url,
            "username": "viewer",
            "password": secret_file(tmp_path),
        }
        camera_ = {"name": "gate", "source": source, "evidence_source": source, "detector": "main"}
        detector = {"name": "main", "type": "openvino", "model": "yolo11n"}
        file = write_configuration(
            tmp_path, {**base_settings(9), "cameras": [camera_], "detectors": [detector]}
        )
        said = ""
        for command in (
            ["check", "--open", "--lang", "en"],
            ["doctor", "--lang", "en"],
            ["doctor", "--lang", "zh"],
        ):
            ran = subprocess.run(
                [str(AGENT), *command, "--config", str(file)],
                env={**os.environ, "LINLI_CACHE": str(tmp_path / "cache")},
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 1, ran.stderr
            said += ran.stdout + ran.stderr
    assert said.count("refuses this username or password") == 4, "both streams, in English twice"
    assert said.count("摄像头拒绝了该用户名或密码") == 2
    for secret in SECRETS:
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


def test_h265(around: Surroundings) -> None:
    with RtspServer(codec="h265") as server:
        assert probe(rtsp(server.url), around).size == (320, 240)


BUSY_S = 2.0
"""What a busy test machine may add."""


def seconds_until(camera: Camera, state: str) -> float:
    began = time.monotonic()
    wait_for(camera, state, 30)
    return time.monotonic() - began


def test_a_dead_stream_is_said_and_a_returned_one_is_back_soon(around: Surroundings) -> None:
    with RtspServer() as server:
        settings = rtsp(server.url)
        assert settings.source.timeout == 2
        live = camera(settings.model_copy(update={"source": default_timeout(server.url)}), around)
        live.open()
        wait_for(live, "ok")
        server.kill()
        said = seconds_until(live, "fault")
        time.sleep(4)  # the back-off is at its longest
        code = live.health().code
        with RtspServer(port=server.port):
            back = seconds_until(live, "ok")
        live.close()
    assert code == "cannot_open"
    assert said <= 5 + BUSY_S
    assert back <= 3 + BUSY_S


def test_a_stream_that_hangs_is_said_and_is_back_soon(around: Surroundings) -> None:
    with RtspServer() as server:
        source = default_timeout(server.url)
        live = camera(rtsp(server.url).model_copy(update={"source": source}), around)
        live.open()
        wait_for(live, "ok")
        server.stall()
        said = seconds_until(live, "fault")
        code = live.health().code
        server.go_on()
        back = seconds_until(live, "ok")
        live.close()
    assert code == "no_frames"
    assert said <= 5 + BUSY_S
    assert back <= 3 + BUSY_S


def default_timeout(url: str) -> RtspSource:
    return RtspSource.model_validate({"type": "rtsp", "url": url})


def test_after_a_reconnect_times_are_anchored_anew(around: Surroundings) -> None:
    """The new stream's clock begins at 0 again; capture times go on."""
    with RtspServer() as first:
        live = camera(rtsp(first.url), around)
        live.open()
        before = live.read(10)
        first.kill()
        wait_for(live, "fault")
        with RtspServer(port=first.port):
            wait_for(live, "ok", 30)
            after = [frame for _ in range(10) if (frame := live.read(5))]
        live.close()
    assert before is not None
    now = around.now().wall
    assert all(before.time < frame.time < now for frame in after)
    assert now - after[-1].time < timedelta(seconds=3)


def test_a_refused_password_is_not_tried_again_and_again(
    around: Surroundings, tmp_path: Path
) -> None:
    """Cameras lock an account after a few wrong passwords."""
    with RtspServer(user="viewer", password="other") as guarded:
        settings = rtsp(guarded.url, username="viewer", password=secret_file(tmp_path))
        live = camera(settings, Surroundings(around.now, lambda: 1.0, around.base))
        with capture_logs() as logs:
            live.open()
            time.sleep(4)
            live.close()
    assert [log["event"] for log in logs].count("camera at fault") == 1


def test_hardware_that_is_not_there_is_refused_by_name(
    server: RtspServer, around: Surroundings
) -> None:
    for kind in ("vaapi", "v4l2m2m", "cuda"):
        with pytest.raises(CameraError, match=kind) as caught:
            probe(rtsp(server.url, hwaccel=kind), around)
        assert caught.value.code == "decoder_unavailable"


def test_a_thousand_connections_leave_nothing_behind(
    server: RtspServer, around: Surroundings
) -> None:
    """Nine of them here: one that leaked would show with each; the bench makes the thousand."""
    opener = rtsp_opener(default_timeout(server.url), Path(), around.now)

    def connect() -> None:
        stream = opener(threading.Event())
        assert stream.read() is not None
        stream.close()

    for _ in range(3):
        connect()
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(6):
        connect()
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


class ScriptedGate:
    """Rests until the third keyframe that it is shown."""

    def __init__(self) -> None:
        self.resting = True
        self.shown: list[datetime] = []

    def wakes(self, small: Grey, now: datetime) -> bool:
        assert not small[:58, :78].any(), "privacy polygons are painted before it is compared"
        self.shown.append(now)
        self.resting = len(self.shown) < 3
        return not self.resting


def test_a_camera_at_rest_shows_keyframes_only_then_what_it_kept(
    server: RtspServer, around: Surroundings
) -> None:
    gate = ScriptedGate()
    live = camera(rtsp(server.url), around, gate)
    live.open()
    frames: list[Frame] = []
    until = time.monotonic() + 30
    while gate.resting or len(frames) < 15 or frames[-1].time < gate.shown[-1]:
        assert time.monotonic() < until, (gate.shown, len(frames))
        if frame := live.read(0.2):
            frames.append(frame)
    health = live.health()
    live.close()
    assert health.unchanged == 2
    assert all(after.time > before.time for before, after in pairwise(frames))
    asleep, awake = gate.shown[0], gate.shown[2]
    kept = [frame.time for frame in frames if gate.shown[1] < frame.time < awake]
    assert not [frame for frame in frames if asleep < frame.time <= gate.shown[1]]
    # five a second of the group between the last two keyframes, which are a second apart
    assert 3 <= len(kept) <= 6
    assert max(b - a for a, b in pairwise([gate.shown[1], *kept, awake])) < timedelta(seconds=0.5)
