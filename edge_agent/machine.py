"""Figures of the machine: load, heat, memory, disk, clock; each None where it has no such thing."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from linli_contract.faults import fault

DISK_LOW_MB = 200.0
HOT_C = 80.0  # a Raspberry Pi begins to slow down here
THROTTLED = {0: "under_voltage", 1: "frequency_capped", 2: "throttled", 3: "soft_temperature_limit"}
"""Bits of the Raspberry Pi's get_throttled that hold now (its documentation of vcgencmd); 16-19
say that it happened since boot."""
_SYSFS = Path("sys/devices/platform/soc/soc:firmware/get_throttled")
_MB = 1_000_000.0
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_STA_NANO = 0x2000


@dataclass(frozen=True)
class Machine:
    """One look at it."""

    cpu_percent: float | None = None
    temperature_c: float | None = None
    memory_mb: float | None = None
    """resident, of this process"""
    disk_free_mb: float | None = None
    memory_free_mb: float | None = None
    clock_offset_s: float | None = None
    throttled: tuple[str, ...] = ()

    def faults(self) -> list[str]:
        found = []
        if self.disk_free_mb is not None and self.disk_free_mb < DISK_LOW_MB:
            found.append(fault("disk_low", f"{self.disk_free_mb:.0f} MB"))
        if self.temperature_c is not None and self.temperature_c >= HOT_C:
            found.append(fault("too_hot", f"{self.temperature_c:.0f} °C"))
        if self.throttled:
            found.append(fault("throttled", ", ".join(self.throttled)))
        return found


def read_machine(folder: Path, root: Path = Path("/"), cpu_percent: float | None = None) -> Machine:
    """The figures now.

    Args:
        folder: the disk is the one that holds it.
        root: of the file system with ``sys``.
        cpu_percent: what a :class:`edge_agent.load.Load` says.
    """
    return Machine(
        cpu_percent=cpu_percent,
        temperature_c=temperature(),
        memory_mb=round(psutil.Process().memory_info().rss / _MB, 1),
        disk_free_mb=round(psutil.disk_usage(str(folder)).free / _MB, 1),
        memory_free_mb=round(psutil.virtual_memory().available / _MB, 1),
        clock_offset_s=clock_offset(),
        throttled=throttled(root),
    )


def temperature() -> float | None:
    """Degrees Celsius of the hottest sensor of the processor; None where there is none."""
    sensors: dict[str, list[object]] = getattr(psutil, "sensors_temperatures", dict)()
    values = [getattr(row, "current", None) for rows in sensors.values() for row in rows]
    known = [float(value) for value in values if value is not None]
    return max(known, default=None)


def _vcgencmd() -> str:
    """What the Raspberry Pi's own tool says; empty on other machines."""
    tool = shutil.which("vcgencmd")
    if tool is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - found by name in the system's own path, no input
            [tool, "get_throttled"], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def throttled(root: Path = Path("/"), ask: Callable[[], str] = _vcgencmd) -> tuple[str, ...]:
    """Why a Raspberry Pi runs slower now; empty when it does not, and on other machines.

    Args:
        root: of the file system with ``sys``.
        ask: the second source, for kernels without the file: ``throttled=0x50005``.
    """
    try:
        text = (root / _SYSFS).read_text()
    except OSError:
        text = ask()
    try:
        bits = int(text.strip().removeprefix("throttled=") or "0", 16)
    except ValueError:
        return ()
    return tuple(name for bit, name in THROTTLED.items() if bits >> bit & 1)


class _Timex(ctypes.Structure):
    """The head of ``struct timex`` (adjtimex(2)); zeros mean "only read"."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def clock_offset() -> float | None:
    """Seconds by which the kernel takes its clock to be off; None while it is not synchronised."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return None
    timex = _Timex()
    state = int(libc.adjtimex(ctypes.byref(timex)))
    if not 0 <= state != _TIME_ERROR:
        return None
    unit = 1e-9 if timex.status & _STA_NANO else 1e-6
    return round(float(timex.offset) * unit, 6)
