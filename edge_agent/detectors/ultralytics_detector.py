"""YOLO by ultralytics: TensorRT engines on a Jetson, ONNX and PyTorch files elsewhere.

Only its backends are used, on pictures that we prepare and outputs that we read, so that a model
gives the same whatever runs it. One thread works: none of these runtimes takes two frames at once.
"""

import importlib
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.finding import Found, find
from edge_agent.detectors.letterbox import Fit, letterbox
from edge_agent.detectors.runtime import ModelError, first_line
from edge_agent.detectors.settings import UltralyticsSettings
from edge_agent.detectors.yolo import Head
from edge_agent.types import Detections, Frame, Image
from linli_models import cache_folder, quiet

KINDS = (".engine", ".onnx", ".pt")
SUBMIT_S = 10.0
"""A device that takes no frame for so long hangs."""
CLOSE_S = 5.0
"""Longest wait for what is under way."""
Infer = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(1, 3, height, width) RGB 0-1 → (1, 4 + classes, N)"""
_Flight = tuple[Image, Fit, "Future[Detections]"]


class UltralyticsDetector:
    """See :class:`edge_agent.detectors.Detector`.

    Args:
        infer: the model.
        size: (width, height) of its input.
    """

    requests = 2
    """One that the device works on, one that waits for it."""

    def __init__(self, infer: Infer, head: Head, size: tuple[int, int]) -> None:
        self.labels = tuple(dict.fromkeys(head.names))
        self._infer = infer
        self._head = head
        self._size = size
        self._flights: queue.Queue[_Flight | None] = queue.Queue(maxsize=self.requests)
        self._gate = threading.Lock()
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="detector", daemon=True)
        self._worker.start()

    def submit(self, frame: Frame) -> "Future[Detections]":
        """See :class:`edge_agent.detectors.Detector`."""
        picture, fit = letterbox(frame.image, *self._size)
        future: Future[Detections] = Future()
        with self._gate:
            if self._closed:
                raise ModelError("detector: it is closed")
            try:
                self._flights.put((picture, fit, future), timeout=SUBMIT_S)
            except queue.Full:
                raise ModelError(
                    f"model: no answer within {SUBMIT_S:g} s: the device hangs"
                ) from None
        return future

    def _work(self) -> None:
        while (flight := self._flights.get()) is not None:
            picture, fit, future = flight
            try:
                found = self._head.decode(self._infer(_tensor(picture)), fit)
            except Exception as error:  # noqa: BLE001 - whatever the device raised belongs to the frame's owner
                future.set_exception(ModelError(f"model: inference failed: {first_line(error)}"))
                continue
            future.set_result(found)

    def close(self) -> None:
        """See :class:`edge_agent.detectors.Detector`."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        try:
            self._flights.put(None, timeout=CLOSE_S)
        except queue.Full:  # it hangs, and its thread is left behind
            return
        self._worker.join(CLOSE_S)


def open_ultralytics(settings: UltralyticsSettings, env: Mapping[str, str]) -> UltralyticsDetector:
    """Find, load and try the model of ``settings``.

    Raises:
        ModelError: it is not here, is not what the catalogue says, or does not run.
    """
    found = find(settings, env, KINDS)
    if not found.path.is_file():
        raise ModelError(f"model: expected a file, found nothing at {found.path}")
    folder = (settings.cache or cache_folder(env) / "compiled") / "ultralytics"
    try:
        infer, size = _load(found, settings.device, folder)
        grey = np.full((size[1], size[0], 3), 114, np.uint8)
        output = infer(_tensor(grey))
    except ImportError as error:
        raise ModelError(f"ultralytics: {error} (pip install 'linli[models]')") from None
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"model: it does not run: {first_line(error)}") from error
    found.head.check(output.shape)
    if not np.isfinite(output).all():
        raise ModelError("model: expected finite numbers of a grey picture, found others")
    return UltralyticsDetector(infer, found.head, size)


def _load(found: Found, device: str, folder: Path) -> tuple[Infer, tuple[int, int]]:
    """The model's function and its input size, (width, height)."""
    quiet.ultralytics(folder)
    torch = importlib.import_module("torch")
    backends = importlib.import_module("ultralytics.nn.autobackend")
    if device == "GPU" and not torch.cuda.is_available():
        raise ModelError("device: this machine has no GPU that torch can use")
    where = torch.device("cuda:0" if device == "GPU" else "cpu")
    # an OpenVINO model is the folder that holds it
    path = found.path.parent if found.path.suffix == ".xml" else found.path
    backend = backends.AutoBackend(str(path), device=where, verbose=False)

    def infer(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output = backend(torch.from_numpy(picture).to(where))
        first = output[0] if isinstance(output, list | tuple) else output
        return np.asarray(first.float().cpu().numpy(), np.float32)

    return infer, _size(backend, found.size)


def _size(backend: Any, usual: tuple[int, int]) -> tuple[int, int]:
    """(width, height) that an exported model was made for; ``usual`` where it does not say."""
    said = getattr(backend.backend, "imgsz", None)
    if isinstance(said, list | tuple) and len(said) == 2:
        return int(said[1]), int(said[0])
    return usual


def _tensor(picture: Image) -> NDArray[np.float32]:
    """BGR 0-255 (height, width, 3) → RGB 0-1 (1, 3, height, width)."""
    planes = picture[..., ::-1].transpose(2, 0, 1)[np.newaxis]
    return np.ascontiguousarray(planes, np.float32) / np.float32(255)
