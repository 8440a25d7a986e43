"""A video file played as if it were a camera."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.cameras.base import CANNOT_OPEN, CameraError
from edge_agent.cameras.decoder import REFUSALS, Address, Picture, Video
from edge_agent.cameras.settings import FileSource
from edge_agent.cameras.stream import Captured, Decoding, Opener, Rest
from edge_agent.clock import Moment
from edge_agent.types import Image

LAG_S = 1.0
"""A machine that decodes this far behind plays slower from there on, and the times say so."""
_MAX_FPS = 240


def file_opener(
    source: FileSource, base: Path, now: Callable[[], Moment], rest: Rest | None = None
) -> Opener:
    """Opens ``source``; a relative path counts from ``base``."""

    def open_(stop: threading.Event) -> FileStream:
        return FileStream(base / source.path, source, now, stop, rest)

    return open_


class FileStream:
    """Frames of a file; a frame's time is the start of play plus its position.

    Raises:
        CameraError: ``cannot_open``: no such file, no video, or no frame rate in it.
    """

    def __init__(
        self,
        path: Path,
        source: FileSource,
        now: Callable[[], Moment],
        stop: threading.Event,
        rest: Rest | None = None,
    ) -> None:
        self._path = path
        self._source = source
        self._rest = rest
        self._video = _open(path, source.hwaccel)
        self._clock = FileClock(self._video.fps, now, stop if source.realtime else None)
        self._pictures = self._play()

    def read(self) -> Captured | None:
        captured = self._next()
        if captured is None and self._source.loop:
            self._rewind()
            captured = self._next()
        if captured is not None:
            self._clock.wait_until(captured.mono)
        return captured

    def close(self) -> None:
        self._video.close()

    def _play(self) -> Iterator[Captured]:
        return Decoding(self._video, self._clock, self._rest).pictures()

    def _next(self) -> Captured | None:
        try:
            return next(self._pictures, None)
        except REFUSALS as error:
            raise CameraError(CANNOT_OPEN, f"{self._path} is damaged") from error

    def _rewind(self) -> None:
        self._video.close()
        self._video = _open(self._path, self._source.hwaccel)
        self._clock.begin_again()
        self._pictures = self._play()


class FileClock:
    """Positions by the file's time stamps; where it has none, one frame on.

    Args:
        stop: wakes who waits for a frame's time; None: as fast as it goes.
    """

    def __init__(self, fps: float, now: Callable[[], Moment], stop: threading.Event | None) -> None:
        self._fps = fps
        self._now = now
        self._stop = stop
        self._began = now().mono
        self._round_began = 0.0
        self._position = -1 / fps

    def arrived(self, position: float | None) -> float:
        at = self._position if position is None else self._round_began + position
        place = max(0.0, at)
        self.wait_until(self._began + place)
        return self._began + place

    def capture(self, position: float | None, arrived: float) -> float:
        frame = 1 / self._fps
        stamp = self._position + frame if position is None else self._round_began + position
        self._position = max(self._position, stamp)
        return self._began + stamp

    def begin_again(self) -> None:
        """The file starts over, one frame after its last."""
        self._round_began = self._position + 1 / self._fps

    def wait_until(self, mono: float) -> None:
        """Wait for the time of a frame, where the file is played at its own speed."""
        if self._stop is None:
            return
        ahead = mono - self._now().mono
        if ahead > 0:
            self._stop.wait(ahead)
        elif ahead < -LAG_S:
            self._began -= ahead


def _open(path: Path, hwaccel: str = "none") -> Video:
    if not path.is_file():
        raise CameraError(CANNOT_OPEN, f"there is no file {path}")
    try:
        video = Video(Address(str(path), hwaccel=hwaccel))
    except REFUSALS:
        raise CameraError(CANNOT_OPEN, f"{path} is no video that can be decoded") from None
    if not 0 < video.fps <= _MAX_FPS:
        video.close()
        raise CameraError(CANNOT_OPEN, f"{path} has no usable frame rate ({video.fps:g} fps)")
    return video


class Recording:
    """A video file frame by frame, for who needs no camera: ``grab`` steps, ``retrieve``
    converts.

    Raises:
        CameraError: ``cannot_open``: no such file, no video, or no frame rate in it.
    """

    def __init__(self, path: Path) -> None:
        self._video = _open(path)
        self.fps = self._video.fps
        self.size = self._video.size
        self._frames = self._decoded()
        self._now: Picture | None = None

    def _decoded(self) -> Iterator[Picture | None]:
        for packet in self._video.packets():
            try:
                yield from self._video.decode(packet if packet.size else None)
            except EOFError:
                return
            except REFUSALS:
                yield None

    def grab(self) -> bool:
        """Step to the next frame; False at the end."""
        try:
            self._now = next(self._frames)
        except StopIteration:
            return False
        return True

    def retrieve(self) -> Image | None:
        """The frame as BGR (height, width, 3); None if it cannot be decoded."""
        return None if self._now is None else self._now.bgr()

    def release(self) -> None:
        self._video.close()


def open_video(path: Path) -> tuple[Recording, float]:
    """The reader and the frames per second of the video ``path``.

    Raises:
        CameraError: as :class:`Recording`.
    """
    recording = Recording(path)
    return recording, recording.fps
