"""A ledger with one enrolled device, and messages as a device makes them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from sqlite3 import Connection

import msgspec
from sqlalchemy import RowMapping, Table, event, insert, select

from hub_server.alerting.engine import Limits
from hub_server.alerting.rules import Rules, load_rules
from hub_server.devices.areas import Area, load_areas, store_areas
from hub_server.incidents.incident_types import IncidentType, load_incident_types
from hub_server.incidents.policy import OpeningPolicy
from hub_server.ingest.decode import decode
from hub_server.ingest.types import Message, Received
from hub_server.ledger.counters import read_all
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import devices, sources
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.work import Parts
from linli_contract import envelope as envelopes
from linli_contract import topics
from linli_contract.envelope import Envelope, encode_data, format_sequence, schema_of
from linli_contract.event_types import ENVELOPE_HEALTH, ENVELOPE_READING, envelope_type
from linli_contract.payloads import Health, Measurement, Observation, Phase, Picture, Reading
from linli_contract.topics import Channel
from tests.support.migrated import put_sqlite

COUNTY = "330899"
GRID = "330899001001001"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
RULES = Path(__file__).parents[2] / "rules"


class HubClock:
    """The hub's clock of a test."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def make_ledger(place: Path | str, *names: str, synced: bool = True) -> Ledger:
    """A ledger with the areas and the devices ``names`` (pi-0001 without any).

    ``place`` is a folder for a SQLite file, or the address of a ledger without a row. One that is
    not ``synced`` waits for no disk: for tests that do not ask what a power cut leaves.
    """
    if isinstance(place, Path):
        put_sqlite(place / "ledger.sqlite")
        place = f"sqlite:///{place / 'ledger.sqlite'}"
    ledger = open_ledger(place)
    if not synced and ledger.url.get_backend_name() == "sqlite":
        event.listen(ledger._engine.pool, "connect", _unsynced)
    with ledger.write() as conn:
        store_areas(conn, _areas())
        for name in names or ("pi-0001",):
            conn.execute(insert(devices).values(**device_row(name)))
            for source in ("gate", "gas-1"):
                conn.execute(insert(sources).values(**source_row(name, source)))
    return ledger


def rows(ledger: Ledger, table: Table) -> list[RowMapping]:
    with ledger.read() as conn:
        return list(conn.execute(select(table)).mappings())


def figures(ledger: Ledger) -> dict[str, int]:
    """The ledger's counters."""
    with ledger.read() as conn:
        return read_all(conn)


def _unsynced(raw: Connection, _record: object) -> None:
    raw.execute("PRAGMA synchronous=OFF")


def device_row(name: str) -> dict[str, object]:
    return {
        "device": name,
        "county": COUNTY,
        "profile": "raspberry-pi-5",
        "grid": GRID,
        "token_hash": "x",
        "enrolled_at": NOW,
    }


def source_row(device: str, name: str) -> dict[str, object]:
    kind = "sensor" if name.startswith("gas") else "camera"
    place = {"grid": GRID, "lat": 29.117, "lon": 119.164}
    return {"device": device, "name": name, "kind": kind, "zh": "东门", "en": "East gate", **place}


def make_parts(
    targets: tuple[str, ...] = ("county", "console"), rules: Rules | None = None
) -> Parts:
    return Parts(
        county=COUNTY,
        rules=rules or replace(_rules(), broken={}),
        policy=OpeningPolicy(COUNTY, _types(), targets),
        areas=Areas(_areas()),
        limits=Limits(),
    )


# the packs are read once: that takes longer than most tests


@cache
def _rules() -> Rules:
    return load_rules(RULES)


@cache
def _types() -> Mapping[str, IncidentType]:
    return load_incident_types(RULES / "incident_types.yaml")


@cache
def _areas() -> list[Area]:
    return load_areas(RULES / "areas.yaml")


def make_pipeline(ledger: Ledger, clock: HubClock, parts: Parts | None = None) -> Pipeline:
    return Pipeline(ledger, parts or make_parts(), clock)


class Device:
    """Makes messages of one device, with its own epoch and sequence."""

    def __init__(self, name: str = "pi-0001", epoch: str = "e1") -> None:
        self.name, self.epoch, self.sequence = name, epoch, 0

    def observation(
        self,
        time: datetime,
        observation_id: str = "o1",
        phase: Phase = Phase.START,
        event: str = "intrusion",
        pictures: tuple[Picture, ...] = (),
        **fields: object,
    ) -> Received:
        payload = Observation(
            observation_id=observation_id,
            phase=phase,
            zone="courtyard",
            started_at=time - timedelta(seconds=5),
            triggered_at=time,
            dwell_s=5.0,
            label="person",
            confidence=0.8,
            pictures=pictures,
        )
        payload = msgspec.structs.replace(payload, **fields)
        return self.event(envelope_type(event), "gate", time, "observation", payload, event)

    def reading(
        self, time: datetime, values: Mapping[str, float], sensor: str = "gas-1"
    ) -> Received:
        rows = tuple(Measurement(sensor, name, value, "u") for name, value in values.items())
        return self.event(ENVELOPE_READING, self.name, time, "reading", Reading(rows))

    def health(self, time: datetime) -> Received:
        payload = Health(version="0.1.0", uptime_s=1.0, state="ok", cpu_percent=12)
        return self.event(ENVELOPE_HEALTH, self.name, time, "health", payload)

    def event(
        self,
        kind: str,
        subject: str,
        time: datetime,
        schema: str,
        payload: object,
        name: str = "",
        arrives: datetime | None = None,
    ) -> Received:
        self.sequence += 1
        envelope = Envelope(
            id=f"{self.name}-{self.epoch}-{self.sequence}",
            source=envelopes.source_of(COUNTY, self.name),
            type=kind,
            subject=subject,
            time=time,
            sequence=format_sequence(self.sequence),
            epoch=self.epoch,
            dataschema=schema_of(schema),
            data=encode_data(payload),
        )
        channel = {"reading": Channel.READING, "health": Channel.HEALTH}.get(schema, Channel.EVENT)
        topic = topics.build(COUNTY, self.name, channel, name)
        return Received(topic, envelopes.encode(envelope), arrives or time)


def decoded(*received: Received) -> list[Message]:
    return [decode(one, COUNTY) for one in received]
