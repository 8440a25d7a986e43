"""Processor time by thread: which part of the hub is what keeps a core busy.

Python runs one thread at a time, so the sum of these is what one hub can do.
"""

import os
import threading
import time
from collections import defaultdict
from pathlib import Path

TASKS = Path("/proc/self/task")
_TICKS = os.sysconf("SC_CLK_TCK")
LOOP = "loop"
"""Where messages come in and are answered."""
OTHER = "other"
"""Threads that ended, and those that are not Python's."""


def thread_seconds() -> dict[str, float]:
    """Seconds of processor time, of the user and the system, by the name of the thread.

    Threads of one pool (``pipeline_0``, ``pipeline_1``) are one. Empty where the system does not
    say (it is Linux that does).
    """
    if not TASKS.is_dir():
        return {}
    spent: dict[str, float] = defaultdict(float)
    for thread in threading.enumerate():
        name = LOOP if thread is threading.main_thread() else thread.name.rstrip("_0123456789")
        spent[name] += _seconds(thread.native_id)
    spent[OTHER] = max(0.0, time.process_time() - sum(spent.values()))
    return spent


def _seconds(number: int | None) -> float:
    try:
        stat = (TASKS / str(number) / "stat").read_text()
    except OSError:  # it has just ended
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS
