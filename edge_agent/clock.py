"""The device's clock, read at the edges of the program only; logic gets a ``Moment``."""

import ctypes
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linli_contract.ids import RANDOM_BYTES, uuid7

RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows a time before this program was written."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5  # adjtimex(2): the kernel's clock is not synchronised
_TIMEX_BYTES = 256  # more than struct timex has on any Linux; zeros mean "only read"


@dataclass(frozen=True)
class Moment:
    """One reading of both clocks."""

    wall: datetime
    """UTC"""
    mono: float
    """Seconds of the monotonic clock; counts from the boot, never jumps."""
    clock_set: bool = True
    boot: str = ""
    """Which boot ``mono`` counts from."""

    @property
    def anchor(self) -> float:
        """Unix time at which the monotonic clock was zero, as far as this clock knows."""
        return self.wall.timestamp() - self.mono


class Clock:
    """The system's clock.

    Args:
        wait_for_ntp: the clock counts as set only when the kernel says that it is synchronised.
            For devices without a battery-backed clock; elsewhere a plausible time is enough.
    """

    def __init__(self, wait_for_ntp: bool = False) -> None:
        self._wait_for_ntp = wait_for_ntp
        self._boot = boot_id()

    def now(self) -> Moment:
        wall = datetime.now(UTC)
        is_set = wall >= RELEASED and (not self._wait_for_ntp or synchronised())
        return Moment(wall, time.monotonic(), is_set, self._boot)


def boot_id() -> str:
    """Names this boot; empty where the system does not (then one process counts as one boot)."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return f"process-{os.getpid()}-{time.time_ns()}"


def synchronised() -> bool:
    """Whether the kernel's clock is synchronised (adjtimex(2)); False where it cannot say."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return False
    state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return 0 <= int(state) != _TIME_ERROR


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, os.urandom(RANDOM_BYTES))
