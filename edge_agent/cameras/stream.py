"""An open stream: packets in, pictures with their capture times out.

Frames are decoded one after the other, or, while the camera may rest, keyframes only. Packets
since the last keyframe are kept meanwhile, so that nothing is lost when the rest ends.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from edge_agent.cameras.decoder import REFUSALS, Picture, Video, VideoPacket
from edge_agent.cameras.groups import Group
from edge_agent.types import Grey, Image


class Picturing(Protocol):
    """A picture that is converted when somebody wants it."""

    @property
    def small(self) -> Grey: ...

    def bgr(self) -> Image: ...


@dataclass(frozen=True)
class Captured:
    """One step of a stream."""

    picture: Picturing | None
    """None: it could not be decoded, or nothing came yet"""
    mono: float
    """capture time in monotonic seconds"""
    replayed: bool = False
    """It waited undecoded while the camera rested."""
    unchanged: bool = False
    """It shows nothing new, and nobody need look at it."""
    pause: bool = False
    """No frame, and no fault: the source has none yet."""


class Stream(Protocol):
    """An open stream; used by one thread."""

    def read(self) -> Captured | None:
        """The next frame; None at the end.

        Raises:
            CameraError: the stream broke off.
        """

    def close(self) -> None: ...


Opener = Callable[[threading.Event], Stream]
"""Opens the stream; raises CameraError. The event says that it is to stop: whoever waits, waits
on it."""


class Rest(Protocol):
    """Says when keyframes are enough; see :class:`edge_agent.motion.MotionGate`."""

    @property
    def resting(self) -> bool: ...

    def stays(self, small: Grey, mono: float) -> bool:
        """Whether a keyframe captured at ``mono`` shows nothing new."""


class StreamClock(Protocol):
    """Capture times of one stream."""

    def arrived(self, position: float | None) -> float:
        """Take note of a packet at ``position`` (seconds in the stream, in decoding order); the
        monotonic time at which it is, or is to be, there."""

    def capture(self, position: float | None, arrived: float) -> float:
        """Capture time of a frame at ``position`` whose packet was there at ``arrived``."""


class Decoding:
    """Pictures of an open video, in order.

    Args:
        ready: the pictures before it are decoded but not given: they came in one rush, and how
            old they are is not known yet.
    """

    def __init__(
        self,
        video: Video,
        clock: StreamClock,
        rest: Rest | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._video = video
        self._clock = clock
        self._rest = rest
        self._ready = ready
        self._group = Group()
        self._asleep = False

    def pictures(self) -> Iterator[Captured]:
        """Ends with the stream. Raises REFUSALS and whatever the source's reader raises."""
        for packet in self._video.packets():
            arrived = self._clock.arrived(self._video.seconds(packet))
            if not packet.size:
                yield from self._wake()
                yield from self._decode(None, arrived)
                return
            if self._may_sleep():
                yield from self._sleep(packet, arrived)
            else:
                yield from self._wake()
                self._group.add(packet, arrived)
                yield from self._decode(packet, arrived)

    def _may_sleep(self) -> bool:
        rest = self._rest
        return rest is not None and rest.resting and self._group.short and self._ready()

    def _sleep(self, packet: VideoPacket, arrived: float) -> Iterator[Captured]:
        """A packet while keyframes are enough."""
        if self._asleep and not packet.is_keyframe:
            self._group.add(packet, arrived)
            return
        if not packet.is_keyframe:  # the rest begins with a keyframe: from there all is kept
            self._group.add(packet, arrived)
            yield from self._decode(packet, arrived)
            return
        yield from self._look(packet, arrived)

    def _look(self, packet: VideoPacket, arrived: float) -> Iterator[Captured]:
        assert self._rest is not None  # noqa: S101 - without it nobody sleeps
        if not self._asleep:  # the last of the group before are still in the decoder
            yield from self._decode(None, arrived)
            self._video.restart()
        picture = self._alone(packet)
        captured = self._captured(picture, arrived)
        if picture is not None and self._rest.stays(picture.small, captured.mono):
            self._group.begin(packet, arrived)
            self._asleep = True
            yield replace(captured, unchanged=True)
            return
        yield from self._wake()
        self._group.begin(packet, arrived)
        yield from self._decode(packet, arrived)

    def _wake(self) -> Iterator[Captured]:
        """Decode what was kept since the last keyframe, which was looked at already."""
        if not self._asleep:
            return
        self._asleep = False
        self._video.restart()
        known = True  # the first picture is the keyframe
        for packet, arrived in self._group.packets:
            for captured in self._decode(packet, arrived, replayed=True):
                if not known:
                    yield captured
                known = False

    def _alone(self, packet: VideoPacket) -> Picture | None:
        try:
            return self._video.alone(packet)
        except REFUSALS:
            return None

    def _decode(
        self, packet: "VideoPacket | None", arrived: float, replayed: bool = False
    ) -> Iterator[Captured]:
        try:
            found = self._video.decode(packet)
        except EOFError:  # it was drained before
            return
        except REFUSALS:
            yield Captured(None, arrived)  # one damaged packet; the next keyframe mends it
            return
        for picture in found:
            if self._ready():
                yield self._captured(picture, arrived, replayed)

    def _captured(
        self, picture: Picture | None, arrived: float, replayed: bool = False
    ) -> Captured:
        position = None if picture is None else picture.position
        mono = self._clock.capture(position, arrived)
        sound = picture if picture is not None and not picture.corrupt else None
        return Captured(sound, mono, replayed)
