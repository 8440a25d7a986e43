"""Contacts on GPIO lines: a float switch, an alarm relay, a tipping bucket, a pulse meter.

The kernel notes every edge with its time (character device, uAPI v2), so that nothing between two
samples is missed as long as its queue holds it.
"""

import errno
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.debounce import Debouncer, Edge
from edge_agent.sensors.settings import ContactSettings

QUEUE = 1024
"""Edges that the kernel keeps between two samples; its most."""
_CODES = {errno.ENOENT: "sensor_missing", errno.EBUSY: "sensor_busy"}


class Line(Protocol):
    """One requested line; everything that knows the library is behind it."""

    def closed(self) -> bool: ...
    def edges(self) -> Sequence[Edge]:
        """What happened since the last call; does not wait."""
        ...

    def close(self) -> None: ...


class ContactSensor:
    """A level or a number of closings.

    Args:
        request: opens the line.
        mono: the monotonic clock, the one that the kernel stamps edges with.
    """

    def __init__(
        self,
        settings: ContactSettings,
        request: Callable[[ContactSettings], Line] | None = None,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._request = request or request_line
        self._mono = mono
        self._line: Line | None = None
        self._contact: Debouncer | None = None

    def read(self, now: datetime) -> Values:
        try:
            contact = self._follow()
        except SensorError:
            self.close()  # begin anew: its state is not known any more
            raise
        except OSError as error:
            self.close()
            code = _CODES.get(error.errno or 0, "sensor_failed")
            where = f"{self._settings.chip} line {self._settings.line}"
            raise SensorError(f"{where}: {error}", code) from None
        value = contact.closed if self._settings.count == "level" else contact.take_closings()
        return {self._settings.metric: float(value)}

    def _follow(self) -> Debouncer:
        if self._line is None or self._contact is None:
            self._line = self._request(self._settings)
            self._contact = Debouncer(self._line.closed(), self._settings.debounce)
        edges = self._line.edges()
        if len(edges) >= QUEUE:
            raise SensorError(f"{len(edges)} edges since the last sample: some were lost")
        for edge in edges:
            self._contact.feed(edge)
        self._contact.settle(self._mono())
        return self._contact

    def close(self) -> None:
        line, self._line, self._contact = self._line, None, None
        if line is not None:
            line.close()


def request_line(settings: ContactSettings) -> Line:
    """The line by libgpiod 2.

    Raises:
        OSError: no such chip or line, no right to it, or another program holds it.
        SensorError: the library is not installed.
    """
    try:
        from edge_agent.sensors.gpiod_line import GpiodLine
    except ImportError as error:
        raise SensorError(f"the Python library gpiod is not installed: {error}") from None
    return GpiodLine(settings, QUEUE)
