"""Figures of this device over HTTP on the loopback address: ``/metrics`` for Prometheus,
``/health`` as the heartbeat's JSON."""

import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import structlog
from prometheus_client import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from linli_contract.faults import fault
from linli_contract.payloads import CameraHealth, Health, LaneHealth, Latency

LOOPBACK = "127.0.0.1"
_PREFIX = "linli_edge"
_log = structlog.get_logger(__name__)


class _Device(Collector):
    """A heartbeat as metrics."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        yield from _whole(self._health)
        yield from _cameras(self._health.cameras)
        yield from _lanes(self._health.lanes)


def text(health: Health) -> bytes:
    """``health`` in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Device(health))
    return generate_latest(registry)


def _gauge(name: str, help_: str, value: float | None) -> Iterator[Metric]:
    if value is not None:
        yield GaugeMetricFamily(f"{_PREFIX}_{name}", help_, value=value)


def _whole(health: Health) -> Iterator[Metric]:
    yield from _gauge("ok", "1 while nothing is at fault", float(health.state == "ok"))
    yield from _gauge("uptime_seconds", "Since the agent started", health.uptime_s)
    yield from _gauge("cpu_percent", "Of all processors", health.cpu_percent)
    yield from _gauge("temperature_celsius", "Of the processor", health.temperature_c)
    yield from _gauge("memory_megabytes", "Resident, of the agent", health.memory_mb)
    yield from _gauge("memory_free_megabytes", "Of the machine", health.memory_free_mb)
    yield from _gauge("disk_free_megabytes", "On the agent's disk", health.disk_free_mb)
    yield from _gauge("clock_set", "1 when the time is known", float(health.clock_set))
    yield from _gauge("clock_offset_seconds", "By the kernel's estimate", health.clock_offset_s)
    yield from _gauge("throttled", "1 while slowed down", float(bool(health.throttled)))
    faults = GaugeMetricFamily(f"{_PREFIX}_fault", "1 for each fault", labels=["code"])
    for code in sorted({text.partition(": ")[0] for text in health.faults}):
        faults.add_metric([code], 1.0)
    yield faults


def _cameras(cameras: tuple[CameraHealth, ...]) -> Iterator[Metric]:
    up = GaugeMetricFamily(f"{_PREFIX}_camera_up", "1 while it works", labels=["camera"])
    fps = GaugeMetricFamily(f"{_PREFIX}_camera_fps", "Frames", labels=["camera", "stage"])
    age = GaugeMetricFamily(f"{_PREFIX}_camera_frame_age_seconds", "Newest", labels=["camera"])
    drops = CounterMetricFamily(
        f"{_PREFIX}_camera_dropped_frames", "By cause", labels=["camera", "cause"]
    )
    restarts = CounterMetricFamily(
        f"{_PREFIX}_camera_restarts", "Parts replaced because they hung", labels=["camera", "part"]
    )
    for row in cameras:
        up.add_metric([row.name], float(row.state == "ok"))
        rates = {"in": row.fps_in, "decoded": row.fps_decoded, "inferred": row.fps_inferred}
        for stage, value in rates.items():
            fps.add_metric([row.name, stage], value)
        if row.frame_age_s is not None:
            age.add_metric([row.name], row.frame_age_s)
        for cause, count in row.drops.items():
            drops.add_metric([row.name, cause], count)
        for part, count in row.restarts.items():
            restarts.add_metric([row.name, part], count)
    yield from (up, fps, age, drops, restarts, _latency(cameras))


def _latency(cameras: tuple[CameraHealth, ...]) -> Metric:
    family = HistogramMetricFamily(
        f"{_PREFIX}_event_latency_seconds", "From capture until kept", labels=["camera"]
    )
    for row in cameras:
        if row.latency is not None:
            family.add_metric([row.name], _buckets(row.latency), row.latency.sum_s)
    return family


def _buckets(latency: Latency) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them."""
    total, found = 0, []
    for bound, count in zip([*map(str, latency.le), "+Inf"], latency.counts, strict=True):
        total += count
        found.append((bound, float(total)))
    return found


def _lanes(lanes: tuple[LaneHealth, ...]) -> Iterator[Metric]:
    rows = GaugeMetricFamily(f"{_PREFIX}_outbox_rows", "Kept", labels=["lane", "state"])
    oldest = GaugeMetricFamily(f"{_PREFIX}_outbox_oldest_seconds", "Age", labels=["lane"])
    dropped = CounterMetricFamily(f"{_PREFIX}_outbox_dropped", "Given up", labels=["lane"])
    for lane in lanes:
        rows.add_metric([lane.lane, "waiting"], lane.waiting)
        rows.add_metric([lane.lane, "sent"], lane.sent)
        oldest.add_metric([lane.lane], lane.oldest_s)
        dropped.add_metric([lane.lane], lane.dropped)
    yield from (rows, oldest, dropped)


class MetricsServer:
    """Serves until stopped; a port that is taken is a fault, not the end.

    Args:
        port: on the loopback address; 0 takes a free one.
        read: the heartbeat of now.
    """

    def __init__(self, port: int, read: Callable[[], Health]) -> None:
        self._port = port
        self._read = read
        self._server: ThreadingHTTPServer | None = None
        self._fault = ""

    def start(self) -> None:
        try:
            self._server = ThreadingHTTPServer((LOOPBACK, self._port), _handler(self._read))
        except OSError as error:
            self._fault = fault("metrics_failed", f"{self._port}: {error.strerror}")
            _log.error("metrics cannot be served", port=self._port, error=error.strerror)
            return
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    @property
    def port(self) -> int:
        """The one it listens on."""
        return int(self._server.server_address[1]) if self._server else self._port

    def faults(self) -> tuple[str, ...]:
        return (self._fault,) if self._fault else ()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(read: Callable[[], Health]) -> type[BaseHTTPRequestHandler]:
    answers: dict[str, tuple[str, Callable[[Health], bytes]]] = {
        "/metrics": ("text/plain; version=0.0.4; charset=utf-8", text),
        "/health": ("application/json", msgspec.json.encode),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in answers:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            kind, write = answers[self.path]
            body = write(read())
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            _log.debug("metrics asked", line=format % args)

    return Handler
