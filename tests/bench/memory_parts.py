"""Run by the memory bench in a process of its own: what each part of the agent adds to it.

Prints one JSON list: [name, resident megabytes after it].
"""

import gc
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

_MB = 1_000_000


def _resident() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / _MB)


def main(clip: str, folder: str) -> None:
    rows: list[tuple[str, float]] = [("python", _resident())]

    def mark(name: str) -> None:
        rows.append((name, _resident()))

    import cv2

    mark("numpy and OpenCV")
    from edge_agent.detectors import open_detector
    from edge_agent.detectors.settings import OpenVinoSettings
    from edge_agent.types import Frame

    capture = cv2.VideoCapture(clip)
    images = [capture.read()[1] for _ in range(20)]
    mark("20 frames of the clip, settings classes")
    detector = open_detector(OpenVinoSettings(type="openvino", name="main", model="yolo11n"))
    began = datetime.now(UTC)
    frames = [
        Frame("gate", image, began + timedelta(seconds=0.1 * index), index)
        for index, image in enumerate(images)
    ]
    seen = [detector.submit(frame).result() for frame in frames]
    mark("OpenVINO and the model")
    from edge_agent.tracking import byte_tracker

    tracker = byte_tracker()
    for frame, found in zip(frames, seen, strict=True):
        tracker.update(found, frame.time)
    mark("tracker")
    from edge_agent.evidence import open_door

    door = open_door({"gate": ()}, Path(folder))
    for frame, found in zip(frames, seen, strict=True):
        door.evidence(frame, found)
    mark("face model, blur and evidence")
    import edge_agent.app  # noqa: F401 - for its memory

    mark("outbox, publisher, twin, health")
    from edge_agent.cameras import Surroundings, camera
    from edge_agent.cameras.settings import CameraSettings
    from edge_agent.clock import Clock

    source = {"type": "file", "path": clip}
    settings = CameraSettings(name="gate", source=source, detector="main")
    opened = camera(settings, Surroundings(Clock().now, random.random))
    opened.open()
    for _ in range(20):
        opened.read(1.0)
    mark("camera")
    opened.close()
    detector.close()
    print(json.dumps(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
