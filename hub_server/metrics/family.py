"""What the table of figures is made of."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class From(StrEnum):
    """Whether every process of a hub shows the same figure, or each its own."""

    LEDGER = "ledger"
    PROCESS = "process"


@dataclass(frozen=True)
class Family:
    """One figure."""

    name: str
    kind: Kind
    zh: str
    en: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    """Of a histogram's buckets, in the unit of its name."""
    of: From = From.PROCESS


def grows(name: str, zh: str, en: str, *labels: str) -> Family:
    """A counter."""
    return Family(f"linli_{name}_total", Kind.COUNTER, zh, en, labels)


def now(name: str, zh: str, en: str, *labels: str) -> Family:
    """A gauge."""
    return Family(f"linli_{name}", Kind.GAUGE, zh, en, labels)


def spread(name: str, bounds: tuple[float, ...], zh: str, en: str, *labels: str) -> Family:
    """A histogram."""
    return Family(f"linli_{name}", Kind.HISTOGRAM, zh, en, labels, bounds)


def counted(name: str, zh: str, en: str) -> Family:
    """A counter of the ledger."""
    return Family(f"linli_{name}_total", Kind.COUNTER, zh, en, of=From.LEDGER)


def stored(name: str, zh: str, en: str, *labels: str) -> Family:
    """Counted in the ledger's tables when it is asked for."""
    return Family(f"linli_{name}", Kind.GAUGE, zh, en, labels, of=From.LEDGER)
