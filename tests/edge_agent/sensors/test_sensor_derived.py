"""AQI, LAeq and sums of rain: known values, exact breakpoints, windows, restarts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import Moment
from edge_agent.sensors.derived import Derivation, derivations
from edge_agent.sensors.derived.aqi import AirQuality, iaqi, load_breakpoints
from edge_agent.sensors.derived.rain import RainSums
from edge_agent.sensors.derived.sound import SoundLevel, energy, mean_level
from linli_contract.metrics import METRICS
from linli_contract.payloads import Measurement, Quality
from tests.edge_agent.outbox.outbox_kit import START, after

TABLE = load_breakpoints()


def _one(metric: str, value: float, quality: Quality = Quality.OK) -> Measurement:
    return Measurement("s-1", metric, value, METRICS[metric], quality)


@pytest.mark.parametrize(
    ("pollutant", "rows"),
    [
        ("pm2_5", {0: 0, 35: 50, 60: 100, 115: 150, 150: 200, 250: 300, 350: 400, 500: 500}),
        ("pm10", {0: 0, 50: 50, 120: 100, 250: 150, 350: 200, 420: 300, 500: 400, 600: 500}),
    ],
)
def test_iaqi_at_the_breakpoints_of_hj_633_2026(pollutant: str, rows: dict[int, int]) -> None:
    for concentration, index in rows.items():
        assert iaqi(TABLE, pollutant, concentration) == index
        assert iaqi(TABLE, pollutant, concentration + 0.001) in (index + 1, 500)


@pytest.mark.parametrize(
    ("pollutant", "concentration", "index"),
    [
        ("pm2_5", 36, 52),  # 50 + 50 / 25 × 1 = 52
        ("pm2_5", 35.1, 51),  # 50.2, rounded up
        ("pm2_5", 75, 114),  # 100 + 50 / 55 × 15 = 113.6; the old standard said 100
        ("pm2_5", 9999, 500),
        ("pm10", 150, 112),  # 100 + 50 / 130 × 30 = 111.5; the old standard said 100
        ("pm10", 1, 1),
        ("pm10", 0.001, 1),
        ("pm10", -3, 0),
    ],
)
def test_iaqi_between_breakpoints(pollutant: str, concentration: float, index: int) -> None:
    assert iaqi(TABLE, pollutant, concentration) == index


@given(st.floats(0, 700), st.floats(0, 50))
def test_more_dust_never_has_a_lower_index(concentration: float, more: float) -> None:
    for pollutant in ("pm2_5", "pm10"):
        assert iaqi(TABLE, pollutant, concentration) <= iaqi(TABLE, pollutant, concentration + more)


def _feed(
    made: Derivation, rows: Sequence[tuple[float, list[Measurement]]]
) -> list[tuple[float, Measurement]]:
    """(seconds after the start, what was told then)."""
    told = []
    for seconds, values in rows:
        told += [(seconds, one) for one in made.feed(values, after(seconds))]
    return told


def _hour(pm2_5: float, pm10: float, start: int = 0, minutes: int = 62) -> list:
    return [
        (start + minute * 60.0, [_one("pm2_5", pm2_5), _one("pm10", pm10)])
        for minute in range(minutes)
    ]


def test_the_aqi_is_the_worse_of_two_hourly_means_and_a_reference() -> None:
    told = _feed(AirQuality("s-1", 60.0, TABLE), _hour(36, 150))
    at, last = told[-1]
    assert last == Measurement("s-1", "aqi_1h", 112.0, "AQI", Quality.REFERENCE)
    assert [row[0] for row in told] == [minute * 60.0 for minute in range(45, 62)]
    assert at == 3660.0


def test_the_mean_is_of_the_last_60_minutes_only() -> None:
    rows = _hour(300, 0) + _hour(35, 50, start=62 * 60)
    values = [one.value for _, one in _feed(AirQuality("s-1", 60.0, TABLE), rows)]
    assert values[0] == 350.0
    assert values[-1] == 50.0


def test_values_that_are_not_trusted_do_not_count() -> None:
    made = AirQuality("s-1", 60.0, TABLE)
    bad = [(m * 60.0, [_one("pm2_5", 999, Quality.OUT_OF_RANGE)]) for m in range(70)]
    assert _feed(made, bad) == []


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([60.0] * 10, 60.0),
        ([60.0, 60.0], 60.0),
        ([60.0, 70.0], 67.4),  # 10 lg ((10^6 + 10^7) / 2) = 67.404
        ([50.0] * 9 + [80.0], 70.0),  # one loud tenth carries it: 70.004
        ([0.0], 0.0),
    ],
)
def test_the_energy_mean(levels: list[float], expected: float) -> None:
    assert mean_level(sum(map(energy, levels)), len(levels)) == expected


def test_laeq_once_a_minute_when_the_ten_minutes_are_full() -> None:
    made = SoundLevel("s-1", 10.0)
    quiet, loud = [_one("noise", 60.0)], [_one("noise", 70.0)]
    rows = [(n * 10.0, quiet if n % 2 else loud) for n in range(130)]
    told = _feed(made, rows)
    assert {one.value for _, one in told} == {67.4}
    # nine of ten minutes are enough; the run begins 40 s into a minute of the monotonic clock
    assert told[0][0] == 560.0
    assert [b[0] - a[0] for a, b in pairwise(told)] == [60.0] * (len(told) - 1)


def test_laeq_with_a_gap_says_nothing() -> None:
    rows = [(n * 10.0, [_one("noise", 60.0)]) for n in range(130) if not 40 <= n < 60]
    times = [at for at, _ in _feed(SoundLevel("s-1", 10.0), rows)]
    assert times == [] or min(times) > 1000


def _rain(folder: Path, metrics: Sequence[str] = ("rain_3h", "rain_6h", "rain_12h")) -> RainSums:
    [made] = derivations("rain-1", 60.0, metrics, folder)
    assert isinstance(made, RainSums)
    return made


def _last(told: list[tuple[float, Measurement]]) -> dict[str, float]:
    return {one.metric: one.value for _, one in told}


def _shower(hours: float, start_h: float, mm: float) -> list[tuple[float, list[Measurement]]]:
    minutes = range(int(start_h * 60), int((start_h + hours) * 60))
    return [(minute * 60.0, [_one("rain", mm)]) for minute in minutes]


def test_rain_over_three_windows(tmp_path: Path) -> None:
    made = _rain(tmp_path)
    _feed(made, _shower(1, 0, 1.0))  # 60 mm in the first hour
    assert _last(_feed(made, _shower(0.1, 2, 0))) == {
        "rain_3h": 60.0, "rain_6h": 60.0, "rain_12h": 60.0,
    }  # fmt: skip
    assert _last(_feed(made, _shower(0.1, 5, 0))) == {
        "rain_3h": 0.0, "rain_6h": 60.0, "rain_12h": 60.0,
    }  # fmt: skip
    assert _last(_feed(made, _shower(0.1, 11, 0)))["rain_12h"] == 60.0
    assert _last(_feed(made, _shower(0.1, 13, 0)))["rain_12h"] == 0.0


def test_the_sums_outlive_a_restart_and_a_reboot(tmp_path: Path) -> None:
    _feed(_rain(tmp_path), _shower(1, 0, 0.5))
    again = _rain(tmp_path)
    moment = replace(after(3600), mono=5.0, boot="boot-2")
    told = again.feed([_one("rain", 0.5)], moment)
    assert {one.metric: one.value for one in told}["rain_3h"] == 30.5


def test_what_fell_before_the_clock_was_set_counts_at_its_true_time(tmp_path: Path) -> None:
    made = _rain(tmp_path, ["rain_3h"])
    unset = Moment(datetime(2024, 1, 1, tzinfo=UTC), 100.0, clock_set=False)
    assert made.feed([_one("rain", 2.0)], unset) == []
    four_hours = timedelta(hours=4)
    late = Moment(START.wall + four_hours, 100.0 + four_hours.total_seconds())
    assert [one.value for one in made.feed([_one("rain", 1.0)], late)] == [1.0]
    soon = _rain(tmp_path / "other", ["rain_3h"])
    soon.feed([_one("rain", 2.0)], unset)
    told = soon.feed([_one("rain", 1.0)], Moment(START.wall, 160.0))
    assert [one.value for one in told] == [3.0]


def test_damaged_sums_are_a_fault_and_not_a_silent_zero(tmp_path: Path) -> None:
    (tmp_path / "rain-1.rain.json").write_text('{"minutes": {"x"')
    made = _rain(tmp_path)
    assert made.fault == "sensor_state: rain-1"
    made.feed([_one("rain", 1.0)], START)
    assert made.fault == "", "the next sums are kept"


def test_sums_that_cannot_be_kept_are_a_fault_and_still_told(tmp_path: Path) -> None:
    made = _rain(tmp_path / "file" / "below")
    (tmp_path / "file").write_text("in the way")
    told = made.feed([_one("rain", 1.0)], START)
    assert [one.value for one in told] == [1.0, 1.0, 1.0]
    assert made.fault == "sensor_state: rain-1"


def test_derivations_by_name(tmp_path: Path) -> None:
    names = ["aqi_1h", "laeq_10min", "rain_3h", "rain_12h"]
    kinds = [type(one) for one in derivations("s", 10.0, names, tmp_path)]
    assert kinds == [AirQuality, SoundLevel, RainSums]
