"""The holidays that the project ships, and what is said when a year is missing."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from edge_agent.commands.check import check
from edge_agent.commands.doctor import line
from edge_agent.doctor import holidays
from edge_agent.holidays import load_holidays
from edge_agent.settings import load_configuration
from tests.edge_agent.agent_kit import base_settings, write_configuration

TABLE = Path(__file__).parents[3] / "firmware_configs" / "holidays" / "china.yaml"
OTHER = """\
years:
  - {year: 2199, source: for a test, holidays: [{first: 2199-01-01}]}
"""


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def test_the_table_is_the_state_councils() -> None:
    table = load_holidays(TABLE)
    for row in table.years:
        for day in days_of(row.year):
            assert table.is_holiday(day) == (day in chinese_calendar.holidays), day
            assert table.is_makeup(day) == (day in chinese_calendar.workdays), day


def write(folder: Path, table: str, holidays_row: str = "only") -> Path:
    """A device that watches on public holidays."""
    (folder / "days.yaml").write_text(table, encoding="utf-8")
    (folder / "model.onnx").touch()
    row = {"from": "00:00", "to": "24:00", "holidays": holidays_row}
    zone = {
        "name": "yard",
        "polygon": [[0, 0], [1, 0], [1, 1]],
        "behaviours": [{"type": "intrusion", "dwell": "5s", "schedule": [row]}],
    }
    camera = {
        "name": "gate",
        "source": {"type": "file", "path": "gate.avi"},
        "detector": "main",
        "evidence": {"pictures": False},
        "zones": [zone],
    }
    model = {"name": "main", "type": "openvino", "model": "model.onnx", "classes": {0: "person"}}
    more = {"holidays": "days.yaml", "detectors": [model], "cameras": [camera]}
    return write_configuration(folder, base_settings(1) | more)


def test_check_says_that_the_current_year_is_missing(tmp_path: Path) -> None:
    year = datetime.now(UTC).year
    file = write(tmp_path, OTHER)
    [english] = check(file, open_cameras=False)
    assert f"holidays: expected the holidays of {year}, found a file without them" in english
    [chinese] = check(file, open_cameras=False, lang="zh")
    assert (
        f"holidays：应为 {year} 年的节假日，实际为文件中没有（把当年的放假通知写入该文件）"
        in chinese
    )


def test_nobody_asks_and_nobody_misses_it(tmp_path: Path) -> None:
    assert check(write(tmp_path, OTHER, "ignore"), open_cameras=False) == []


@pytest.mark.parametrize(
    ("now", "red"),
    [
        (datetime(2199, 6, 1, tzinfo=UTC), ""),
        (datetime(2198, 12, 31, 15, tzinfo=UTC), "holidays_unknown: 2198"),
        # in Shanghai it is the year after already
        (datetime(2198, 12, 31, 17, tzinfo=UTC), ""),
    ],
)
def test_doctor_goes_by_the_devices_own_year(tmp_path: Path, now: datetime, red: str) -> None:
    [found] = holidays(load_configuration(write(tmp_path, OTHER)), now)
    assert found.fault == red
    assert "节假日" in line(found, "zh").plain


def test_without_a_file_the_doctor_asks_for_none(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, base_settings(1))
    assert list(holidays(load_configuration(file), datetime.now(UTC))) == []
