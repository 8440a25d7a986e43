"""Start processes in order, notice when one dies, stop them in reverse."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub_server.demo.errors import DemoError

_PR_SET_PDEATHSIG = 1


@dataclass
class Part:
    """One process of the demo."""

    name: str
    command: Sequence[str]
    where: str
    """What a person reads: an address, or what it does."""
    log: Path
    ready: Callable[[], bool] = field(default=lambda: True)
    process: subprocess.Popen[bytes] | None = None

    def tail(self, lines: int = 12) -> str:
        """The end of its log, indented."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


class Parts:
    """All processes, in the order they were started."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._started: list[Part] = []

    def start(self, part: Part, limit_s: float = 20.0) -> None:
        """Start ``part`` and wait until it is ready.

        Raises:
            DemoError: it ended, or was not ready within ``limit_s`` seconds.
        """
        part.log.parent.mkdir(parents=True, exist_ok=True)
        with part.log.open("wb") as log:
            part.process = subprocess.Popen(  # noqa: S603 - our own programs
                part.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches us alone: we stop the parts in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self._started.append(part)
        deadline = time.monotonic() + limit_s
        while not part.ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoError(f"{part.name} was not ready in {limit_s:g} s:\n{part.tail()}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raise DemoError when a part has ended by itself."""
        for part in self._started:
            if part.process and (code := part.process.poll()) is not None:
                raise DemoError(f"{part.name} ended with exit code {code}:\n{part.tail()}")

    def stop(self, name: str, limit_s: float = 4.0) -> None:
        """Stop one part: SIGTERM, and SIGKILL when it is not gone within ``limit_s`` seconds."""
        for part in [p for p in self._started if p.name == name]:
            self._started.remove(part)
            _end(part, limit_s)

    def stop_all(self, limit_s: float = 4.5) -> None:
        """Stop all in reverse order, together within ``limit_s`` seconds."""
        deadline = time.monotonic() + limit_s
        for part in reversed(self._started):
            _end(part, max(0.2, deadline - time.monotonic()))
        self._started.clear()


def _end(part: Part, limit_s: float) -> None:
    process = part.process
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    """In the child: end when the demo itself is killed, so that nothing is left running."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
