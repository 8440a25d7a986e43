"""A GPIO line by libgpiod 2; the only file that knows the library."""

from collections.abc import Sequence

import gpiod
from gpiod.line import Bias, Clock, Direction, Value
from gpiod.line import Edge as Edges

from edge_agent.sensors.debounce import Edge
from edge_agent.sensors.settings import ContactSettings

_BIAS = {"pull_up": Bias.PULL_UP, "pull_down": Bias.PULL_DOWN, "none": Bias.DISABLED}


class GpiodLine:
    """One input line; edges carry CLOCK_MONOTONIC, as ``time.monotonic`` does on Linux."""

    def __init__(self, settings: ContactSettings, queue: int) -> None:
        self._line = settings.line
        wanted = gpiod.LineSettings(
            direction=Direction.INPUT,
            edge_detection=Edges.BOTH,
            bias=_BIAS[settings.bias],
            active_low=settings.active_low,
            event_clock=Clock.MONOTONIC,
        )
        self._request = gpiod.request_lines(
            str(settings.chip),
            config={settings.line: wanted},
            consumer=f"linli {settings.name}",
            event_buffer_size=queue,
        )

    def closed(self) -> bool:
        return bool(self._request.get_value(self._line) is Value.ACTIVE)

    def edges(self) -> Sequence[Edge]:
        found: list[Edge] = []
        while self._request.wait_edge_events(0):
            for event in self._request.read_edge_events():
                rising = event.event_type is event.Type.RISING_EDGE
                found.append(Edge(rising, event.timestamp_ns / 1e9))
        return found

    def close(self) -> None:
        self._request.release()
