"""Calibration and marks, in virtual time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensors import SensorError
from edge_agent.sensors.quality import Judge
from edge_agent.sensors.quantity import Quantity
from linli_contract.payloads import Measurement, Quality
from tests.edge_agent.outbox.outbox_kit import START, after


def _judge(reference: bool = False, **changes: object) -> Judge:
    base = {"metric": "temperature", "unit": "°C", "range": [-40, 85]}
    return Judge("t-1", [Quantity.model_validate(base | changes)], reference)


def _marks(judge: Judge, values: list[float], every: float = 10.0) -> list[str]:
    return [
        judge.judge({"temperature": v}, after(n * every))[0].quality.value
        for n, v in enumerate(values)
    ]


def test_calibration_is_scale_then_offset() -> None:
    [found] = _judge(scale=0.1, offset=-1.5).judge({"temperature": 231}, START)
    assert found == Measurement("t-1", "temperature", 21.6, "°C", Quality.OK)


@pytest.mark.parametrize(("reference", "good"), [(False, "ok"), (True, "reference")])
def test_out_of_range_is_marked_and_never_dropped(reference: bool, good: str) -> None:
    found = _marks(_judge(reference), [-40, 85, -40.1, 85.1, 20])
    assert found == [good, good, "out_of_range", "out_of_range", good]


def test_the_range_is_of_the_calibrated_value() -> None:
    assert _marks(_judge(offset=10), [80, 74]) == ["out_of_range", "ok"]


def test_a_value_that_stays_exactly_the_same_is_stuck() -> None:
    judge = _judge(stuck_after="30s")
    assert _marks(judge, [5, 5, 5, 5, 5, 5.1, 5.1]) == [
        "ok", "ok", "ok", "stuck", "stuck", "ok", "ok",
    ]  # fmt: skip


def test_a_jump_is_doubted_once_and_believed_when_it_stays() -> None:
    judge = _judge(max_change=6.0)  # 1 °C in 10 s
    assert _marks(judge, [20, 21, 60, 60, 20]) == ["ok", "ok", "fault", "ok", "fault"]


def test_the_longer_since_the_last_value_the_more_it_may_have_changed() -> None:
    judge = _judge(max_change=6.0)
    judge.judge({"temperature": 20}, START)
    assert judge.judge({"temperature": 50}, after(300))[0].quality is Quality.OK


def test_of_a_meter_the_growth_is_the_value_and_a_restart_begins_at_zero() -> None:
    rain = Quantity.model_validate(
        {"metric": "rain", "unit": "mm", "range": [0, 50], "scale": 0.1, "counter": True}
    )
    judge = Judge("r-1", [rain], False)
    found = [judge.judge({"rain": raw}, after(n)) for n, raw in enumerate([500, 503, 503, 510, 4])]
    assert [[one.value for one in row] for row in found] == [[], [0.3], [0.0], [0.7], [0.4]]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_an_error(value: float) -> None:
    with pytest.raises(SensorError, match="finite") as caught:
        _judge().judge({"temperature": value}, START)
    assert caught.value.code == "sensor_garbled"


@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_every_value_in_is_a_measurement_out(values: list[float]) -> None:
    assert len(_marks(_judge(max_change=1.0, stuck_after="10s"), values)) == len(values)
