"""A point is a pure function of its row."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from hub_server.ledger.place import Place
from hub_server.stores import sqlite
from hub_server.stores.line_protocol import Point, UnwritableError, decode, encode
from hub_server.stores.points import (
    Origin,
    health_points,
    observation_point,
    reading_points,
    time_ns,
)
from linli_contract.payloads import (
    CameraHealth,
    Health,
    LaneHealth,
    Measurement,
    Observation,
    Phase,
    Reading,
)

PLACE = Place("330899", "330899001", "330899001001", "330899001001001")
TAGS = ["community", "county", "device", "grid", "source", "town", "type"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME = datetime(2026, 11, 22, 8, 0, 0, 123_456, tzinfo=UTC)
ORIGIN = Origin(PLACE, "pi-0001", "e1", TIME, 1_000_007)


def test_the_time_is_ms_and_the_sequence_within_a_million() -> None:
    assert time_ns(TIME, 1_000_007) == 1_795_334_400_123_000_007


@given(
    st.integers(0, 4 * 10**9 * 10**6).map(lambda us: EPOCH + timedelta(microseconds=us)),
    st.integers(0, 2**63 - 1),
)
def test_no_point_leaves_its_millisecond(time: datetime, sequence: int) -> None:
    start = time - timedelta(microseconds=time.microsecond % 1000)
    assert time_ns(start, 0) <= time_ns(time, sequence) < time_ns(start, 0) + 1_000_000


def test_a_round_of_readings() -> None:
    reading = Reading(
        (Measurement("gas-1", "gas_lel", 3, "%LEL"), Measurement("t", "temp", -1, "C"))
    )
    lines = [encode(one) for one in reading_points(ORIGIN, reading, {})]
    assert lines[0] == (
        "reading,community=330899001001,county=330899,device=pi-0001,grid=330899001001001,"
        "source=gas-1,town=330899001,type=gas_lel "
        'value=3.0,unit="%LEL",quality="ok",id="e1" 1795334400123000007'
    )
    assert len({line.split(" ")[0] for line in lines}) == 2


def test_health_has_a_point_for_the_device_each_camera_and_each_lane() -> None:
    health = Health(
        version="1",
        uptime_s=5.0,
        state="fault",
        cameras=(CameraHealth("gate", "fault", "cannot_open"),),
        lanes=(LaneHealth("events", 3),),
    )
    points = health_points(ORIGIN, health)
    assert [(one.tags["source"], one.tags["type"]) for one in points] == [
        ("pi-0001", "device"),
        ("gate", "camera"),
        ("events", "lane"),
    ]
    assert [one.fields.get("up") for one in points] == [0.0, 0.0, None]
    assert "cpu_percent" not in points[0].fields
    assert all(isinstance(v, float | str) for one in points for v in one.fields.values())


def test_every_point_has_the_seven_tags_floats_and_the_time_of_its_message() -> None:
    reading = Reading((Measurement("gas-1", "gas_lel", 3, "%LEL"),))
    health = Health(
        version="1",
        uptime_s=5,
        state="ok",
        cameras=(CameraHealth("gate", "ok"),),
        lanes=(LaneHealth("events", 3),),
    )
    seen = Observation(
        observation_id="o",
        phase=Phase.START,
        zone="yard",
        started_at=TIME,
        triggered_at=TIME,
        dwell_s=5,
    )
    points = [
        *reading_points(ORIGIN, reading, {}),
        observation_point(ORIGIN, "gate", "intrusion", seen),
        *health_points(ORIGIN, health),
    ]
    assert len(points) == 5
    for point in points:
        assert sorted(point.tags) == TAGS
        assert all(point.tags.values())
        assert point.time_ns == ORIGIN.time_ns
        assert point.fields["id"] == "e1"
        read = decode(encode(point))
        assert read == point
        assert all(isinstance(value, float | str) for value in read.fields.values())


@example({"text": "a=1,b", "number": 2.5})
@given(
    st.dictionaries(
        st.text('ab_é "\\,=', min_size=1, max_size=4),
        st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_the_short_way_into_sqlite_writes_what_the_long_way_does(
    fields: dict[str, float | str],
) -> None:
    try:
        line = encode(Point("m", {"a": "b", "d": "é"}, fields, 1))
    except UnwritableError:
        return
    short, long = sqlite._plain(line), sqlite._row(decode(line))
    assert short is None or (short[:3], json.loads(short[3])) == (long[:3], json.loads(long[3]))


def test_a_reading_goes_the_short_way() -> None:
    reading = Reading((Measurement("gas-1", "pm25", 3.5, "µg/m³"),))
    [line] = [encode(one) for one in reading_points(ORIGIN, reading, {})]
    assert sqlite._plain(line) == sqlite._row(decode(line))
