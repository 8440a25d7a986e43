"""The one decoder of every video source: FFmpeg through PyAV (docs/decisions/0012-decoder.md).

A :class:`Video` gives packets with the stream's own time stamps; a :class:`Picture` is a decoded
frame that is converted to BGR only when somebody wants it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias, cast

import av
import av.error
import cv2
import numpy as np
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge_agent.cameras.base import DECODER_UNAVAILABLE, CameraError
from edge_agent.cameras.decoder_log import capture_decoder_log
from edge_agent.types import Grey, Image

VideoPacket: TypeAlias = "Packet[VideoStream]"
"""A piece of a stream as it comes: one encoded frame."""

SMALL_WIDTH = 160
"""Width of the small grey picture, in pixels."""
_LUMA_FIRST = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
"""Pixel formats whose first plane is 8-bit luma."""
REFUSALS = (av.error.FFmpegError, ValueError, RuntimeError)
"""What PyAV raises when it cannot open or decode something; a lacking codec is a RuntimeError."""


class Picture:
    """A decoded frame."""

    def __init__(self, frame: VideoFrame, time_base: float) -> None:
        self._frame = frame
        self._time_base = time_base  # the stream's: a drained frame has none of its own

    @property
    def position(self) -> float | None:
        """Seconds in the stream; None where the stream does not say."""
        return None if self._frame.pts is None else self._frame.pts * self._time_base

    @property
    def pts(self) -> int | None:
        """The presentation time stamp, in the stream's own units."""
        return self._frame.pts

    @property
    def corrupt(self) -> bool:
        """Data of it was missing: what it shows cannot be trusted."""
        return bool(self._frame.is_corrupt)

    @cached_property
    def small(self) -> Grey:
        """Grey, (height, SMALL_WIDTH) or narrower, uint8; made without converting the frame."""
        width, height = small_size(self._frame.width, self._frame.height)
        if self._frame.format.name not in _LUMA_FIRST:
            small = self._frame.reformat(width=width, height=height, format="gray")
            return cast(Grey, small.to_ndarray())
        plane = self._frame.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        visible = luma[: plane.height, : plane.width]
        return cast(Grey, cv2.resize(visible, (width, height), interpolation=cv2.INTER_AREA))

    def bgr(self) -> Image:
        """(height, width, 3), freshly made.

        Raises:
            ValueError: the pixel format cannot be converted.
        """
        return cast(Image, self._frame.to_ndarray(format="bgr24"))


def small_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the small grey picture of a frame."""
    small = min(width, SMALL_WIDTH)
    return small, max(1, round(height * small / width))


@dataclass(frozen=True)
class Address:
    """What FFmpeg is to open."""

    url: object
    """path, URL, or an object with ``read(n)``"""
    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    timeout: float | None = None
    """seconds, to open and for every read"""
    hwaccel: str = "none"


class Video:
    """An open video stream; for one thread.

    Raises:
        CameraError: ``decoder_unavailable``: the hardware decoder asked for is not there.
        REFUSALS: it cannot be opened; the text may hold credentials.
    """

    def __init__(self, address: Address) -> None:
        capture_decoder_log()
        self._container = _open(address)
        try:
            self._stream = self._container.streams.video[0]
            self._stream.codec_context.thread_count = 1  # each more would hold back a frame
            self._decoder = _decoder(self._stream.codec_context, address.hwaccel)
            # without one, RTP's clock for video
            self._time_base = float(self._stream.time_base or Fraction(1, 90_000))
        except IndexError:
            self._container.close()
            raise ValueError("there is no video in it") from None
        except BaseException:
            self._container.close()
            raise

    @property
    def fps(self) -> float:
        """Frames a second as the stream claims; 0 when it does not."""
        return float(self._stream.average_rate or self._stream.guessed_rate or 0)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels; (0, 0) where only the frames say."""
        return self._stream.codec_context.width, self._stream.codec_context.height

    @property
    def codec(self) -> str:
        """h264, hevc, mjpeg, …"""
        return str(self._stream.codec_context.name)

    def packets(self) -> Iterator[VideoPacket]:
        """Every packet of the video; the last one is empty and drains the decoder."""
        return self._container.demux(self._stream)

    def seconds(self, packet: VideoPacket) -> float | None:
        """A packet's place in the stream, by decoding order where it is known."""
        stamp = packet.pts if packet.dts is None else packet.dts
        return None if stamp is None else stamp * self._time_base

    def decode(self, packet: "VideoPacket | None") -> Sequence[Picture]:
        """The pictures that came out with ``packet``; None drains. Raises REFUSALS."""
        return [Picture(frame, self._time_base) for frame in self._decoder.decode(packet)]

    def alone(self, packet: VideoPacket) -> Picture | None:
        """The picture of a keyframe at once, whatever was decoded before.

        A stream without B-frames, as cameras send it, gives it by itself; another one only when
        it is drained.
        """
        found = list(self.decode(packet))
        if not found or found[-1].pts != packet.pts:
            found = list(self.decode(None))
            self._decoder.flush_buffers()
        return found[-1] if found else None

    def restart(self) -> None:
        """Forget what was decoded: the next packet is a keyframe."""
        self._decoder.flush_buffers()

    def close(self) -> None:
        self._container.close()


def _open(address: Address) -> InputContainer:
    accel = None
    if address.hwaccel not in {"none", "v4l2m2m"}:
        accel = _hwaccel(address.hwaccel)
    return av.open(
        address.url,
        "r",
        format=address.format,
        options=dict(address.options),
        timeout=address.timeout,
        hwaccel=accel,
    )


def _hwaccel(name: str) -> HWAccel:
    known = hwdevices_available()
    if name not in known:
        raise CameraError(
            DECODER_UNAVAILABLE, f"{name}; this decoder knows {', '.join(known)}", seldom=True
        )
    try:  # a device that cannot be had would else look like a stream that cannot be opened
        HWAccel(device_type=name, allow_software_fallback=False).create(av.Codec("h264", "r"))
    except REFUSALS as error:
        raise CameraError(DECODER_UNAVAILABLE, f"{name}: {reason(error)}", seldom=True) from None
    return HWAccel(device_type=name, allow_software_fallback=False)


def _decoder(context: VideoCodecContext, hwaccel: str) -> VideoCodecContext:
    """``context`` or, for v4l2m2m, the decoder of that name with its parameters."""
    if hwaccel == "none":
        return context
    try:
        if hwaccel == "v4l2m2m":
            named = cast(VideoCodecContext, av.CodecContext.create(f"{context.name}_v4l2m2m", "r"))
            named.extradata = context.extradata
            named.width, named.height = context.width, context.height
            context = named
        context.open(strict=False)
    except REFUSALS as error:
        said = f"{hwaccel} for {context.name}: {reason(error)}"
        raise CameraError(DECODER_UNAVAILABLE, said, seldom=True) from None
    return context


def reason(error: BaseException) -> str:
    """What went wrong, without the address that FFmpeg puts behind it."""
    if isinstance(error, av.error.FFmpegError):
        return str(error.strerror)
    return str(error)
