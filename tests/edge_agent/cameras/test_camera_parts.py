"""The parts of a camera, each by itself and in virtual time."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.backoff import Backoff
from edge_agent.cameras.newest import Newest
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.rtsp import address
from edge_agent.cameras.timeline import RESYNC_S, Timeline, in_order, wall_time
from edge_agent.clock import Moment
from edge_agent.polygons import parse_polygon
from edge_agent.rate import Rate
from edge_agent.types import Frame

T0 = datetime(2026, 3, 1, tzinfo=UTC)


def frame(index: int) -> Frame:
    return Frame("gate", np.zeros((2, 2, 3), np.uint8), T0 + timedelta(seconds=index), index)


def moment(mono: float) -> Moment:
    return Moment(T0 + timedelta(seconds=mono), mono)


def test_only_the_newest_frame_waits_and_the_others_are_counted() -> None:
    drops: Counter[str] = Counter()
    newest = Newest(drops)
    for index in range(5):
        newest.put(frame(index))
    taken = newest.take(0)
    assert taken is not None
    assert taken.index == 4
    assert drops == {"newest_wins": 4}
    assert newest.take(0) is None


def test_keeping_all_waits_for_the_reader() -> None:
    drops: Counter[str] = Counter()
    newest = Newest(drops)
    writer = threading.Thread(
        target=lambda: [newest.put_when_free(frame(index)) for index in range(50)]
    )
    writer.start()
    indices = [taken.index for _ in range(50) if (taken := newest.take(5))]
    writer.join(5)
    assert indices == list(range(50))
    assert not drops


def test_closing_wakes_reader_and_writer() -> None:
    newest = Newest(Counter())
    newest.put(frame(0))
    writer = threading.Thread(target=lambda: newest.put_when_free(frame(1)))
    writer.start()
    newest.close()
    writer.join(5)
    assert not writer.is_alive()
    assert newest.take(5) is None


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=8),
    st.integers(3, 90),
    st.integers(3, 90),
)
def test_no_pixel_inside_a_privacy_polygon_stays_open(
    points: list[tuple[int, int]], width: int, height: int
) -> None:
    try:
        polygon = parse_polygon([[x / 100, y / 100] for x, y in points])
    except ValueError:
        return
    image = np.full((height, width, 3), 255, np.uint8)
    paint(image, [polygon])
    outline = np.array([(x * width, y * height) for x, y in polygon], np.float32)
    for y, x in np.argwhere(image.any(axis=2)):
        centre = (float(x) + 0.5, float(y) + 0.5)
        assert cv2.pointPolygonTest(outline, centre, False) <= 0


def test_outside_a_privacy_polygon_nothing_is_painted() -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    paint(image, [((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.4))])
    assert not image[20:40, 20:40].any()
    image[17:44, 17:44] = 255
    assert (image == 255).all()


@given(
    delays=st.lists(st.floats(0, 3), min_size=2, max_size=60),
    step=st.floats(0.02, 0.5),
)
def test_capture_times_never_go_back_and_are_never_in_the_future(
    delays: list[float], step: float
) -> None:
    timeline, before, arrived = Timeline(), -1.0, 0.0
    for index, delay in enumerate(delays):
        arrived = max(arrived, 100 + index * step + delay)
        at = timeline.at(index * step, moment(arrived))
        assert before - 1e-9 <= at <= arrived
        assert arrived - at <= RESYNC_S + 1e-9
        before = at


def test_jitter_of_the_network_does_not_move_capture_times() -> None:
    timeline = Timeline()
    delays = [0.05, 0.2, 0.05, 0.4, 0.1]
    times = [
        timeline.at(index * 0.04, moment(10 + index * 0.04 + delay))
        for index, delay in enumerate(delays)
    ]
    assert np.diff(times) == pytest.approx(0.04)


def test_positions_that_do_not_grow_are_not_trusted() -> None:
    timeline = Timeline()
    assert [timeline.at(0.0, moment(mono)) for mono in (5.0, 5.1, 5.2)] == [5.0, 5.1, 5.2]


def test_times_are_in_order_unless_the_clock_was_set_back() -> None:
    last, trifle = T0, timedelta(milliseconds=1)
    assert in_order(last + trifle, last) == last + trifle
    assert in_order(last, last) == last + trifle
    assert in_order(last - 50 * trifle, last) == last + trifle
    back = last - timedelta(seconds=1)
    assert in_order(back, last) == back
    assert in_order(last, None) == last


def test_wall_time_follows_the_clock_as_it_is_now() -> None:
    assert wall_time(3.0, moment(5.0)) == T0 + timedelta(seconds=3)


@pytest.mark.parametrize(("random", "share"), [(0.0, 0.5), (1.0, 1.0)])
def test_backoff_doubles_up_to_its_ceiling(random: float, share: float) -> None:
    backoff = Backoff(lambda: random)
    waits = [backoff.next() for _ in range(8)]
    assert waits == [seconds * share for seconds in (1, 2, 4, 8, 16, 30, 30, 30)]
    backoff.reset()
    assert backoff.next() == share
    for _ in range(2000):
        assert backoff.next() <= 30


def test_rate_over_a_window() -> None:
    rate = Rate(window=5)
    assert rate.per_second(0) == 0
    for tick in range(100):
        rate.tick(tick / 10)
    assert rate.per_second(9.9) == pytest.approx(10, abs=0.3)
    assert rate.per_second(12.45) == pytest.approx(5, abs=0.3)
    assert rate.per_second(30) == 0


def test_credentials_are_percent_encoded() -> None:
    url = address("rtsp://10.0.0.8:8554/ch1?a=b", "ad min", "p@ss:/%")
    assert url == "rtsp://ad%20min:p%40ss%3A%2F%25@10.0.0.8:8554/ch1?a=b"
    assert address("rtsp://[::1]/ch1", "admin", None) == "rtsp://admin@[::1]/ch1"
    assert address("rtsp://10.0.0.8/ch1", None, None) == "rtsp://10.0.0.8/ch1"
