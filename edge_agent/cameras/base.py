"""What every camera is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edge_agent.clock import Moment
from edge_agent.types import Frame

CANNOT_OPEN = "cannot_open"
NO_FRAMES = "no_frames"
PRIVACY_FAILED = "privacy_failed"
ENDED = "ended"
DECODER_UNAVAILABLE = "decoder_unavailable"
PICTURE_FROZEN = "picture_frozen"
PICTURE_BLACK = "picture_black"
PICTURE_COVERED = "picture_covered"
PICTURE_MOVED = "picture_moved"


class CameraError(Exception):
    """A camera that gives no picture; ``code`` for programs, the text for people.

    Args:
        seldom: asking again soon would not help, or would harm: cameras lock an account after a
            few wrong passwords.
    """

    def __init__(self, code: str, text: str, seldom: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.seldom = seldom


@dataclass(frozen=True)
class CameraCounters:
    """How a camera is."""

    state: str
    """starting, ok or fault"""
    code: str = ""
    """of the fault: one of the names in capitals above"""
    text: str = ""
    """the fault for people; holds no credentials"""
    frames: int = 0
    """decoded since start"""
    fps: float = 0.0
    """came in per second, over the last 5 s"""
    fps_decoded: float = 0.0
    """of those, gave a picture"""
    frame_age_s: float | None = None
    """since the newest frame arrived; None before the first"""
    drops: dict[str, int] = field(default_factory=dict)
    """by cause: newest_wins, decode_error, privacy_failed, replay (passed over when the decoder
    catches up after a rest)"""
    unchanged: int = 0
    """keyframes that showed nothing new while the camera rested"""
    patience_s: float = 0.0
    """a pause between frames up to this long is the source's own way"""
    busy_since: float | None = None
    """Monotonic time at which the decoder entered the library call it is in (open or read); None
    between two calls."""
    ended: bool = False
    """The source is at its end: no frame will come any more."""


class Camera(Protocol):
    """A stream that keeps only its newest frame; privacy polygons are painted in every frame."""

    def open(self) -> None:
        """Begin to decode, in a thread of its own. A camera that cannot open says so in
        ``health`` and is tried again."""

    def read(self, timeout: float) -> Frame | None:
        """The newest frame that was not read yet; waits at most ``timeout`` seconds for one."""

    def health(self) -> CameraCounters: ...

    def close(self) -> None:
        """End the thread; ``read`` gives None from now on."""


@dataclass(frozen=True)
class Surroundings:
    """What a camera needs from outside."""

    now: Callable[[], Moment]
    """``edge_agent.clock.Clock().now``"""
    random: Callable[[], float]
    """numbers 0-1, for the jitter of reconnects"""
    base: Path = Path()
    """folder from which relative paths and secrets' files count"""
