"""Truth, areas, implied events, matching and scores, each against cases counted by hand."""

from pathlib import Path

import pytest

from edge_agent.behaviours.settings import IntrusionSettings, ZoneSettings
from edge_agent.commands.evaluate import evaluate
from edge_agent.evaluate.areas import draw_areas, read_areas
from edge_agent.evaluate.clip import _is_newest, _next_look
from edge_agent.evaluate.implied import Expected, crossings, intrusions
from edge_agent.evaluate.matching import Count, match
from edge_agent.evaluate.report import Drawn
from edge_agent.evaluate.scores import score
from edge_agent.evaluate.truth import Truth, read_truth
from edge_agent.types import Track
from linli_settings import ConfigError

YARD = ZoneSettings.model_validate(
    {"name": "yard", "polygon": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]]}
)
FIVE = IntrusionSettings(type="intrusion")


def someone(x: float, y: float = 0.5, id: int = 1) -> Track:
    return Track(id, (x - 0.05, y - 0.2, x + 0.05, y), "person", 1.0)


def walk(*xs: float | None) -> Truth:
    """One person, ten frames a second; None is a frame without him."""
    return Truth({i: (someone(x),) for i, x in enumerate(xs) if x is not None})


def test_a_truth_counts_frames_from_one_and_cuts_boxes_at_the_edge(tmp_path: Path) -> None:
    file = tmp_path / "truth.txt"
    file.write_text("1,9,-10,20,30,40,1,0,0,0\n2,9,50,60,100,100,0,0,0,0\n")
    truth = read_truth(file, (100, 100))
    assert truth.at(0) == (Track(9, (0.0, 0.2, 0.2, 0.6), "person", 1.0),)
    assert truth.at(1)[0].box == (0.5, 0.6, 1.0, 1.0)
    assert truth.at(2) == ()


@pytest.mark.parametrize("row", ["0,1,1,1,1,1", "1,1,1,1,0,1", "1,one,1,1,1,1", "1,1,1,1"])
def test_a_wrong_row_is_named(tmp_path: Path, row: str) -> None:
    file = tmp_path / "truth.txt"
    file.write_text(f"1,1,1,1,5,5\n{row}\n")
    with pytest.raises(ConfigError, match="line 2: expected frame from 1"):
        read_truth(file, (100, 100))
    with pytest.raises(ConfigError, match="expected a file"):
        read_truth(tmp_path / "none.txt", (100, 100))


def looks(fps: float, rate: float, seconds: float) -> list[int]:
    due, looked = 0.0, []
    for index in range(round(seconds * fps)):
        if _is_newest(index, due, fps):
            looked.append(index)
            due = _next_look(index / fps, due, rate)
    return looked


def test_a_slow_detector_takes_the_newest_frame_each_time() -> None:
    assert looks(10, 10, 0.5) == [0, 1, 2, 3, 4]
    assert looks(10, 5, 1) == [0, 2, 4, 6, 8]
    assert looks(10, 3, 2) == [0, 3, 6, 10, 13, 16]
    assert looks(10, 100, 0.3) == [0, 1, 2]


def test_a_stay_of_the_dwell_is_an_intrusion_and_the_grace_bridges() -> None:
    due = intrusions(walk(*[0.1] * 10, *[0.5] * 71, *[0.1] * 10), 10, YARD, FIVE, 0.5)
    assert due == [Expected(6.0, 7.0)]
    bridged = walk(*[0.5] * 30, *[None] * 19, *[0.5] * 20)
    assert [e.at for e in intrusions(bridged, 10, YARD, FIVE, 0.5)] == [5.0]
    assert intrusions(walk(*[0.5] * 30, *[None] * 25, *[0.5] * 30), 10, YARD, FIVE, 0.5) == []
    near = intrusions(walk(*[0.5] * 47), 10, YARD, FIVE, 0.5)
    assert near == [Expected(5.0, pytest.approx(4.6))]


def test_a_line_is_crossed_between_two_frames_with_its_way() -> None:
    line = ((0.5, 0.1), (0.5, 0.9))  # downwards: its left hand is the right of the picture
    there = [0.1 + 0.08 * n for n in range(11)]
    (one,) = crossings(Truth({i: (someone(x),) for i, x in enumerate(there)}), 1, line)
    assert (one.at, one.towards) == (pytest.approx(5.0), -1)
    there_and_back = Truth({i: (someone(x),) for i, x in enumerate([*there, 0.1])})
    both = crossings(there_and_back, 1, line)
    assert [e.towards for e in both] == [-1, 1]
    assert crossings(there_and_back, 1, line, settle_s=6) == []
    assert crossings(walk(*there), 10, ((0.5, 0.6), (0.5, 0.9))) == []  # walks past its end


