"""Folders people filled: read in place, checked, never copied, never changed."""

from pathlib import Path

import pytest

from linli_models import (
    NotAvailableError,
    Skipped,
    UnknownEntryError,
    WrongHashError,
    cache_folder,
    catalogue,
    fetch,
    locate,
    verify,
)
from tests.models.local_server import BODY, LocalServer
from tests.models.rows import catalogue_of, folder_source, url_source


def test_a_file_in_the_folder_is_used_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "thing.bin").write_bytes(BODY)
    env = {"LINLI_THINGS": str(tmp_path / "given")}
    rows = catalogue_of(folder_source(), url_source("http://models.invalid/x"))
    got = fetch("thing", tmp_path / "cache", env=env, rows=rows)
    assert got.path == tmp_path / "given" / "thing.bin"
    assert not (tmp_path / "cache").exists()


def test_the_folder_comes_before_the_cache(tmp_path: Path) -> None:
    (tmp_path / "thing.bin").write_bytes(BODY)
    with LocalServer() as server:
        rows = catalogue_of(folder_source(), url_source(server.url("good")))
        fetch("thing", tmp_path / "cache", env={}, rows=rows)
        got = fetch("thing", tmp_path / "cache", env={"LINLI_THINGS": str(tmp_path)}, rows=rows)
    assert got.path == tmp_path / "thing.bin"


def test_a_wrong_file_in_the_folder_is_named_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "thing.bin").write_bytes(BODY[:-1] + b"?")
    env = {"LINLI_THINGS": str(tmp_path)}
    said: list[str] = []
    rows = catalogue_of(folder_source())

    def note(step: object) -> None:
        assert isinstance(step, Skipped)
        said.append(step.reason)

    with pytest.raises(WrongHashError):
        fetch("thing", tmp_path / "cache", progress=note, env=env, rows=rows)
    assert said[0].startswith(f"{tmp_path / 'thing.bin'}: sha256: expected ")
    assert "replace it by the original" in said[0]
    row = verify("thing", tmp_path / "cache", env, rows)[0]
    assert row.path == tmp_path / "thing.bin"
    assert "sha256" in row.problem


def test_a_wrong_size_is_said_without_reading_the_file(tmp_path: Path) -> None:
    (tmp_path / "thing.bin").write_bytes(b"short")
    with pytest.raises(WrongHashError, match="size: expected 204800 bytes, found 5 bytes"):
        locate(
            "thing",
            tmp_path / "cache",
            {"LINLI_THINGS": str(tmp_path)},
            catalogue_of(folder_source()),
        )


def test_nothing_at_hand_says_the_command(tmp_path: Path) -> None:
    rows = catalogue_of(folder_source())
    with pytest.raises(NotAvailableError, match="edge-agent models fetch thing"):
        locate("thing", tmp_path, {}, rows)
    with pytest.raises(NotAvailableError, match="LINLI_THINGS is not set"):
        fetch("thing", tmp_path, env={}, rows=rows)
    assert verify("thing", tmp_path, {}, rows) == []


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownEntryError, match="did you mean 'yolo11n'"):
        catalogue().entry("yolo11")
    with pytest.raises(UnknownEntryError, match="one of yolo11n, person-fall, face, vtest"):
        catalogue().entry("?")


def test_the_cache_folder_can_be_chosen() -> None:
    assert cache_folder({"LINLI_CACHE": "/data/models"}) == Path("/data/models")
    assert cache_folder({}) == Path.home() / ".cache" / "linli"


@pytest.mark.parametrize("inside", ["", "yolo11n_int8_openvino_model"])
def test_the_known_int8_export_is_recognised(shared: Path, tmp_path: Path, inside: str) -> None:
    """The variable may name the folder of models or the model's own folder."""
    got = locate("yolo11n", tmp_path, {"LINLI_MODELS": str(shared / "models" / inside)})
    assert got.path.name == "yolo11n.xml"
    assert got.entry.classes[0] == "person"


def test_footage_from_a_folder(shared: Path, tmp_path: Path) -> None:
    got = locate("vtest", tmp_path, {"LINLI_MEDIA": str(shared / "media")})
    assert got.path == shared / "media" / "vtest.avi"
