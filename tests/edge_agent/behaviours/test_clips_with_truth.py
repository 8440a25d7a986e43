"""Real footage, models and eyes, by the path that ``edge-agent evaluate`` runs: what happens in
each clip (see its README) is told once, and nothing else is. Looked at 3 times a second, as cameras
that share a small device are: that is harder than 5, and takes less of a test's time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from edge_agent.behaviours import Watcher, watchers
from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evaluate.clip import BEGIN, open_clip
from edge_agent.evaluate.replay import replay
from edge_agent.looking import looking
from edge_agent.tracking import byte_tracker
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase
from linli_models import FetchError, cache_folder, fetch

RATE = 3.0
WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]
VISITS = ((6.1, 20.0), (22.8, 45.0), (50.3, 69.8), (74.5, 87.0), (92.1, 120.1), (123.5, 136.0))
FALLS = ("s2-fall-12", "s2-fall-13", "s2-fall-14", "s4-fall-01", "s4-fall-02", "s4-fall-03")
EVERYDAY = ("s2-adl-23", "s4-adl-19")
Open = Callable[[str], Detector]


@pytest.fixture(scope="module")
def model(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens the catalogue's models, each once."""
    env = {
        "LINLI_MODELS": str(shared / "models"),
        "LINLI_CACHE": str(cache_folder({})),
    }
    compiled = tmp_path_factory.mktemp("compiled")
    opened: dict[str, Detector] = {}

    def open_(name: str) -> Detector:
        if name not in opened:
            try:
                fetch(name, cache_folder({}), env=env)
            except FetchError as error:
                pytest.skip(f"{name} cannot be had here: {error}")
            settings = OpenVinoSettings(type="openvino", name=name, model=name, cache=compiled)
            opened[name] = open_detector(settings, env)
        return opened[name]

    yield open_
    for detector in opened.values():
        detector.close()


class Heard:
    """A watcher that keeps what was said."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.event_type = watcher.event_type
        self.said: list[Observation] = []

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        said = self._watcher.step(tracks, now)
        self.said += said
        return said

    def close(self, now: datetime, cause: str) -> list[Observation]:
        return self._watcher.close(now, cause)


def watched(
    clip: Path, detectors: Sequence[Detector], rate: float, *behaviours: dict[str, object]
) -> dict[str, list[Observation]]:
    """Event type → the starts that a camera with one zone over all it sees tells of ``clip``."""
    settings = CameraSettings(
        name="clip",
        source={"type": "file", "path": clip},
        detectors=[f"d{number}" for number in range(len(detectors))],
        zones=[{"name": "room", "polygon": WHOLE, "behaviours": list(behaviours)}],
    )
    numbers = count(1)
    heard = [Heard(w) for w in watchers(settings.zones, lambda: f"o{next(numbers)}")]
    with ExitStack() as stack:
        frames = stack.enter_context(open_clip(clip)).frames(rate)
        replay(frames, looking(settings, detectors), byte_tracker(), heard)
    return {one.event_type: [o for o in one.said if o.phase is Phase.START] for one in heard}


def seconds(time: datetime) -> float:
    """Since the beginning of the clip."""
    return (time - BEGIN).total_seconds()


def test_six_visits_are_six_observations_and_nobody_left_anything(
    shared: Path, model: Open
) -> None:
    told = watched(
        shared / "media" / "visitors.mp4",
        [model("yolo11n")],
        RATE,
        {"type": "intrusion", "dwell": "5s"},
        {"type": "abandoned_object", "dwell": "5s"},
    )
    starts = [seconds(o.triggered_at) for o in told["intrusion"]]
    assert len(starts) == len(VISITS)
    for (came, left), start in zip(VISITS, starts, strict=True):
        assert came + 5 - 1 <= start <= min(left, came + 5 + 1)
    assert told["abandoned_object"] == []


def test_the_bag_is_told_once_and_the_man_is_not(shared: Path, model: Open) -> None:
    """He puts it down at 13-16 s at the cabinet's corner, leaves it at 19-23 s, and passes again
    at 28-39 s: that is no owner coming back."""
    told = watched(
        shared / "media" / "bag.avi",
        [model("yolo11n")],
        RATE,
        {"type": "abandoned_object", "dwell": "10s"},
    )
    (bag,) = told["abandoned_object"]
    assert 19 <= seconds(bag.started_at) <= 23.5
    assert 10 <= bag.dwell_s < 11
    x1, y1, x2, y2 = bag.boxes[0]
    assert 0.62 < (x1 + x2) / 2 < 0.70
    assert 0.76 < (y1 + y2) / 2 < 0.86
    assert (x2 - x1) * (y2 - y1) < 0.02


def test_falls_are_told_and_everyday_life_is_not(shared: Path, model: Open) -> None:
    """Of the six, one starts lying down and is no fall of someone upright."""
    fall: dict[str, object] = {"type": "fall", "hold": "1s"}
    media = shared / "media" / "falls"
    told = {
        name: watched(media / f"{name}.mp4", [model("person-fall")], RATE, fall)["fall"]
        for name in (*FALLS, *EVERYDAY)
    }
    assert sum(len(told[name]) == 1 for name in FALLS) >= 4
    assert all(len(starts) <= 1 for starts in told.values())
    assert [name for name in EVERYDAY if told[name]] == []


def test_on_the_campus_nobody_falls_and_nothing_is_left(shared: Path, model: Open) -> None:
    """The model alone calls two still objects and many a group "Fall" there. Twice a second tells
    as much as four times: a rule that believes the model falls for it at 1 s and again at 72 s."""
    told = watched(
        shared / "media" / "vtest.avi",
        [model("person-fall")],
        2,
        {"type": "fall", "hold": "1s"},
        {"type": "abandoned_object", "dwell": "5s"},
    )
    assert told == {"fall": [], "abandoned_object": []}
