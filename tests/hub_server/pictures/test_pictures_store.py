"""The picture folder."""

from pathlib import Path

import pytest

from hub_server.pictures import PictureError, PictureStore
from tests.hub_server.world import jpeg, sha


def test_a_broken_write_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, data = PictureStore(tmp_path), jpeg("x")

    def full(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        store.write(sha(data), data)
    assert store.read(sha(data)) is None
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_written_once(tmp_path: Path) -> None:
    store, data = PictureStore(tmp_path), jpeg("x")
    store.write(sha(data), data)
    first = store.path(sha(data)).stat().st_ino
    store.write(sha(data), data)
    assert store.path(sha(data)).stat().st_ino == first
    assert store.read(sha(data)) == data


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_names_a_picture(tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError, match="64 hex digits"):
        PictureStore(tmp_path).read(name)
