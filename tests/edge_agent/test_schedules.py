"""Weekly schedules in local time, with holidays; what is on duty when is data."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.behaviours import BEHAVIOURS, unknown_years, watchers
from edge_agent.behaviours.settings import LineSettings, ZoneSettings
from edge_agent.holidays import load_holidays
from edge_agent.schedules import Duty, ScheduleRow
from edge_agent.settings import load_configuration
from linli_contract.payloads import Phase
from linli_settings import ConfigError
from linli_settings.units import parse_duration
from tests.edge_agent.behaviours.scene_kit import tracks_at

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "behaviours.md"
SHANGHAI = ZoneInfo("Asia/Shanghai")
TABLE = """
years:
  - year: 2031
    source: a notice made up for this test
    holidays:
      - {name: 元旦, first: 2031-01-01}
      - {name: 长假, first: 2031-03-03, last: 2031-03-07}
    workdays: [2031-03-08]
"""
"""A long holiday from Monday to Friday; the Saturday after it is worked."""
NIGHTS = {"from": "22:00", "to": "06:00"}
OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:30"}
WEEKEND = {"days": ["sat", "sun"], "from": "00:00", "to": "24:00"}


def _duty(folder: Path) -> Duty:
    file = folder / "holidays.yaml"
    file.write_text(TABLE, encoding="utf-8")
    return Duty(SHANGHAI, load_holidays(file))


def _rows(*rows: dict[str, object]) -> tuple[ScheduleRow, ...]:
    return tuple(ScheduleRow.model_validate(row) for row in rows)


CASES = [
    # local time (2031-02-24 is a Monday), rows, on duty
    ("2031-02-24 22:00", [NIGHTS], True),
    ("2031-02-24 05:59", [NIGHTS], True),
    ("2031-02-24 06:00", [NIGHTS], False),
    ("2031-02-24 21:59", [NIGHTS], False),
    ("2031-02-24 12:00", [OFFICE], True),
    ("2031-02-24 17:30", [OFFICE], False),
    ("2031-03-01 12:00", [OFFICE], False),
    ("2031-03-01 12:00", [OFFICE, WEEKEND], True),
    ("2031-03-01 23:59", [WEEKEND], True),
    ("2031-02-28 23:59", [WEEKEND], False),
    # a night belongs to the day on which it begins
    ("2031-03-01 05:00", [{"days": ["fri"]} | NIGHTS], True),
    ("2031-03-02 05:00", [{"days": ["fri"]} | NIGHTS], False),
    ("2031-02-28 05:00", [{"days": ["fri"]} | NIGHTS], False),
    # 3 to 7 March are off, the Saturday after is worked
    ("2031-03-04 12:00", [OFFICE], True),
    ("2031-03-04 12:00", [OFFICE | {"holidays": "except"}], False),
    ("2031-03-10 12:00", [OFFICE | {"holidays": "except"}], True),
    ("2031-03-08 12:00", [OFFICE | {"holidays": "except"}], True),
    ("2031-03-08 12:00", [WEEKEND | {"holidays": "except"}], False),
    ("2031-03-09 12:00", [WEEKEND | {"holidays": "except"}], True),
    ("2031-03-08 12:00", [WEEKEND], True),
    ("2031-03-04 12:00", [{"from": "00:00", "to": "24:00", "holidays": "only"}], True),
    ("2031-03-10 12:00", [{"from": "00:00", "to": "24:00", "holidays": "only"}], False),
    ("2031-03-04 12:00", [WEEKEND | {"holidays": "only"}], False),
    # the night of the last day off goes on into the worked Saturday
    ("2031-03-08 03:00", [NIGHTS | {"holidays": "only"}], True),
    ("2031-03-03 03:00", [NIGHTS | {"holidays": "only"}], False),
    ("2031-01-01 12:00", [{"from": "00:00", "to": "24:00", "holidays": "only"}], True),
    ("2031-02-24 12:00", [], True),
]


@pytest.mark.parametrize(("local", "rows", "on"), CASES)
def test_duty(tmp_path: Path, local: str, rows: list[dict[str, object]], on: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI).astimezone(UTC)
    assert _duty(tmp_path).is_on(_rows(*rows), now) == (on, None)


def test_the_same_instant_is_another_hour_elsewhere() -> None:
    noon = datetime(2031, 2, 24, 4, tzinfo=UTC)
    assert Duty(SHANGHAI).is_on(_rows(OFFICE), noon)[0]
    assert not Duty(ZoneInfo("America/Lima")).is_on(_rows(OFFICE), noon)[0]


def test_an_unknown_year_is_said_and_weekdays_alone_count(tmp_path: Path) -> None:
    duty = _duty(tmp_path)
    monday = datetime(2032, 3, 1, 12, tzinfo=SHANGHAI)
    assert duty.is_on(_rows(OFFICE | {"holidays": "except"}), monday) == (True, 2032)
    assert duty.is_on(_rows(OFFICE | {"holidays": "only"}), monday) == (True, 2032)
    assert duty.is_on(_rows(WEEKEND | {"holidays": "except"}), monday) == (False, 2032)
    assert duty.is_on(_rows(OFFICE), monday) == (True, None)


@settings(deadline=None)
@given(
    st.integers(0, 364 * 1440),
    st.sampled_from([OFFICE, WEEKEND, {"days": ["mon", "sat"], "from": "06:00", "to": "22:00"}]),
)
def test_a_day_is_watched_with_except_or_with_only(
    tmp_path_factory: pytest.TempPathFactory, minute: int, row: dict[str, object]
) -> None:
    """Apart from make-up workdays, ``except`` and ``only`` share ``ignore`` between them."""
    duty = _duty(tmp_path_factory.mktemp("table"))
    now = datetime(2031, 1, 1, tzinfo=SHANGHAI) + timedelta(minutes=minute)
    if now.date().isoformat() == "2031-03-08":
        return
    on = {
        mode: duty.is_on(_rows(row | {"holidays": mode}), now)[0]
        for mode in ("ignore", "except", "only")
    }
    assert on["ignore"] == (on["except"] or on["only"])
    assert not (on["except"] and on["only"])


REFUSED = {
    "no quotes": ({"from": 1320, "to": "06:00"}, "in quotes"),
    "no such hour": ({"from": "25:00", "to": "06:00"}, "from '00:00' to '24:00'"),
    "no such minute": ({"from": "10:60", "to": "06:00"}, "from '00:00' to '24:00'"),
    "one digit": ({"from": "9:00", "to": "17:00"}, "in quotes"),
    "no time between": ({"from": "08:00", "to": "08:00"}, "two times"),
    "no day": ({"days": [], "from": "08:00", "to": "09:00"}, "at least 1 item"),
    "an unknown day": ({"days": ["monday"], "from": "08:00", "to": "09:00"}, "'mon'"),
    "an unknown mode": ({"from": "08:00", "to": "09:00", "holidays": "no"}, "'ignore'"),
    "begins at the end": ({"from": "24:00", "to": "06:00"}, "begins at '00:00'"),
}


@pytest.mark.parametrize(("row", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_a_row_that_makes_no_sense_is_refused(row: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match="ScheduleRow") as caught:
        ScheduleRow.model_validate(row)
    assert text in str(caught.value)


def test_a_row_is_read_back_as_it_was_written() -> None:
    row = ScheduleRow.model_validate(NIGHTS | {"days": ["sat"]})
    assert ScheduleRow.model_validate(row.model_dump(mode="json")) == row
    assert row.model_dump(mode="json", exclude_unset=True) == NIGHTS | {"days": ["sat"]}


TABLES = {
    "a year's day under another year": ("first: 2031-01-01", "first: 2032-01-01", "2032-01-01"),
    "ends before it begins": ("last: 2031-03-07", "last: 2031-03-01", "not before 2031-03-03"),
    "a worked weekday": ("workdays: [2031-03-08]", "workdays: [2031-03-11]", "2031-03-11"),
    "off and worked": ("last: 2031-03-07", "last: 2031-03-08", "2031-03-08 is both"),
    "without its source": ("    source: a notice made up for this test\n", "", "source"),
    "a year twice": (
        "    workdays: [2031-03-08]",
        "    workdays: [2031-03-08]\n  - {year: 2031, source: x, holidays: [{first: 2031-05-01}]}",
        "more than once: 2031",
    ),
    "an unknown key": ("workdays:", "workday:", "workday"),
}


@pytest.mark.parametrize(("old", "new", "text"), TABLES.values(), ids=TABLES.keys())
def test_a_table_that_makes_no_sense_is_refused(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    assert old in TABLE
    file = tmp_path / "holidays.yaml"
    file.write_text(TABLE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_holidays(file)
    assert text in str(caught.value)


def test_a_watch_begins_and_ends_with_its_schedule(tmp_path: Path) -> None:
    rows = [{"from": "12:00", "to": "12:01", "holidays": "except"}]
    behaviour = {"type": "intrusion", "dwell": "10s", "grace": "60s", "schedule": rows}
    polygon = [[0, 0], [1, 0], [1, 1], [0, 1]]
    zone = ZoneSettings.model_validate(
        {"name": "yard", "polygon": polygon, "behaviours": [behaviour]}
    )
    watch = watchers([zone], lambda: "o1", duty=_duty(tmp_path))
    person = {"label": "person", "size": [0.1, 0.3], "path": [[0, 0.5, 0.8], [9, 0.5, 0.8]]}
    said = {}
    for local in ("11:59:40", "11:59:59", "12:00:00", "12:00:10", "12:00:59", "12:01:00"):
        now = datetime.fromisoformat(f"2031-02-24 {local}").replace(tzinfo=SHANGHAI)
        found = watch[0].step(tracks_at({"things": [person]}, 1), now)
        said[local] = [(o.phase, o.cause) for o in found]
    assert {local: row for local, row in said.items() if row} == {
        "12:00:10": [(Phase.START, "")],
        "12:01:00": [(Phase.END, "disarmed")],
    }
    assert unknown_years(watch) == ()
    watch[0].step([], datetime(2032, 2, 23, 12, 0, 30, tzinfo=SHANGHAI))
    assert unknown_years(watch) == (2032,)


def test_the_documents_examples_are_right(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = (block for block in blocks if block.startswith("time_zone"))
    (table,) = (block for block in blocks if block.startswith("years"))
    rest = """
