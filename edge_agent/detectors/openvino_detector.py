"""YOLO on OpenVINO: asynchronous requests, preprocessing compiled into the model."""

import queue
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np

from edge_agent.detectors import runtime
from edge_agent.detectors.finding import find
from edge_agent.detectors.letterbox import Fit, letterbox
from edge_agent.detectors.runtime import ModelError
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.detectors.yolo import Head
from edge_agent.types import Detections, Frame
from linli_models import cache_folder

KINDS = (".xml", ".onnx")
SUBMIT_S = 10.0
"""A device on which no request comes free for so long hangs."""
CLOSE_S = 5.0
"""Longest wait for what is under way; a device that hangs never finishes it."""
_Flight = tuple[Any, Fit, "Future[Detections]"]


class OpenVinoDetector:
    """A pool of infer requests; a thread collects what they finish, in order."""

    def __init__(self, compiled: Any, head: Head) -> None:
        self.labels = tuple(dict.fromkeys(head.names))
        self._head = head
        _, height, width, _ = compiled.input(0).shape
        self._size = int(width), int(height)
        # one more than the device works on, so that it never waits for the next frame
        count = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")) + 1
        self.requests = count
        self._idle: queue.Queue[Any] = queue.Queue(maxsize=count)
        for _ in range(count):
            self._idle.put(compiled.create_infer_request())
        self._flights: queue.Queue[_Flight | None] = queue.Queue(maxsize=count + 1)
        self._gate = threading.Lock()
        self._closed = False
        self._collector = threading.Thread(target=self._collect, name="detector", daemon=True)
        self._collector.start()

    def submit(self, frame: Frame) -> "Future[Detections]":
        """See :class:`edge_agent.detectors.Detector`."""
        picture, fit = letterbox(frame.image, *self._size)
        request = self._free_request()
        future: Future[Detections] = Future()
        with self._gate:
            if self._closed:
                self._idle.put(request)
                raise ModelError("detector: it is closed")
            try:
                request.set_input_tensor(runtime.openvino().Tensor(picture[np.newaxis]))
                request.start_async()
            except RuntimeError as error:
                self._idle.put(request)
                raise ModelError(f"model: {runtime.first_line(error)}") from None
            self._flights.put((request, fit, future))
        return future

    def _free_request(self) -> Any:
        try:
            return self._idle.get(timeout=SUBMIT_S)
        except queue.Empty:
            raise ModelError(f"model: no answer within {SUBMIT_S:g} s: the device hangs") from None

    def _collect(self) -> None:
        while (flight := self._flights.get()) is not None:
            request, fit, future = flight
            try:
                request.wait()
                found = self._head.decode(request.get_output_tensor(0).data, fit)
            except Exception as error:  # noqa: BLE001 - whatever the device raised belongs to the frame's owner
                failure = ModelError(f"model: inference failed: {runtime.first_line(error)}")
                self._idle.put(request)
                future.set_exception(failure)
                continue
            self._idle.put(request)
            future.set_result(found)

    def close(self) -> None:
        """See :class:`edge_agent.detectors.Detector`."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._flights.put(None)
        self._collector.join(CLOSE_S)


def open_openvino(settings: OpenVinoSettings, env: Mapping[str, str]) -> OpenVinoDetector:
    """Find, load, compile and try the model of ``settings``.

    Raises:
        ModelError: it is not here, is not what the catalogue says, or does not run.
    """
    found = find(settings, env, KINDS)
    cache = settings.cache or cache_folder(env) / "compiled"
    model = _with_preprocessing(_still(runtime.read(found.path), found.size))
    compiled = runtime.compiled(model, settings.device, settings.hint, cache)
    found.head.check(tuple(compiled.output(0).shape))
    _try_once(compiled)
    return OpenVinoDetector(compiled, found.head)


def _still(model: Any, size: tuple[int, int]) -> Any:
    """``model`` with a fixed input of ``size`` (width, height) where it left it open."""
    if len(model.inputs) != 1:
        raise ModelError(f"model: expected one input, found {len(model.inputs)}")
    if model.input(0).partial_shape.is_dynamic:
        model.reshape([1, 3, size[1], size[0]])
    return model


def _with_preprocessing(model: Any) -> Any:
    """``model`` behind an input of 8-bit BGR pictures (1, height, width, 3).

    Raises:
        ModelError: its input is no picture.
    """
    ov = runtime.openvino()
    shape = tuple(model.input(0).shape)
    if len(shape) != 4 or shape[:2] != (1, 3):
        raise ModelError(f"model: expected an input of shape (1, 3, height, width), found {shape}")
    steps = ov.preprocess.PrePostProcessor(model)
    tensor = steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    tensor.set_color_format(ov.preprocess.ColorFormat.BGR)
    chain = steps.input().preprocess().convert_element_type(ov.Type.f32)
    chain.convert_color(ov.preprocess.ColorFormat.RGB).scale(255.0)
    steps.input().model().set_layout(ov.Layout("NCHW"))
    steps.output(0).tensor().set_element_type(ov.Type.f32)
    return steps.build()


def _try_once(compiled: Any) -> None:
    """One picture through: a model that cannot run is known at the start."""
    grey = np.full(tuple(compiled.input(0).shape), 114, np.uint8)
    try:
        output = compiled.create_infer_request().infer([grey])[compiled.output(0)]
    except RuntimeError as error:
        raise ModelError(f"model: it does not run: {runtime.first_line(error)}") from None
    if not np.isfinite(output).all():
        raise ModelError("model: expected finite numbers of a grey picture, found others")
