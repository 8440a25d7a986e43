"""What ``edge-agent watch`` shows of a running agent, and what it says without one."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from rich.console import Console

from edge_agent.watch import SilentError, ask, duration, picture_of
from linli_contract.payloads import CameraHealth, Health, LaneHealth, Latency
from tests.edge_agent.agent_kit import AGENT, base_settings, running, write_configuration
from tests.support.mosquitto import Mosquitto, free_port

HEALTH = Health(
    version="0.1.0",
    uptime_s=97_445.0,
    state="fault",
    cameras=(
        CameraHealth(
            "gate",
            "ok",
            fps_in=25.0,
            fps_decoded=24.9,
            fps_inferred=4.8,
            frame_age_s=0.21,
            drops={"newest_wins": 812, "decode_error": 0},
            latency=Latency((0.05, 0.1, 0.5), (90, 9, 1, 0), 5.0),
            restarts={"decoder": 2},
        ),
        CameraHealth("yard", "fault", fault="no_frames"),
    ),
    lanes=(LaneHealth("events", 3, sent=2, dropped=7, oldest_s=61.0),),
    cpu_percent=41.3,
    temperature_c=62.4,
    disk_free_mb=12.0,
    faults=("disk_low: 12 MB",),
)


def shown(health: Health, lang: str, width: int = 150) -> str:
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(picture_of(health, lang))
    return captured.get()


def test_every_figure_is_shown() -> None:
    text = shown(HEALTH, "en")
    for figure in (
        "25.0 / 24.9 / 4.8",
        "0.2 s",
        "≤ 50 / ≤ 100 ms",
        "newest_wins 812",
        "decoder 2",
        "CPU 41%",
        "temperature 62 °C",
        "1 d 03:04:05",
        "00:01:01",
        "at fault",
    ):
        assert figure in text, figure
    assert "decode_error" not in text


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            [
                "little disk space is left (12 MB)",
                "yard: the camera gives no picture",
                "gate: newest_wins 812: a newer frame came",
            ],
        ),
        (
            "zh",
            [
                "磁盘空间不足 (12 MB)",
                "yard: 摄像头没有画面",
                "gate: newest_wins 812：新画面到达时",
                "待发队列",
                "异常",
                "事件",
            ],
        ),
    ],
)
def test_faults_are_said_with_cause_and_fix(lang: str, words: list[str]) -> None:
    text = shown(HEALTH, lang)
    for word in words:
        assert word in text, word


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_device_with_nothing_yet(lang: str) -> None:
    text = shown(Health(version="0.1.0", uptime_s=1.0, state="ok"), lang, width=80)
    assert "00:00:01" in text
    assert "✗" not in text


def test_durations() -> None:
    assert [duration(s) for s in (0.4, 59.6, 3600, 90_000)] == [
        "00:00:00",
        "00:01:00",
        "01:00:00",
        "1 d 01:00:00",
    ]


def call(file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(AGENT), "watch", "--config", str(file), "--once", *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"COLUMNS": "160"},
    )


def test_a_running_agent_is_shown(tmp_path: Path, broker: Mosquitto) -> None:
    settings = base_settings(broker.port) | {"metrics": {"port": free_port()}}
    file = write_configuration(tmp_path, settings)
    with running(file):
        until = time.monotonic() + 40
        while (done := call(file, "--lang", "en")).returncode and time.monotonic() < until:
            time.sleep(0.5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Linli edge agent" in done.stdout
    assert "life-safety" in done.stdout


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "does not run, or does not answer"), ("zh", "没有运行")]
)
def test_no_agent_is_said(tmp_path: Path, lang: str, said: str) -> None:
    port = free_port()
    file = write_configuration(tmp_path, base_settings(1) | {"metrics": {"port": port}})
    done = call(file, "--lang", lang)
    assert done.returncode == 1
    assert said in done.stdout
    assert f"127.0.0.1:{port}" in done.stdout


def test_without_a_port_the_fix_is_said(tmp_path: Path) -> None:
    done = call(write_configuration(tmp_path, base_settings(1)), "--lang", "en")
    assert done.returncode == 1
    assert "metrics: {port: 9464}" in done.stdout


def test_something_else_on_the_port_is_no_agent(broker: Mosquitto) -> None:
    with pytest.raises(SilentError):
        ask(broker.port)