def test_events_are_matched_one_to_one() -> None:
    due = [Expected(5.0, 9), Expected(5.4, 9), Expected(20.0, 9)]
    raised = [Expected(5.3, 9), Expected(21.1, 9)]
    assert match(due, raised, 1.0, 5, 0.5) == Count(due=3, raised=2, found=1, right=1)
    chain = match([Expected(0, 9), Expected(0.9, 9)], [Expected(0.9, 9), Expected(1.8, 9)], 1, 5)
    assert (chain.found, chain.recall, chain.precision) == (2, 1.0, 1.0)


def test_what_could_be_judged_either_way_counts_on_neither_side() -> None:
    unclear = Expected(5.0, 5.3)
    assert match([unclear], [], 1, 5, 0.5) == Count()
    assert match([], [unclear], 1, 5, 0.5) == Count()
    assert match([unclear], [Expected(5.2, 7)], 1, 5, 0.5) == Count()
    assert match([Expected(5.2, 7)], [unclear], 1, 5, 0.5) == Count(1, 1, 1, 1)
    assert match([Expected(5, towards=1)], [Expected(5, towards=-1)], 1) == Count(1, 1, 0, 0)


def test_scores_by_hand() -> None:
    """Two people, three frames: one is missed once, one changes identity, one box is nobody."""
    a, b = someone(0.2), someone(0.8, id=2)
    truth = Truth(dict.fromkeys(range(3), (a, b)))
    seen_a, seen_b, other = someone(0.2, id=7), someone(0.8, id=8), someone(0.8, id=9)
    nobody = someone(0.5, id=5)
    tracked = {0: [seen_a, seen_b], 1: [seen_b, nobody], 2: [seen_a, other]}
    found = score(truth, tracked, tracked)
    assert found.recall == pytest.approx(5 / 6)
    assert found.precision == pytest.approx(5 / 6)
    assert found.identity_switches == 1
    assert found.mota == pytest.approx(1 - (1 + 1 + 1) / 6)
    assert found.idf1 == pytest.approx(2 * 4 / (6 + 6))  # 7 for one and 8 for the other: 2 + 2


def test_areas_are_drawn_where_people_stood_and_the_same_again() -> None:
    truth = walk(*[0.3 + 0.004 * n for n in range(100)])
    areas = draw_areas(truth, 3, 10, 5)
    assert areas == draw_areas(truth, 3, 10, 5) != draw_areas(truth, 4, 10, 5)
    assert (len(areas.zones), len(areas.lines)) == (10, 5)
    assert {b.type for zone in areas.zones for b in zone.behaviours} == {"intrusion"}


def test_areas_are_read_and_a_zone_is_armed(tmp_path: Path) -> None:
    file = tmp_path / "areas.yaml"
    file.write_text(
        "zones: [{name: a, polygon: [[0, 0], [1, 0], [1, 1]]}]\n"
        "lines: [{name: b, line: [[0, 0], [1, 1]]}]\n"
    )
    areas = read_areas(file)
    assert areas.zones[0].behaviours == [IntrusionSettings(type="intrusion")]
    file.write_text("lines: [{name: b, line: [[0, 0], [1, 1]]}, {name: b, line: [[0, 0], [1, 0]]}]")
    with pytest.raises(ConfigError, match="more than once: b"):
        read_areas(file)


@pytest.mark.parametrize(
    ("rate", "settle", "said"),
    [
        (0.0, None, "--rate: rate: expected frames per second above 0, found 0"),
        (None, "5", "--settle: settle: expected a duration from 0s to 10s, found '5'"),
        (None, "11s", "--settle: settle: expected a duration from 0s to 10s, found '11s'"),
    ],
)
def test_a_wrong_option_is_named(rate: float | None, settle: str | None, said: str) -> None:
    clip = Path("none.avi")
    with pytest.raises(ConfigError) as caught:
        evaluate(clip, clip, "yolo11n", Drawn(1, 1, 1), rate, ["person"], settle)
    assert str(caught.value) == said
