"""A real Mosquitto for tests: own port, accounts, ACL; can be killed and started again."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

_PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
_PASSWD = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
_START_LIMIT_S = 10.0


def installed() -> bool:
    """Whether this machine has the broker; a test that needs it is skipped by name if not."""
    return Path(_PROGRAM).exists() and Path(_PASSWD).exists()


def free_port() -> int:
    """A TCP port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker in ``folder``.

    Args:
        folder: where its files go.
        users: name → password; empty allows anonymous clients.
        acl: text of the ACL file (``user pi-1\\ntopic readwrite linli/v1/330899/pi-1/#``);
            empty allows everything.
        persistence: keep its queue and retained messages over a clean stop.
        settings: further lines of mosquitto.conf.
        port: a fixed port; 0 takes a free one.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        acl: str = "",
        persistence: bool = False,
        settings: str = "",
        port: int = 0,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "mosquitto.log"
        self._file = folder / "mosquitto.conf"
        self._file.write_text(self._conf(dict(users or {}), acl, persistence) + settings + "\n")

    def _conf(self, users: dict[str, str], acl: str, persistence: bool) -> str:
        lines = [
            f"listener {self.port} {self.host}",
            f"log_dest file {self.log}",
            f"persistence {'true' if persistence else 'false'}",
            f"persistence_location {self._folder}/",
            f"allow_anonymous {'false' if users else 'true'}",
            "user root",
        ]
        if users:
            lines.append(f"password_file {self.set_users(users)}")
        if acl:
            lines.append(f"acl_file {self.set_acl(acl)}")
        return "\n".join(lines) + "\n"

    def set_users(self, users: Mapping[str, str]) -> Path:
        """Write the password file; :meth:`reload` makes a running broker read it."""
        file = self._folder / "passwords"
        file.write_text("".join(f"{name}:{word}\n" for name, word in users.items()))
        subprocess.run([_PASSWD, "-U", str(file)], check=True, capture_output=True)
        return file

    def set_acl(self, acl: str) -> Path:
        """Write the ACL file; :meth:`reload` makes a running broker read it."""
        file = self._folder / "acl"
        file.write_text(acl.rstrip() + "\n")
        return file

    def reload(self) -> None:
        """Make the running broker read its passwords and ACL again."""
        self._running().send_signal(signal.SIGHUP)

    def start(self) -> "Mosquitto":
        """Start and wait until it accepts connections.

        Raises:
            RuntimeError: it ended, or did not listen within 10 s; with its log.
        """
        self._process = subprocess.Popen(
            [_PROGRAM, "-c", str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        limit = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < limit and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return self
        log = self.log.read_text() if self.log.exists() else "no log"
        self.stop()
        raise RuntimeError(f"mosquitto did not start: {log}")

    @property
    def pid(self) -> int:
        """Of the running process."""
        return self._running().pid

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it cleanly; nothing happens if it does not run."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(timeout=10)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("mosquitto does not run")
        return self._process

    def __enter__(self) -> "Mosquitto":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
