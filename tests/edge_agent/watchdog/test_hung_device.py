"""A device that takes a request and never finishes it: nobody waits for ever."""

from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edge_agent.clock import Clock
from edge_agent.detectors import ModelError, openvino_detector
from edge_agent.detectors.openvino_detector import OpenVinoDetector
from edge_agent.detectors.yolo import Head
from edge_agent.types import Frame

FRAME = Frame("gate", np.zeros((32, 32, 3), np.uint8), Clock().now().wall, 0)


class HangingRequest:
    """An infer request whose device stopped answering."""

    def __init__(self, over: Event) -> None:
        self._over = over

    def set_input_tensor(self, _: object) -> None: ...

    def start_async(self) -> None: ...

    def wait(self) -> None:
        self._over.wait()
        raise RuntimeError("the device is gone")


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenVinoDetector]:
    over = Event()
    compiled: Any = SimpleNamespace(
        input=lambda _: SimpleNamespace(shape=(1, 32, 32, 3)),
        get_property=lambda _: 1,
        create_infer_request=lambda: HangingRequest(over),
    )
    monkeypatch.setattr(openvino_detector, "SUBMIT_S", 0.1)
    monkeypatch.setattr(openvino_detector, "CLOSE_S", 0.1)
    yield OpenVinoDetector(compiled, Head.of({0: "person"}, 0.25))
    over.set()


def test_handing_in_a_frame_and_closing_wait_for_a_while_only(hanging: OpenVinoDetector) -> None:
    owed = [hanging.submit(FRAME) for _ in range(hanging.requests)]
    with pytest.raises(ModelError, match=r"no answer within 0\.1 s: the device hangs"):
        hanging.submit(FRAME)
    hanging.close()
    assert not any(future.done() for future in owed)
