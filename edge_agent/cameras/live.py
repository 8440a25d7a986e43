"""A live stream: RTSP, a camera's device node, the output of a program."""

from collections.abc import Callable

from edge_agent.cameras.base import CANNOT_OPEN, NO_FRAMES, CameraError
from edge_agent.cameras.decoder import REFUSALS, Address, Video
from edge_agent.cameras.stream import Captured, Decoding, Rest
from edge_agent.cameras.timeline import Timeline
from edge_agent.clock import Moment

SETTLED_S = 0.3
"""The rush is over when packets have come in step with the clock for so long,"""
STEADY_S = 0.01
"""give or take this,"""
RUSH_S = 3.0
"""and at the latest so long after the first."""
LOOK_S = 0.5
"""FFmpeg looks at so much of a stream before it says what is in it (its default: 5 s)."""
LIVE = {"analyzeduration": str(int(LOOK_S * 1e6)), "fpsprobesize": "0"}
"""FFmpeg's options for every live stream."""


class LiveClock:
    """Capture times of a live stream: its own positions anchored to the arrival clock.

    Args:
        stamped: the positions are the camera's own; else a frame's time is its arrival.
        silence: seconds without a packet that end the stream.
    """

    def __init__(
        self, now: Callable[[], Moment], stamped: bool = True, silence: float = float("inf")
    ) -> None:
        self._now = now
        self._silence = silence
        self._stamped = stamped
        self._timeline = Timeline()
        self._earliest = float("inf")
        self._first: float | None = None
        self._since = 0.0
        self._newest: float | None = None
        self.in_step = False
        """What the decoder gathered while it looked at the stream comes in one rush, and how old
        each frame is shows only when the rush is over. A frame before that has no sure time."""

    def arrived(self, position: float | None) -> float:
        """Raises TimeoutError: it came too late. FFmpeg gives what is left of a broken frame when
        its time is up, and then would wait for as long again."""
        now = self._now()
        if self._newest is not None and now.mono - self._newest >= self._silence:
            raise TimeoutError
        if self._stamped and position is not None:
            self._timeline.at(position, now)
            self._watch_rush(now.mono, now.mono - position)
        else:  # no positions to compare with: what had to be waited for is new
            self.in_step |= self._newest is not None and now.mono - self._newest >= STEADY_S
        self._newest = now.mono
        return now.mono

    def capture(self, position: float | None, arrived: float) -> float:
        if not self._stamped or position is None:
            return arrived
        return self._timeline.place(position, arrived)

    def _watch_rush(self, mono: float, offset: float) -> None:
        if self.in_step:
            return
        self._first = mono if self._first is None else self._first
        if offset < self._earliest - STEADY_S:
            self._earliest, self._since = offset, mono
        self.in_step = mono - self._since >= SETTLED_S or mono - self._first >= RUSH_S


class LiveStream:
    """Frames of an open live stream.

    Args:
        address: what FFmpeg opens; its timeout is the longest silence.
        name: of the stream in messages; holds no credentials.
        stamped: whether its time stamps are the camera's own.
        why: asked when it does not open; the reason for people.

    Raises:
        CameraError: ``cannot_open`` or ``decoder_unavailable``.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        now: Callable[[], Moment],
        rest: Rest | None = None,
        stamped: bool = True,
        why: Callable[[], CameraError] | None = None,
    ) -> None:
        self._name = name
        self._silence = address.timeout or float("inf")
        try:
            self._video = Video(address)
        except REFUSALS as error:
            unknown = f"{name}: it gives no video that can be decoded"
            raise (why() if why else CameraError(CANNOT_OPEN, unknown)) from error
        clock = LiveClock(now, stamped, self._silence)
        decoding = Decoding(self._video, clock, rest, ready=lambda: clock.in_step)
        self._pictures = decoding.pictures()

    def read(self) -> Captured | None:
        try:
            captured = next(self._pictures, None)
        except (*REFUSALS, TimeoutError):
            captured = None
        if captured is None:
            what = f"the stream broke off or gave nothing for {self._silence:g} s"
            raise CameraError(NO_FRAMES, f"{self._name}: {what}")
        return captured

    def close(self) -> None:
        self._video.close()
