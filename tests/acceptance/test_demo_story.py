"""``hub-server demo --once``: the story of two incidents, with every part in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

LIMIT_S = 240
BALANCE = ("sent", "received", "stored", "duplicates", "dropped", "quarantined")


def demo(folder: Path, shared: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "hub-server"
    media = {"LINLI_MODELS": str(shared / "models"), "LINLI_MEDIA": str(shared / "media")}
    return subprocess.run(
        [
            program,
            "demo",
            "--once",
            "--dir",
            folder,
            "--summary",
            folder.parent / "s.json",
            *options,
        ],
        env=os.environ | media,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


def test_the_story_ends_with_both_cases_closed_at_the_county(tmp_path: Path, shared: Path) -> None:
    done = demo(tmp_path / "demo", shared)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((tmp_path / "s.json").read_text())
    assert [step["name"] for step in summary["steps"] if not step["ok"]] == []
    assert {f"{case}: close → county" for case in ("camera", "sensor")} <= {
        step["name"] for step in summary["steps"]
    }
    events = summary["events"]
    assert tuple(events) == BALANCE
    assert events["sent"] == events["stored"] > 0
    assert (events["dropped"], events["quarantined"]) == (0, 0)
    cases = json.loads((tmp_path / "demo" / "county" / "cases.json").read_text())
    closed = {case["case_id"]: case["state"] for case in cases}
    told = {row["county_case"]: row["state"] for row in summary["incidents"]}
    assert told == dict.fromkeys(told, "closed")
    assert len(told) == 2
    assert {number: closed[number] for number in told} == told


def test_a_clip_in_which_nobody_stays_is_refused_by_name(tmp_path: Path, shared: Path) -> None:
    clip = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for _ in range(30):
        writer.write(np.full((240, 320, 3), 90, np.uint8))
    writer.release()
    done = demo(tmp_path / "demo", shared, "--camera", str(clip))
    assert done.returncode == 1
    assert "empty.avi" in done.stdout
    summary = json.loads((tmp_path / "s.json").read_text())
    failed = [step for step in summary["steps"] if not step["ok"]]
    assert [step["name"] for step in failed] == ["recording looked through"]
    assert "the story cannot happen in it" in failed[0]["detail"]
