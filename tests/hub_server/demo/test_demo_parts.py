"""The demo's processes: started in order, noticed when they die, stopped in reverse."""

import sys
import time
from pathlib import Path

import pytest

from hub_server.demo.errors import DemoError
from hub_server.demo.parts import Part, Parts

SAY = """
import signal, sys, time
def end(*_):
    open(sys.argv[1], "a").write(sys.argv[2] + "\\n"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + "." + sys.argv[2], "w").close()
time.sleep(60)
"""


def make(folder: Path, name: str) -> Part:
    said = folder / "said"
    command = [sys.executable, "-c", SAY, str(said), name]
    ready = folder / f"said.{name}"
    return Part(name, command, "here", folder / f"{name}.log", ready.exists)


def test_parts_stop_in_reverse_order(tmp_path: Path) -> None:
    parts = Parts({})
    for name in ("broker", "hub", "agent"):
        parts.start(make(tmp_path, name))
    parts.stop_all()
    assert (tmp_path / "said").read_text().split() == ["agent", "hub", "broker"]


def test_a_part_that_does_not_stop_is_killed_in_time(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    parts = Parts({})
    part = Part("deaf", [sys.executable, "-c", deaf], "here", tmp_path / "deaf.log")
    parts.start(part)
    time.sleep(0.5)
    parts.stop_all(limit_s=0.5)
    assert part.process is not None
    assert part.process.poll() is not None


def test_a_part_that_ends_at_once_is_named_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; print('no such broker'); sys.exit(3)"]
    part = Part("hub", command, "here", tmp_path / "hub.log", ready=lambda: False)
    with pytest.raises(DemoError, match=r"hub ended with exit code 3:\n\s+no such broker"):
        Parts({}).start(part)


def test_a_part_that_never_gets_ready_is_named(tmp_path: Path) -> None:
    parts = Parts({})
    command = [sys.executable, "-c", "import time; time.sleep(30)"]
    part = Part("hub", command, "here", tmp_path / "hub.log", ready=lambda: False)
    with pytest.raises(DemoError, match=r"hub was not ready in 0\.3 s"):
        parts.start(part, limit_s=0.3)
    parts.stop_all()
