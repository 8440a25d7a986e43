"""The group of pictures that is coming in: everything since the last keyframe."""

from edge_agent.cameras.decoder import VideoPacket

KEYFRAMES_S = 2.0
"""Keyframes must come at least so often for a camera to rest (a moment could else be long)."""
TOLERANCE_S = 0.2
"""of the network's jitter"""
MOST_BYTES = 16_000_000
"""A group that is larger is not kept: no rest."""


class Group:
    """Packets since the last keyframe, with the times at which they arrived. Bounded in bytes."""

    def __init__(self) -> None:
        self.packets: list[tuple[VideoPacket, float]] = []
        self._bytes = 0
        self._began: float | None = None
        self._newest = 0.0
        self._length: float | None = None

    def begin(self, packet: VideoPacket, arrived: float) -> None:
        """A keyframe: the next group."""
        if self._began is not None:
            self._length = arrived - self._began
        self.packets = [(packet, arrived)]
        self._bytes, self._began, self._newest = packet.size, arrived, arrived

    def add(self, packet: VideoPacket, arrived: float) -> None:
        """Any packet."""
        if packet.is_keyframe:
            self.begin(packet, arrived)
            return
        self._newest = arrived
        self._bytes += packet.size
        if self._bytes <= MOST_BYTES:
            self.packets.append((packet, arrived))

    @property
    def short(self) -> bool:
        """Whether keyframes come often enough, and the group is small enough, to rest."""
        limit = KEYFRAMES_S + TOLERANCE_S
        if self._length is None or self._began is None or self._bytes > MOST_BYTES:
            return False
        return self._length <= limit and self._newest - self._began <= limit
