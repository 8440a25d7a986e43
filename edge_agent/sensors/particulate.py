"""Particulate matter sensors on a serial port (PMS5003, SDS011), which send about once a second."""

import os
import select
import termios
import time
import tty
from datetime import datetime
from pathlib import Path

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.frames import Frame, scan
from edge_agent.sensors.settings import ParticulateSettings

WAIT_S = 3.0
"""Both models send at least each 2.3 s."""
_CHUNK = 4096


class ParticulateSensor:
    """The newest frame at each read; the port stays open, and is opened anew after an error.

    Args:
        wait_s: how long a frame may take to come.
    """

    def __init__(self, settings: ParticulateSettings, wait_s: float = WAIT_S) -> None:
        self._settings = settings
        self._wait_s = wait_s
        self._port: int | None = None
        self._rest = b""

    def read(self, now: datetime) -> Values:
        try:
            if self._port is None:
                self._port, self._rest = open_port(self._settings.port), b""
            frame = self._newest(self._port)
        except FileNotFoundError:
            raise SensorError(f"no port {self._settings.port}", "sensor_missing") from None
        except (OSError, termios.error) as error:
            self.close()
            raise SensorError(f"{self._settings.port}: {error}") from None
        wanted = {row.metric for row in self._settings.values}
        return {k: v for k, v in frame._asdict().items() if k in wanted}

    def _newest(self, port: int) -> Frame:
        """What lies in the buffer already is read whole: the last frame of it is the newest."""
        limit, found, bad, came = time.monotonic() + self._wait_s, None, 0, 0
        while True:
            # once there is a frame, only what has come by now is still read
            patience = 0.0 if found else max(0.0, limit - time.monotonic())
            if not select.select([port], [], [], patience)[0]:
                break
            data = os.read(port, _CHUNK)
            if not data:
                raise OSError("the port is closed")
            came += len(data)
            result = scan(self._settings.model, self._rest + data)
            self._rest, bad, found = result.rest, bad + result.bad, result.newest or found
        if found is None:
            raise _nothing(came, bad)
        return found

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            os.close(port)


def _nothing(came: int, bad: int) -> SensorError:
    if not came:
        return SensorError("no bytes came", "sensor_silent")
    return SensorError(f"{came} bytes, {bad} wrong frames, no valid one", "sensor_garbled")


def open_port(port: Path) -> int:
    """A file descriptor of ``port``: 9600 baud, 8 bits, no parity, 1 stop bit, raw.

    Raises:
        OSError, termios.error: it cannot be opened or is no serial port.
    """
    descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        tty.setraw(descriptor)
        flags = termios.tcgetattr(descriptor)
        flags[4] = flags[5] = termios.B9600
        termios.tcsetattr(descriptor, termios.TCSANOW, flags)
        termios.tcflush(descriptor, termios.TCIFLUSH)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
