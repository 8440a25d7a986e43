"""Starts tests/support/rtsp_server.py, a real RTSP camera, as a process of its own."""

import signal
import subprocess
from pathlib import Path
from types import TracebackType

PYTHON = "/usr/bin/python3"
_SERVER = Path(__file__).with_name("rtsp_server.py")
_NEEDS = (
    "import gi; gi.require_version('GstRtspServer', '1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "assert all(map(Gst.ElementFactory.find, ('x264enc', 'x265enc', 'rtph264pay', 'videotestsrc')))"
)
PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-ugly"
)


def installed() -> bool:
    """Whether this machine can run it."""
    if not Path(PYTHON).exists():
        return False
    return subprocess.run([PYTHON, "-c", _NEEDS], capture_output=True, check=False).returncode == 0


class RtspServer:
    """A camera at ``url``; a context manager.

    Args:
        port: 0 for any free one.
        user: without one everybody may look.
        method: basic or digest.
        codec: h264 or h265.
    """

    def __init__(
        self,
        port: int = 0,
        user: str = "",
        password: str = "",
        method: str = "basic",
        codec: str = "h264",
    ) -> None:
        self._arguments = ["--port", str(port), "--method", method, "--codec", codec]
        if user:
            self._arguments += ["--user", user, "--password", password]
        self.port = port

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/ch1"

    def __enter__(self) -> "RtspServer":
        command = [PYTHON, str(_SERVER), *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def kill(self) -> None:
        """As a power cut."""
        self._process.kill()
        self._process.wait()

    def stall(self) -> None:
        """As a camera that hangs: connections stay, nothing comes."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
