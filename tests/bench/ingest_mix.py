"""The traffic of the ingest measurements: what 200 devices send, as (topic, payload).

80 % rounds of six sensors, 20 % observations. An observation of five minutes is six messages:
its start, four renewals and its end. The values stay inside the rules' limits, as nearly all
do in life; every start fires its ``at_once`` rule.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from hub_server.devices.areas import load_areas, store_areas
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import devices, sources
from linli_contract import envelope as envelopes
from linli_contract.payloads import Measurement, Phase, Reading
from tests.support.hub import RULES, Device, device_row, source_row

DEVICES = 200
_LIFE = (Phase.START, Phase.UPDATE, Phase.UPDATE, Phase.UPDATE, Phase.UPDATE, Phase.END)
_SENSORS = (
    ("gas-1", "gas_lel", "%LEL", 1.0),
    ("gas-1", "co", "ppm", 3.0),
    ("air-1", "pm25", "µg/m³", 20.0),
    ("air-1", "temperature", "°C", 21.0),
    ("air-1", "humidity", "%", 55.0),
    ("noise-1", "laeq", "dB(A)", 48.0),
)


def device_names(count: int = DEVICES) -> list[str]:
    """pi-0001 and on."""
    return [f"pi-{number:04d}" for number in range(1, count + 1)]


def fill_ledger(file: Path, count: int = DEVICES) -> Ledger:
    """A migrated ledger with the areas and ``count`` enrolled devices of four sources each."""
    ledger = open_ledger(f"sqlite:///{file}")
    ledger.migrate()
    names = device_names(count)
    with ledger.write() as conn:
        store_areas(conn, load_areas(RULES / "areas.yaml"))
        conn.execute(insert(devices), [device_row(name) for name in names])
        parts = ("gate", "gas-1", "air-1", "noise-1")
        conn.execute(insert(sources), [source_row(n, p) for n in names for p in parts])
    return ledger


def traffic(total: int, epoch: str, count: int = DEVICES) -> Iterator[tuple[str, bytes]]:
    """``total`` messages, device after device; each device's sequence grows by one."""
    makers = [Device(name, epoch) for name in device_names(count)]
    begun = dict.fromkeys(range(count), 0)
    for number in range(total):
        maker, turn = makers[number % count], number // count
        now = datetime.now(UTC)
        if turn % 5 == 4:
            seen = begun[number % count]
            begun[number % count] += 1
            received = _observation(maker, now, seen)
        else:
            received = maker.event(
                "linli.reading", maker.name, now, "reading", Reading(_round(number))
            )
        yield received.topic, received.payload


def id_of(payload: bytes) -> str:
    """The id of a message."""
    return envelopes.decode(payload).id


def _round(number: int) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(sensor, metric, base + number % 7 / 10, unit)
        for sensor, metric, unit, base in _SENSORS
    )


def _observation(maker: Device, now: datetime, seen: int) -> Received:
    life, step = divmod(seen, len(_LIFE))
    phase = _LIFE[step]
    began = now - timedelta(seconds=5 + 60 * step)
    fields = {"boxes": ((0.1, 0.2, 0.4, 0.9),), "tracks": (life,)}
    if phase is Phase.END:
        fields |= {"ended_at": now, "cause": "left"}
    return maker.observation(
        now,
        f"{maker.name}-{maker.epoch}-o{life}",
        phase,
        dwell_s=(now - began).total_seconds(),
        **fields,
    )
