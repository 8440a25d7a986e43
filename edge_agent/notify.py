"""Tell systemd how we are (sd_notify(3)): one datagram to the socket that it names."""

import os
import socket
from collections.abc import Mapping

import structlog

_log = structlog.get_logger(__name__)


class Notifier:
    """Says nothing where nobody listens: outside systemd there is no ``NOTIFY_SOCKET``.

    Args:
        env: the process's environment.
    """

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        self._address = _address(env.get("NOTIFY_SOCKET", ""))
        self._status = ""
        self._failed = False

    @property
    def listened(self) -> bool:
        """Whether somebody waits for us."""
        return bool(self._address)

    def ready(self) -> None:
        """All parts were started."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The end is meant."""
        self._send("STOPPING=1")

    def feed(self) -> None:
        """Every part makes progress; without it systemd starts the program again."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``; sent when it changes."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # a full queue must not hold us up: the next word comes a second later
                sender.setblocking(False)
                sender.sendto(text.encode(), self._address)
                self._failed = False
        except OSError as error:
            if not self._failed:
                _log.warning("systemd cannot be told", error=str(error))
            self._failed = True


def _address(name: str) -> str:
    """``@`` stands for the zero byte of an abstract socket (sd_notify(3))."""
    return f"\0{name[1:]}" if name.startswith("@") else name
