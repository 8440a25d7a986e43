"""A picture is due after its event, and is asked for once."""

import os
from pathlib import Path

import pytest

from edge_agent.evidence.jpeg import keep
from edge_agent.outbox import PictureQueue
from linli_contract.payloads import AckRange, Picture
from tests.edge_agent.outbox.outbox_kit import START, after, draft, open_outbox

NEAR = Picture("a" * 64, "near", 640, 480, 1000)
FAR = Picture("b" * 64, "far", 640, 480, 2000)


def test_a_picture_waits_for_its_event(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    pictures = PictureQueue(database)
    outbox.append(draft(pictures=(NEAR,)), START)
    assert pictures.due(START.mono) is None
    outbox.take(START.mono, 1)
    assert pictures.due(START.mono) is None
    outbox.confirm([AckRange("epoch-1", 1, 1)])
    due = pictures.due(START.mono)
    assert due is not None
    assert (due.sha256, due.sequence, due.size) == (NEAR.sha256, 1, 1000)


def test_retry_delivery_and_a_second_mention(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    pictures = PictureQueue(database)
    outbox.append(draft(pictures=(NEAR,)), START)
    outbox.take(START.mono, 1)
    outbox.confirm([AckRange("epoch-1", 1, 1)])
    pictures.later(NEAR.sha256, START.mono + 5)
    assert pictures.due(START.mono + 4.9) is None
    assert pictures.due(START.mono + 5) is not None
    pictures.delivered(NEAR.sha256, START)
    outbox.append(draft(pictures=(NEAR,)), after(30))
    outbox.take(START.mono, 1)
    outbox.confirm([AckRange("epoch-1", 2, 2)])
    assert pictures.due(START.mono + 60) is None
    assert pictures.waiting() == 0


def test_the_oldest_delivered_pictures_are_evicted_and_never_one_that_waits(
    tmp_path: Path,
) -> None:
    database, outbox = open_outbox(tmp_path)
    pictures = PictureQueue(database)
    other = _other(NEAR)
    outbox.append(draft(pictures=(NEAR, FAR, other)), START)
    pictures.delivered(FAR.sha256, after(1))
    pictures.delivered(NEAR.sha256, after(2))
    assert pictures.evict(4000, 3600, after(3)) == []
    assert pictures.evict(3500, 3600, after(3)) == [FAR.sha256]
    assert pictures.evict(3500, 3600, after(3)) == []
    assert [pictures.holds(row.sha256) for row in (NEAR, FAR, other)] == [True, False, True]
    assert pictures.evict(0, 3600, after(3)) == [NEAR.sha256]
    assert pictures.waiting() == 1
    outbox.append(draft(pictures=(NEAR,)), after(4))
    assert pictures.waiting() == 1


def test_a_delivered_picture_stays_for_its_time(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    pictures = PictureQueue(database)
    outbox.append(draft(pictures=(NEAR,)), START)
    pictures.delivered(NEAR.sha256, START)
    assert pictures.evict(10_000, 60, after(59)) == []
    assert pictures.evict(10_000, 60, after(60)) == [NEAR.sha256]


def test_the_bound_gives_up_the_oldest(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path)
    pictures = PictureQueue(database)
    outbox.append(draft(pictures=(NEAR,)), START)
    outbox.append(draft(pictures=(FAR, _other(NEAR))), START)
    assert [row.sha256 for row in pictures.beyond(3500)] == [NEAR.sha256]
    assert pictures.beyond(4000) == []
    gone = pictures.drop(pictures.beyond(3500)[0], "pictures_full")
    assert (gone.lane, gone.first, gone.count) == ("pictures", 1, 1)
    assert pictures.waiting() == 2


def test_a_picture_is_on_the_disk_under_its_name_before_its_row_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        steps.append(f"fsync {_kind(Path(f'/proc/self/fd/{descriptor}').readlink())}")
        sync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        steps.append(f"rename {_kind(self)} {_kind(target)}")
        return replace(self, target)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("pathlib.Path.replace", renamed)
    keep(b"jpeg", 640, 480, "near", tmp_path / "pictures")
    assert steps == ["fsync half", "rename half jpg", "fsync folder"]


def _kind(path: Path) -> str:
    name = path.name
    return "half" if name.startswith(".") else "jpg" if name.endswith(".jpg") else "folder"


def _other(picture: Picture) -> Picture:
    return Picture("c" * 64, picture.kind, picture.width, picture.height, picture.size)
