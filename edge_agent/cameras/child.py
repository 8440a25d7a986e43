"""A program whose output is the video, such as ``rpicam-vid``: the way to a ribbon camera (CSI).

Its standard output goes to the decoder, its messages to our log, redacted; it ends with us.
"""

import contextlib
import os
import select
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from edge_agent.cameras.base import CANNOT_OPEN, NO_FRAMES, CameraError
from edge_agent.cameras.decoder import Address
from edge_agent.cameras.live import LIVE, LiveStream
from edge_agent.cameras.settings import CsiSource
from edge_agent.cameras.stream import Captured, Opener, Rest
from edge_agent.clock import Moment
from linli_settings import redact

END_S = 1.0
"""Wait for a program that was asked to end before it is killed."""
_FORMATS = {"h264": "h264", "h265": "hevc", "mjpeg": "mjpeg"}
_PROBE_BYTES = "200000"
"""As much as FFmpeg reads before it says what is in the stream."""
_LINE = 500


class Program:
    """A running program; ``read`` is what the decoder calls for bytes.

    Args:
        silence: seconds without output that are a fault.

    Raises:
        CameraError: ``cannot_open``: it cannot be started.
    """

    def __init__(self, command: Sequence[str], silence: float, cwd: Path) -> None:
        self._silence = silence
        self.name = Path(command[0]).name
        self._said = ""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the configuration's own command, no shell
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            said = f"{command[0]} cannot be started: {error.strerror or error}"
            raise CameraError(CANNOT_OPEN, said) from None
        self._listener = threading.Thread(target=self._listen, name=self.name, daemon=True)
        self._listener.start()

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes as soon as there are any; empty at the end.

        Raises:
            CameraError: ``no_frames``: nothing came for ``silence`` seconds.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        pipe = self._process.stdout.fileno()
        if not select.select([pipe], [], [], self._silence)[0]:
            raise CameraError(NO_FRAMES, f"{self.name} gave nothing for {self._silence:g} s")
        return os.read(pipe, size)

    def ended(self) -> str:
        """How it ended, for people; empty while it runs."""
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return ""
        self._listener.join(END_S)
        last = f": {self._said}" if self._said else ""
        return f"{self.name} ended with code {code}{last}"

    def close(self) -> None:
        """End it and whatever it started."""
        self._signal(15)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._signal(9)
            self._process.wait()
        self._listener.join(END_S)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self._process.pid, number)

    def _listen(self) -> None:
        """The newest line counts; each is in the log at level debug."""
        assert self._process.stderr is not None  # noqa: S101 - it was asked for
        log = structlog.get_logger(__name__).bind(program=self.name)
        with contextlib.suppress(ValueError):  # closed meanwhile
            while line := self._process.stderr.readline(_LINE):
                if said := redact(line.decode("utf-8", "replace").strip()):
                    self._said = said
                    log.debug("said", line=said)


class ChildStream:
    """Frames of a program's output.

    Raises:
        CameraError: ``cannot_open`` with what the program said last.
    """

    def __init__(
        self,
        source: CsiSource,
        base: Path,
        now: Callable[[], Moment],
        rest: Rest | None = None,
    ) -> None:
        self._program = Program(source.command, source.timeout, base)
        options = {**LIVE, "probesize": _PROBE_BYTES}
        address = Address(self._program, _FORMATS[source.format], options, None, source.hwaccel)
        try:
            # a bare stream has no time stamps: a frame's time is its arrival
            name = self._program.name
            self._stream = LiveStream(address, name, now, rest, stamped=False, why=self._why)
        except BaseException:
            self._program.close()
            raise

    def read(self) -> Captured | None:
        try:
            return self._stream.read()
        except CameraError as error:
            raise CameraError(NO_FRAMES, self._program.ended() or str(error)) from None

    def close(self) -> None:
        self._stream.close()
        self._program.close()

    def _why(self) -> CameraError:
        nothing = f"{self._program.name} gives no video that can be decoded"
        return CameraError(CANNOT_OPEN, self._program.ended() or nothing)


def csi_opener(
    source: CsiSource, base: Path, now: Callable[[], Moment], rest: Rest | None = None
) -> Opener:
    """Starts the program; it runs in the configuration's folder."""

    def open_(_stop: threading.Event) -> ChildStream:
        return ChildStream(source, base, now, rest)

    return open_
