"""What the machine says, the latency histogram, and both as Prometheus reads them."""

import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from edge_agent.health import compose
from edge_agent.latency import BOUNDS_S, Latencies, LatencyHistogram
from edge_agent.load import Load, cpu_times
from edge_agent.machine import Machine, read_machine, throttled
from edge_agent.metrics import MetricsServer, text
from linli_contract.payloads import CameraHealth, Health, LaneHealth

SYSFS = "sys/devices/platform/soc/soc:firmware/get_throttled"


def _tree(root: Path, content: str) -> Path:
    file = root / SYSFS
    file.parent.mkdir(parents=True)
    file.write_text(content)
    return root


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0\n", ()),
        ("1\n", ("under_voltage",)),
        ("50005\n", ("under_voltage", "throttled")),
        ("f0000\n", ()),  # since boot, not now
        ("e\n", ("frequency_capped", "throttled", "soft_temperature_limit")),
        ("what", ()),
    ],
)
def test_the_raspberry_pi_says_why_it_is_slow(
    tmp_path: Path, content: str, expected: tuple[str, ...]
) -> None:
    assert throttled(_tree(tmp_path, content)) == expected


def test_a_kernel_without_the_file_is_asked_by_its_tool(tmp_path: Path) -> None:
    assert throttled(tmp_path, lambda: "throttled=0x50004\n") == ("throttled",)
    assert throttled(tmp_path, lambda: "") == ()


def test_a_slow_processor_is_a_fault(tmp_path: Path) -> None:
    machine = read_machine(tmp_path, _tree(tmp_path, "1"))
    assert machine.throttled == ("under_voltage",)
    assert "throttled: under_voltage" in machine.faults()
    assert machine.memory_free_mb is not None
    health = compose("1", 1.0, (), (), machine, True, ())
    assert health.state == "fault"
    assert health.throttled == ("under_voltage",)


@given(st.lists(st.floats(-1, 100), max_size=30))
def test_every_latency_is_counted_once_in_its_bucket(seconds: list[float]) -> None:
    histogram = LatencyHistogram()
    for value in seconds:
        histogram.add(value)
    found = histogram.read()
    if not seconds:
        assert found is None
        return
    assert found is not None
    assert sum(found.counts) == len(seconds)
    for index, bound in enumerate(BOUNDS_S):
        assert sum(found.counts[: index + 1]) == sum(value <= bound for value in seconds)


def test_latencies_are_kept_apart_by_camera() -> None:
    latencies = Latencies()
    latencies.add("gate", 0.3)
    assert latencies.read("road") is None
    assert latencies.read("gate") is not None


def _health() -> Health:
    histogram = LatencyHistogram()
    for value in (0.01, 0.2, 0.2, 60.0):
        histogram.add(value)
    cameras = (
        CameraHealth(
            "gate",
            "ok",
            fps_in=25.0,
            fps_decoded=24.0,
            fps_inferred=5.0,
            frame_age_s=0.1,
            drops={"newest_wins": 3},
            restarts={"decoder": 1},
            latency=histogram.read(),
        ),
        CameraHealth("road", "fault", "no_frames"),
    )
    lanes = (LaneHealth("events", 7, 2, 1, 33.0),)
    machine = Machine(1.0, 50.0, 200.0, 5000.0, clock_offset_s=-0.001)
    return compose("1", 9.0, cameras, lanes, machine, True, ("hub_silent",))


def test_prometheus_reads_what_the_heartbeat_says() -> None:
    values = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text(_health()).decode())
        for sample in family.samples
    }

    def value(name: str, **labels: str) -> float:
        return values[f"linli_edge_{name}", tuple(sorted(labels.items()))]

    assert value("ok") == 0.0
    assert value("fault", code="hub_silent") == 1.0
    assert value("camera_up", camera="road") == 0.0
    assert value("camera_fps", camera="gate", stage="decoded") == 24.0
    assert value("camera_dropped_frames_total", camera="gate", cause="newest_wins") == 3
    assert value("camera_restarts_total", camera="gate", part="decoder") == 1
    assert value("outbox_rows", lane="events", state="waiting") == 7
    assert value("outbox_dropped_total", lane="events") == 1
    assert value("clock_offset_seconds") == -0.001
    assert value("event_latency_seconds_bucket", camera="gate", le="0.25") == 3
    assert value("event_latency_seconds_bucket", camera="gate", le="+Inf") == 4
    assert value("event_latency_seconds_count", camera="gate") == 4
    assert value("event_latency_seconds_sum", camera="gate") == pytest.approx(60.41)


def test_both_are_served_on_the_loopback_address_only() -> None:
    server = MetricsServer(0, _health)
    server.start()
    try:
        base = f"http://127.0.0.1:{server.port}"
        with urllib.request.urlopen(f"{base}/metrics", timeout=5) as answer:
            assert b"linli_edge_ok 0.0" in answer.read()
        with urllib.request.urlopen(f"{base}/health", timeout=5) as answer:
            assert msgspec.json.decode(answer.read(), type=Health) == _health()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}/", timeout=5)
        with socket.socket() as other:  # another address of this machine
            other.settimeout(2)
            assert other.connect_ex(("127.0.0.2", server.port)) != 0
        second = MetricsServer(server.port, _health)
        second.start()
        assert second.faults() == (f"metrics_failed: {server.port}: Address already in use",)
        second.stop()
    finally:
        server.stop()


def test_the_load_is_the_same_for_every_thread() -> None:
    looks = iter([(100.0, 50.0), (104.0, 51.0), (104.5, 51.5), (108.5, 51.5)])
    load = Load(lambda: next(looks))
    told: list[float | None] = []

    def ask() -> None:
        told.append(load.percent())

    for _ in range(3):  # one question, one thread, as the metrics server does
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join()
    # 1 of 4 s idle; the next look comes too soon; then 0.5 of 4.5 s
    assert told == [75.0, 75.0, 88.9]


def test_the_load_is_unknown_at_first_and_then_measured() -> None:
    load = Load(lambda: (7.0, 3.0))
    assert load.percent() is None
    total, idle = cpu_times()
    assert 0 < idle < total
