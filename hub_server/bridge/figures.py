"""What ``/metrics`` of a bridge shows: its own figures, and those of its process."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import Metric, ProcessCollector
from prometheus_client.registry import Collector

from hub_server.metrics.exposed import gauge
from hub_server.metrics.meter import Meter


@dataclass(frozen=True)
class BridgeFigures(Collector):
    """Read when they are asked for."""

    meter: Meter
    gauges: Callable[[], Mapping[str, float]]
    faults: Callable[[], Mapping[str, str]]

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        ready = self.faults().items()
        yield gauge("linli_ready", [((name,), float(not fault)) for name, fault in ready])
        for name, value in self.gauges().items():
            yield gauge(f"linli_{name}", [((), value)])
        yield from self.meter.collect()
        yield from ProcessCollector(registry=None).collect()
