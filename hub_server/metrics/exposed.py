"""Figures of the table with their values, as Prometheus wants them."""

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from hub_server.metrics.family import Family, Kind
from hub_server.metrics.table import BY_NAME

Row = tuple[tuple[str, ...], float]
"""Values of the labels, and the figure."""
Filled = tuple[tuple[str, ...], list[tuple[str, float]], float]
"""Values of the labels, the buckets, the sum."""


def gauge(name: str, rows: Iterable[Row]) -> Metric:
    """A gauge of the table.

    Raises:
        KeyError: the table has no such figure.
        ValueError: it is of another kind.
    """
    of = _family(name, Kind.GAUGE)
    made = GaugeMetricFamily(name, of.en, labels=of.labels)
    for labels, value in rows:
        made.add_metric(labels, value)
    return made


def counter(name: str, rows: Iterable[Row]) -> Metric:
    """A counter of the table; raises as :func:`gauge` does."""
    of = _family(name, Kind.COUNTER)
    made = CounterMetricFamily(name, of.en, labels=of.labels)
    for labels, value in rows:
        made.add_metric(labels, value)
    return made


def histogram(name: str, rows: Iterable[Filled]) -> Metric:
    """A histogram of the table; raises as :func:`gauge` does."""
    of = _family(name, Kind.HISTOGRAM)
    made = HistogramMetricFamily(name, of.en, labels=of.labels)
    for labels, buckets, total in rows:
        made.add_metric(labels, buckets, total)
    return made


def _family(name: str, kind: Kind) -> Family:
    found = BY_NAME[name]
    if found.kind is not kind:
        raise ValueError(f"{name}: expected a {kind}, the table says {found.kind}")
    return found
