"""The detector stage against OpenVINO's own throughput on the same model."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.types import Frame
from linli_models import cache_folder, locate
from tests.bench.conftest import Record

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
FEEDS, SECONDS = 4, 10.0
SIZE = (640, 480)


@pytest.fixture
def env(shared: Path) -> dict[str, str]:
    return {"LINLI_MODELS": str(shared / "models"), "HOME": str(Path.home())}


def frames() -> list[Frame]:
    """Noise, so that nothing is found and only the stage itself is measured."""
    noise = np.random.default_rng(7)
    shape = (SIZE[1], SIZE[0], 3)
    now = datetime.now(UTC)
    return [Frame(f"c{n}", noise.integers(0, 255, shape, np.uint8), now, n) for n in range(FEEDS)]


def rate(look: Callable[[threading.Event, list[int]], None]) -> float:
    """Inferences a second of ``look`` over ``SECONDS``, after a warm-up."""
    counts, stop = [0], threading.Event()
    thread = threading.Thread(target=look, args=(stop, counts))
    thread.start()
    time.sleep(2)
    before, began = counts[0], time.perf_counter()
    time.sleep(SECONDS)
    done = counts[0] - before
    elapsed = time.perf_counter() - began
    stop.set()
    thread.join()
    return done / elapsed


def four_feeds(detector: Detector) -> Callable[[threading.Event, list[int]], None]:
    """Four cameras with one frame in flight each, as the flow has them."""
    pictures = frames()

    def feed(frame: Frame, stop: threading.Event, counts: list[int]) -> None:
        while not stop.is_set():
            detector.submit(frame).result()
            counts[0] += 1

    def look(stop: threading.Event, counts: list[int]) -> None:
        feeds = [threading.Thread(target=feed, args=(f, stop, counts)) for f in pictures]
        for thread in feeds:
            thread.start()
        for thread in feeds:
            thread.join()

    return look


def own_throughput(model: Path) -> float:
    """What OpenVINO's benchmark_app says of the model with its throughput hint, telemetry off."""
    program = (
        "import sys; sys.modules['openvino_telemetry'] = None;"
        "from openvino.tools.benchmark.main import main; sys.exit(main())"
    )
    options = ["-m", str(model), "-d", "CPU", "-hint", "throughput", "-t", f"{SECONDS:g}"]
    done = subprocess.run(
        [sys.executable, "-c", program, *options], capture_output=True, text=True, check=False
    )
    found = re.search(r"Throughput:\s+([\d.]+) FPS", done.stdout)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return float(found[1])


def batch_one(detector: Detector) -> Callable[[threading.Event, list[int]], None]:
    """A synchronous loop over the feeds."""
    pictures = frames()

    def look(stop: threading.Event, counts: list[int]) -> None:
        while not stop.is_set():
            for frame in pictures:
                detector.submit(frame).result()
                counts[0] += 1

    return look


def test_detector_stage_on_four_feeds(env: dict[str, str], record: Record) -> None:
    model = locate("yolo11n", cache_folder(env), env).path
    reference = own_throughput(model)
    fast = open_detector(
        OpenVinoSettings(type="openvino", name="m", model="yolo11n", hint="throughput"), env
    )
    ours = rate(four_feeds(fast))
    fast.close()
    slow = open_detector(
        OpenVinoSettings(type="openvino", name="m", model="yolo11n", hint="latency"), env
    )
    synchronous = rate(batch_one(slow))
    slow.close()
    record("detector-stage", ours=ours, reference=reference, goal=">= 0.92", unit="frames/s")
    record("detector-stage-vs-loop", ours=ours, reference=synchronous, goal=">= 1", unit="frames/s")