county: "330899"
device: pi-0001
data_dir: data
broker: {host: hub.county, port: 1883, protocol: "5"}
hub: {url: "https://hub.county", token: file:token}
detectors: [{name: main, type: openvino, model: yolo11n}]
"""
    named = example.replace(
        "detector: main", "detector: main\n    source: {type: file, path: a.mp4}"
    )
    (tmp_path / "edge.yaml").write_text(rest + named, encoding="utf-8")
    (tmp_path / "holidays.yaml").write_text(table, encoding="utf-8")
    configuration = load_configuration(tmp_path / "edge.yaml")
    watch = watchers(
        configuration.settings.cameras[0].zones,
        lambda: "o",
        configuration.settings.cameras[0].lines,
        configuration.duty(),
    )
    assert [guard.event_type for guard in watch] == [
        "loitering",
        "intrusion",
        "fire_lane_blocked",
        "line_crossing",
    ]


def test_the_document_names_every_kind_and_its_dwell() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|", text, re.MULTILINE))
    line = LineSettings.model_validate({"name": "l", "line": [[0, 0], [1, 1]]})
    assert parse_duration(rows.pop("line_crossing").replace(" ", "")) == line.settle
    for kind, default in rows.items():
        zone = ZoneSettings.model_validate(
            {"name": "z", "polygon": [[0, 0], [1, 0], [1, 1]], "behaviours": [{"type": kind}]}
        )
        shown = default.replace(" ", "")
        dwell = zone.behaviours[0].model_dump(mode="json")["dwell"]
        assert parse_duration(dwell) == parse_duration(shown)
    for kind in BEHAVIOURS:
        assert f"`{kind}`" in text
