"""Payload types: what an envelope's ``data`` or a control message holds.

Pictures are named by their SHA-256 and travel by HTTPS, never inside a message. Boxes are
(x1, y1, x2, y2) as fractions 0-1 of the picture's width and height.

None can be part of a cycle, so the garbage collector need not look at them (``gc=False``).
"""

from datetime import datetime
from enum import StrEnum

import msgspec

Box = tuple[float, float, float, float]


class Phase(StrEnum):
    START = "start"
    UPDATE = "update"
    END = "end"


class Quality(StrEnum):
    """``reference`` marks a low-cost sensor's value (参考值)."""

    OK = "ok"
    REFERENCE = "reference"
    OUT_OF_RANGE = "out_of_range"
    STUCK = "stuck"
    FAULT = "fault"


class Picture(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A picture that follows by HTTPS; ``sha256`` is the lower-case hex of its JPEG bytes."""

    sha256: str
    kind: str
    """near, far or reference"""
    width: int
    height: int
    size: int
    """bytes"""
    stream: str = ""
    """Of a camera with two streams: ``main``, or ``detect_fallback`` where the main one gave no
    picture in time. Empty: it has one stream."""


class Observation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """A behaviour seen in a zone; start, update and end share ``observation_id``."""

    observation_id: str
    phase: Phase
    zone: str
    started_at: datetime
    """Capture time of the first frame of the behaviour."""
    triggered_at: datetime
    """Capture time of the frame that completed the condition."""
    ended_at: datetime | None = None
    dwell_s: float
    """Seconds from ``started_at`` to this message's ``time``."""
    label: str = ""
    """What was seen: person, car, …"""
    count: int = 1
    confidence: float = 0.0
    tracks: tuple[int, ...] = ()
    boxes: tuple[Box, ...] = ()
    direction: str = ""
    """Of a line crossing: a_to_b or b_to_a."""
    pictures: tuple[Picture, ...] = ()
    cause: str = ""
    """Why it ended: left, disarmed, reconfigured, restart, unknown."""
    test: bool = False
    """True for a technician's test event: shown, never dispatched."""


class Measurement(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One value of one sensor."""

    sensor: str
    metric: str
    value: float
    unit: str
    quality: Quality = Quality.OK


class Reading(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One round of all sensors of a device."""

    values: tuple[Measurement, ...]


class Latency(msgspec.Struct, frozen=True, gc=False):
    """A histogram since start: how long from a frame's capture until its event was kept."""

    le: tuple[float, ...]
    """Upper bounds in seconds; a last bucket without one follows."""
    counts: tuple[int, ...]
    """Per bucket, one more than ``le``; not cumulative."""
    sum_s: float


class CameraHealth(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    state: str
    """ok, starting or fault"""
    fault: str = ""
    """A code: cannot_open, no_frames, model_failed, privacy_failed, …"""
    fps_in: float = 0.0
    fps_inferred: float = 0.0
    frame_age_s: float | None = None
    drops: dict[str, int] = {}
    """Frames dropped since start, by cause."""
    fps_decoded: float = 0.0
    latency: Latency | None = None
    restarts: dict[str, int] = {}
    """Parts replaced since start because they hung: decoder, inference."""


class LaneHealth(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    lane: str
    waiting: int
    sent: int = 0
    """Sent but not yet acknowledged by the hub."""
    dropped: int = 0
    oldest_s: float = 0.0


class Health(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """How the device is, every 30 s."""

    version: str
    uptime_s: float
    state: str
    """ok or fault: red when any enabled part is at fault"""
    cameras: tuple[CameraHealth, ...] = ()
    lanes: tuple[LaneHealth, ...] = ()
    cpu_percent: float | None = None
    temperature_c: float | None = None
    memory_mb: float | None = None
    disk_free_mb: float | None = None
    clock_set: bool = True
    faults: tuple[str, ...] = ()
    memory_free_mb: float | None = None
    clock_offset_s: float | None = None
    """The kernel's estimate of how far its clock is off the time server's."""
    throttled: tuple[str, ...] = ()
    """Why the processor is slowed down now: under_voltage, frequency_capped, throttled,
    soft_temperature_limit."""


class Tombstone(msgspec.Struct, frozen=True, gc=False):
    """What the bounded outbox had to drop: ``count`` rows of ``epoch`` within the range."""

    epoch: str
    lane: str
    first: int
    last: int
    count: int
    cause: str


class Status(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Retained; ``offline`` is the last will. ``connection`` orders them, the hub times them."""

    state: str
    connection: str
    """UUIDv7 of the connection: a later one wins"""
    version: str = ""
    cause: str = ""


class TwinDesired(msgspec.Struct, frozen=True, gc=False):
    version: int
    config: dict[str, object]


class TwinReported(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    version: int
    config: dict[str, object]
    ok: bool = True
    errors: tuple[str, ...] = ()
    in_force: int | None = None
    """The version in force, where it is not ``version``: that one was refused or rolled back."""
    trial: bool = False
    """Taken, but rolled back if the device turns red within its grace time."""


class AckRange(msgspec.Struct, frozen=True, gc=False):
    """Rows ``first`` to ``last``, both included, of ``epoch`` are in the ledger."""

    epoch: str
    first: int
    last: int


class Ack(msgspec.Struct, frozen=True, gc=False):
    ranges: tuple[AckRange, ...]


class Command(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    id: str
    name: str
    expires_at: datetime
    args: dict[str, object] = {}


class Reply(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    id: str
    ok: bool
    result: dict[str, object] = {}
    error: str = ""
