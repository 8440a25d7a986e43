"""A camera at rest: keyframes only, and nothing lost when somebody comes."""

import threading
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge_agent.cameras.decoder import Address, Video
from edge_agent.cameras.file import FileClock, FileStream
from edge_agent.cameras.groups import MOST_BYTES, Group
from edge_agent.cameras.settings import FileSource
from edge_agent.cameras.stream import Captured, Decoding
from edge_agent.clock import Moment
from edge_agent.types import Grey
from tests.support.clips import scene, with_visitor, write_clip

FPS = 10
FRAMES = 80
COMES = 44
"""between the keyframes 40 and 50"""


def picture(index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    shown = scene()
    return shown if index < COMES else with_visitor(shown, (index - COMES) / FRAMES)


@pytest.fixture(
    scope="module", params=[("h264", 0), ("h264", 2), ("h265", 0), ("h265", 2)], ids=str
)
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As cameras send it, without B-frames, and with them."""
    codec, b_frames = request.param
    path = tmp_path_factory.mktemp("rest") / f"{codec}.mp4"
    return write_clip(path, picture, FRAMES, FPS, codec, b_frames=b_frames)


def now() -> Moment:
    return Moment(datetime.fromisoformat("2026-03-01T00:00:00Z"), 0.0)


class Sleeper:
    """Rests from the first keyframe on, until something differs from it."""

    def __init__(self) -> None:
        self.resting = True
        self.looked_at: list[float] = []
        self._first: Grey | None = None

    def stays(self, small: Grey, mono: float) -> bool:
        self.looked_at.append(mono)
        self._first = small if self._first is None else self._first
        changed = np.abs(small.astype(int) - self._first.astype(int)) > 40
        self.resting = bool(changed.mean() < 0.01)
        return self.resting


def play(path: Path, rest: Sleeper | None) -> list[Captured]:
    stream = FileStream(
        path, FileSource(type="file", path=path, realtime=False), now, threading.Event(), rest
    )
    steps = []
    while (captured := stream.read()) is not None:
        steps.append(captured)
    stream.close()
    return steps


def test_from_the_keyframe_before_on_every_frame_is_given(clip: Path) -> None:
    every = play(clip, None)
    assert [round(step.mono * FPS) for step in every] == list(range(FRAMES))
    rest = Sleeper()
    steps = play(clip, rest)
    given = [step for step in steps if not step.unchanged]
    asleep = [round(step.mono * FPS) for step in steps if step.unchanged]
    # the keyframe interval is known at the second keyframe
    assert asleep == [20, 30, 40]
    numbers = [round(step.mono * FPS) for step in given]
    assert numbers == [*range(asleep[0]), *range(41, FRAMES)]
    # the last of them still were in the decoder when the keyframe after them came
    replayed = [round(step.mono * FPS) for step in given if step.replayed]
    assert replayed == list(range(41, 41 + len(replayed)))
    assert len(replayed) > 3


def test_replayed_frames_show_what_the_others_would_have_shown(clip: Path) -> None:
    every = {round(step.mono * FPS): step for step in play(clip, None)}
    for step in play(clip, Sleeper()):
        if step.unchanged or step.mono * FPS < 40:
            continue
        number = round(step.mono * FPS)
        assert step.picture is not None
        other = every[number].picture
        assert other is not None
        difference = np.abs(step.picture.bgr().astype(int) - other.bgr().astype(int))
        assert difference.mean() < 1, number


def test_at_rest_only_keyframes_are_decoded(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    original = Video.decode
    monkeypatch.setattr(
        Video, "decode", lambda self, packet: decoded.append(packet) or original(self, packet)
    )
    rest = Sleeper()
    rest.stays = lambda *_: True  # type: ignore[method-assign]  # nothing ever moves
    play(clip, rest)
    keyframes = [packet for packet in decoded if packet is not None and packet.is_keyframe]
    others = [packet for packet in decoded if packet is not None and not packet.is_keyframe]
    assert len(keyframes) == FRAMES / 10 + 1, "the last is decoded again when the recording ends"
    assert len(others) == 9 + 9 + 9  # the first two groups, until a keyframe came; and the last


def test_keyframes_that_come_seldom_mean_no_rest(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "seldom.mp4", picture, FRAMES, FPS, keyframes=30)
    steps = play(path, Sleeper())
    assert not any(step.unchanged for step in steps)
    assert len(steps) == FRAMES


class Packet:
    def __init__(self, key: bool = False, size: int = 1) -> None:
        self.is_keyframe = key
        self.size = size


def group(*arrivals: tuple[float, bool]) -> Group:
    made = Group()
    for arrived, key in arrivals:
        made.add(Packet(key), arrived)  # type: ignore[arg-type]  # what a group looks at
    return made


def test_a_group_is_short_only_as_long_as_keyframes_keep_coming() -> None:
    assert not group((0, True), (1, False)).short
    assert group((0, True), (1.9, True), (2.5, False)).short
    assert not group((0, True), (2.5, True)).short
    assert not group((0, True), (1.9, True), (4.2, False)).short
    assert group((0, True), (5, True), (6, True)).short


def test_a_group_is_bounded() -> None:
    made = group((0, True), (1, True))
    for _ in range(20):
        made.add(Packet(size=MOST_BYTES // 10), 1.5)  # type: ignore[arg-type]  # as above
    assert not made.short
    assert sum(packet.size for packet, _ in made.packets) <= MOST_BYTES


def test_an_overlong_group_ends_the_rest_without_a_loss(tmp_path: Path) -> None:
    """The camera's keyframes stop coming: whatever was kept is given, and decoding goes on."""
    path = write_clip(tmp_path / "stops.mp4", picture, FRAMES, FPS, keyframes=10)
    video = Video(Address(str(path)))
    clock = FileClock(FPS, now, None)
    rest = Sleeper()
    decoding = Decoding(video, clock, rest)
    numbers = []
    for captured in decoding.pictures():
        numbers.append(round(captured.mono * FPS))
        if len(numbers) == 25:
            rest.resting = False
    video.close()
    kept = [b - a for a, b in pairwise(numbers)]
    assert all(step >= 1 for step in kept), numbers
    assert numbers[-1] == FRAMES - 1


def test_what_was_kept_is_given_when_the_recording_ends_at_rest(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "ends.mp4", lambda _: scene(), 45, FPS)
    rest = Sleeper()
    steps = play(path, rest)
    assert [round(s.mono * FPS) for s in steps if not s.unchanged][-4:] == [41, 42, 43, 44]
