"""The messages whose bytes are frozen, as objects. Each has a file of its name in ``golden/``.

A golden file is never written over: a change of the wire form is a new major version. To add a
message, add it here and run this file once; it writes only what is not there.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from linli_contract.envelope import Envelope, encode, encode_data, format_sequence, schema_of
from linli_contract.payloads import (
    Ack,
    AckRange,
    CameraHealth,
    Command,
    Health,
    LaneHealth,
    Latency,
    Measurement,
    Observation,
    Phase,
    Picture,
    Quality,
    Reading,
    Reply,
    Status,
    Tombstone,
    TwinDesired,
    TwinReported,
)

FOLDER = Path(__file__).with_name("golden")
EPOCH = "0195a1b2-0000-7000-8000-000000000001"
CONNECTION = "0195a1b2-0000-7000-8000-0000000000c1"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def at(second: int, micro: int = 0) -> datetime:
    return datetime(2026, 3, 1, 8, 30, second, micro, tzinfo=UTC)


OBSERVATION_START = Observation(
    observation_id="0195a1b2-0000-7000-8000-0000000000b1",
    phase=Phase.START,
    zone="courtyard",
    started_at=at(0, 250000),
    triggered_at=at(5, 250000),
    dwell_s=5.0,
    label="person",
    count=2,
    confidence=0.875,
    tracks=(3, 7),
    boxes=((0.25, 0.5, 0.375, 0.75), (0.5, 0.5, 0.625, 0.75)),
    pictures=(Picture(SHA, "near", 1280, 720, 123456),),
)
OBSERVATION_END = Observation(
    observation_id="0195a1b2-0000-7000-8000-0000000000b1",
    phase=Phase.END,
    zone="courtyard",
    started_at=at(0, 250000),
    triggered_at=at(5, 250000),
    ended_at=at(42),
    dwell_s=41.75,
    cause="left",
)
OBSERVATION_TEST = Observation(
    observation_id="0195a1b2-0000-7000-8000-0000000000b2",
    phase=Phase.START,
    zone="test",
    started_at=at(1),
    triggered_at=at(1),
    dwell_s=0.0,
    test=True,
)
READING = Reading(
    (
        Measurement("gas-1", "gas_lel", 12.5, "%LEL"),
        Measurement("pm-1", "pm2_5", 35.0, "µg/m³", Quality.REFERENCE),
        Measurement("tilt-1", "tilt", 400.0, "°", Quality.OUT_OF_RANGE),
    )
)
HEALTH_OK = Health(version="0.1.0", uptime_s=90.5, state="ok")
HEALTH_FAULT = Health(
    version="0.1.0",
    uptime_s=3600.0,
    state="fault",
    cameras=(
        CameraHealth("gate", "ok", "", 25.0, 7.5, 0.125, {"newest_wins": 17}),
        CameraHealth("yard", "fault", "cannot_open"),
    ),
    lanes=(LaneHealth("events", 3, 2, 1, 61.5), LaneHealth("telemetry", 0)),
    cpu_percent=41.5,
    temperature_c=62.0,
    memory_mb=512.0,
    disk_free_mb=20000.0,
    clock_set=False,
    faults=("clock_not_set",),
)
HEALTH_DETAILED = Health(
    version="0.2.0",
    uptime_s=7200.0,
    state="fault",
    cameras=(
        CameraHealth(
            "gate",
            "ok",
            fps_in=25.0,
            fps_inferred=7.5,
            fps_decoded=24.5,
            latency=Latency((0.05, 0.1, 0.25), (1, 7, 2, 0), 0.875),
            restarts={"decoder": 1, "inference": 2},
        ),
    ),
    faults=("throttled: under_voltage",),
    memory_free_mb=2048.0,
    clock_offset_s=0.000125,
    throttled=("under_voltage",),
)
TOMBSTONE = Tombstone(EPOCH, "telemetry", 10, 250, 120, "outbox_full")
STATUS_ONLINE = Status("online", CONNECTION, "0.1.0")
STATUS_OFFLINE = Status("offline", CONNECTION, "0.1.0", "connection lost")
TWIN_DESIRED = TwinDesired(4, {"health": {"interval": "10s"}})
TWIN_REPORTED = TwinReported(4, {"health": {"interval": "10s"}})
TWIN_REFUSED = TwinReported(
    5, {"health": {"interval": "10s"}}, ok=False, errors=("health.interval: a duration",)
)
TWIN_TRIAL = TwinReported(6, {"health": {"interval": "5s"}}, trial=True)
TWIN_ROLLED_BACK = TwinReported(
    6,
    {"health": {"interval": "10s"}},
    ok=False,
    errors=("rolled back to version 4, the device turned red: gate: cannot_open",),
    in_force=4,
)
ACK = Ack((AckRange(EPOCH, 1, 41), AckRange(EPOCH, 43, 43)))
COMMAND = Command("0195a1b2-0000-7000-8000-0000000000d1", "test_event", at(59), {"camera": "gate"})
REPLY_OK = Reply(COMMAND.id, ok=True, result={"camera": "gate"})
REPLY_REFUSED = Reply(COMMAND.id, ok=False, error="expired")

PAYLOADS: dict[str, msgspec.Struct] = {
    "observation_start": OBSERVATION_START,
    "observation_end": OBSERVATION_END,
    "observation_test": OBSERVATION_TEST,
    "reading": READING,
    "health_ok": HEALTH_OK,
    "health_fault": HEALTH_FAULT,
    "health_detailed": HEALTH_DETAILED,
    "tombstone": TOMBSTONE,
    "status_online": STATUS_ONLINE,
    "status_offline": STATUS_OFFLINE,
    "twin_desired": TWIN_DESIRED,
    "twin_reported": TWIN_REPORTED,
    "twin_refused": TWIN_REFUSED,
    "twin_trial": TWIN_TRIAL,
    "twin_rolled_back": TWIN_ROLLED_BACK,
    "ack": ACK,
    "command": COMMAND,
    "reply_ok": REPLY_OK,
    "reply_refused": REPLY_REFUSED,
}


def _envelope(kind: str, number: int, subject: str, data: msgspec.Struct, type_: str) -> Envelope:
    return Envelope(
        id=f"0195a1b2-0000-7000-8000-{number:012x}",
        source="/linli/330899/pi-0001",
        type=type_,
        subject=subject,
        time=at(5, 250000),
        sequence=format_sequence(number),
        epoch=EPOCH,
        dataschema=schema_of(kind),
        data=encode_data(data),
    )


_INTRUSION = _envelope("observation", 42, "gate", OBSERVATION_START, "linli.event.intrusion")
ENVELOPES: dict[str, Envelope] = {
    "envelope_event": _INTRUSION,
    "envelope_event_estimated": msgspec.structs.replace(_INTRUSION, timeestimated=True),
    "envelope_event_signed": msgspec.structs.replace(_INTRUSION, signature="ed25519:AAAA"),
    "envelope_reading": _envelope("reading", 43, "pi-0001", READING, "linli.reading"),
    "envelope_health": _envelope("health", 44, "pi-0001", HEALTH_FAULT, "linli.health"),
    "envelope_tombstone": _envelope("tombstone", 45, "pi-0001", TOMBSTONE, "linli.event.tombstone"),
}


def golden_bytes(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def _write_new() -> None:
    made = {name: msgspec.json.encode(payload) for name, payload in PAYLOADS.items()}
    made |= {name: encode(envelope) for name, envelope in ENVELOPES.items()}
    FOLDER.mkdir(exist_ok=True)
    for name, body in made.items():
        file = FOLDER / f"{name}.json"
        if not file.exists():
            file.write_bytes(body)


if __name__ == "__main__":
    _write_new()
