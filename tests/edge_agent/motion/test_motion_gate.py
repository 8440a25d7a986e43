"""The motion gate: its decision as data, in virtual time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.cameras.settings import MotionSettings
from edge_agent.motion import (
    GateState,
    MotionGate,
    may_rest,
    must_look,
    share_changed,
    small_grey,
)
from edge_agent.types import Frame, Track

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = MotionSettings()
YARD = ((0.4, 0.4), (0.8, 0.4), (0.8, 0.8), (0.4, 0.8))


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def state(**seconds: float) -> GateState:
    occupied = int(seconds.pop("occupied", 0))
    return GateState(occupied=occupied, **{name: at(value) for name, value in seconds.items()})


STILL = {"looked_at": 100, "changed_at": 0, "busy_at": 0}


@pytest.mark.parametrize(
    ("known", "moved", "now", "looks"),
    [
        (GateState(), False, 0, True),
        (state(**STILL), False, 101, False),
        (state(**STILL), True, 101, True),
        (state(**{**STILL, "changed_at": 99}), False, 101, True),
        (state(**{**STILL, "changed_at": 95}), False, 101, False),
        # occupied: at least every 5 s, and the last frame before counts
        (state(**STILL, occupied=1), False, 104.9, False),
        (state(**STILL, occupied=1), False, 105.1, True),
        (state(**STILL, occupied=1, frame_at=103), False, 104, False),
        (state(**STILL, occupied=1, frame_at=103), False, 104.1, True),
        # empty: not before five minutes
        (state(**STILL), False, 399, False),
        (state(**STILL), False, 401, True),
    ],
)
def test_when_the_detector_must_look(
    known: GateState, moved: bool, now: float, looks: bool
) -> None:
    assert must_look(known, moved, at(now), SETTINGS) is looks


@pytest.mark.parametrize(
    ("known", "rests"),
    [
        (GateState(), False),
        (state(looked_at=100, changed_at=9, busy_at=9), True),
        (state(looked_at=100, changed_at=11, busy_at=9), False),
        (state(looked_at=100, changed_at=9, busy_at=11), False),
        (state(looked_at=100, changed_at=9, busy_at=9, occupied=1), False),
    ],
)
def test_when_keyframes_are_enough(known: GateState, rests: bool) -> None:
    assert may_rest(known, at(100), SETTINGS) is rests


def test_no_grace_is_longer_than_the_wait_for_the_rest() -> None:
    """Whoever left is known to have left before behaviours stop seeing frames."""
    from pydantic import TypeAdapter, ValidationError

    from edge_agent.behaviours.watch_settings import Grace

    with pytest.raises(ValidationError):
        TypeAdapter(Grace).validate_python("61s")
    with pytest.raises(ValidationError):
        MotionSettings.model_validate({"rest_after": "59s"})


def frame(seconds: float, value: int = 60, spot: int | None = None) -> Frame:
    image = np.full((240, 320, 3), value, np.uint8)
    if spot is not None:
        image[spot : spot + 30, 160:175] = 200
    return Frame("gate", image, at(seconds), 0, small_grey(image))


def track(box: tuple[float, float, float, float] = (0.5, 0.5, 0.6, 0.7)) -> Track:
    return Track(1, box, "person", 0.9)


def test_a_still_person_is_looked_at_again_and_again_but_not_in_every_frame() -> None:
    gate, looks = MotionGate(SETTINGS, [YARD]), []
    for tick in range(600):
        shown = frame(tick / 10, spot=100)
        if not gate.holds(shown):
            looks.append(tick / 10)
            gate.looked(shown, [track()])
    gaps = np.diff([seconds for seconds in looks if seconds > 6])
    assert looks[:50] == [tick / 10 for tick in range(50)]
    assert gaps.max() <= 5
    assert len(looks) < 70
    assert not gate.resting


def test_whoever_comes_or_goes_is_looked_at_in_that_frame() -> None:
    gate = MotionGate(SETTINGS, [YARD])
    for tick in range(100):
        shown = frame(tick / 10)
        if not gate.holds(shown):
            gate.looked(shown, [])
    assert gate.holds(frame(10.0))
    came = frame(10.1, spot=100)
    assert not gate.holds(came)
    gate.looked(came, [track()])
    assert not gate.holds(frame(10.2))


def test_a_slow_change_is_seen_since_the_last_look_counts() -> None:
    """Two grey levels a second: no two frames differ much."""
    gate, looks = MotionGate(SETTINGS, [YARD]), []
    for tick in range(300):
        shown = frame(tick / 10, value=60 + tick // 5)
        if not gate.holds(shown):
            looks.append(tick)
            gate.looked(shown, [])
    assert any(tick > 60 for tick in looks)


def test_a_track_lost_without_motion_is_searched_in_every_frame() -> None:
    """A detector that misses someone for a moment must not end his stay for five seconds."""
    gate = MotionGate(SETTINGS, [YARD])
    for tick in range(100):
        shown = frame(tick / 10)
        if not gate.holds(shown):
            gate.looked(shown, [track()])
    missed = next(frame(s / 10) for s in range(100, 200) if not gate.holds(frame(s / 10)))
    gate.looked(missed, [])
    after = missed.time - T0
    for step in range(1, 49):
        assert not gate.holds(frame(after.total_seconds() + step / 10))
        gate.looked(frame(after.total_seconds() + step / 10), [track()] if step > 40 else [])


def test_rest_after_long_emptiness_and_its_end() -> None:
    gate = MotionGate(SETTINGS, [YARD])
    for second in range(90):
        shown = frame(second)
        if not gate.holds(shown):
            gate.looked(shown, [track((0, 0, 0.1, 0.1))])  # far from the zone
        assert not gate.resting, second
    gate.holds(frame(95))
    assert gate.resting
    assert not gate.wakes(frame(96).small, at(96))  # type: ignore[arg-type]  # it was made
    assert gate.wakes(frame(98, spot=100).small, at(98))  # type: ignore[arg-type]  # as above
    assert not gate.resting


def test_a_rest_ends_when_it_is_time_to_look() -> None:
    gate = MotionGate(SETTINGS, [YARD])
    gate.looked(frame(0), [])
    gate.looked(frame(6), [])
    gate.holds(frame(120))
    assert gate.resting
    small = frame(0).small
    assert small is not None
    assert not gate.wakes(small, at(300))
    assert gate.wakes(small, at(307))


def test_a_clock_set_back_ends_the_rest() -> None:
    gate = MotionGate(SETTINGS, [YARD])
    gate.looked(frame(0), [])
    gate.looked(frame(6), [])
    gate.holds(frame(120))
    small = frame(0).small
    assert small is not None
    assert gate.wakes(small, at(-3000))


def test_off_means_every_frame_is_looked_at() -> None:
    gate = MotionGate(MotionSettings(enabled=False), [YARD])
    for second in range(200):
        assert not gate.holds(frame(second))
        gate.looked(frame(second), [])
    assert not gate.resting


@given(st.integers(0, 200), st.integers(0, 100), st.integers(2, 40))
def test_the_share_that_changed(top: int, left: int, side: int) -> None:
    before = np.full((240, 160), 60, np.uint8)
    after = before.copy()
    after[top : top + side, left : left + side] = 90
    assert share_changed(after, before, 0.05) == pytest.approx(
        min(side, 240 - top) * side / before.size
    )
    assert share_changed(after, before, 0.2) == 0
    assert share_changed(after[1:], before, 0.2) == 1
