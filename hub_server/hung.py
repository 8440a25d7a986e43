"""Ends a process that hangs: whoever started it (systemd, a container's restart) starts it anew.

What hangs does not come back by itself, and nothing is lost with it: devices send again what was
not acknowledged. A thread of its own looks, because the loop may be what hangs.
"""

import os
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger("hub")
LOOK_S = 10.0
EXIT_HUNG = 70
"""EX_SOFTWARE; systemd takes it for a failure."""


def _end() -> None:
    os._exit(EXIT_HUNG)  # sys.exit would wait for the threads that hang


class Ending(threading.Thread):
    """Asks every :data:`LOOK_S` what hangs; what hung twice in a row ends the process.

    Once is not enough: a machine that slept wakes with everything overdue.
    """

    def __init__(
        self, fault: Callable[[], str], look_s: float = LOOK_S, end: Callable[[], None] = _end
    ) -> None:
        super().__init__(name="hung", daemon=True)
        self._fault, self._look_s, self._end = fault, look_s, end
        self._over = threading.Event()

    def run(self) -> None:
        """Until :meth:`stop`, or the end."""
        before = ""
        while not self._over.wait(self._look_s):
            now = self._fault()
            if before and now:
                log.critical("process ends itself", fault=now, exit_code=EXIT_HUNG)
                self._end()
                return
            before = now

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()
