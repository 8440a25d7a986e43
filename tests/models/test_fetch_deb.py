"""A member of a Debian package, by the real apt and dpkg, from a repository on this machine."""

import gzip
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from linli_models import NotAvailableError, WrongHashError, fetch
from tests.models.local_server import BODY
from tests.models.rows import FILE, catalogue_of

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None,
    reason="apt-get and dpkg-deb are not installed",
)
MEMBER = "usr/share/doc/linli-test-thing/thing.bin"
SOURCE = {"type": "deb", "package": "linli-test-thing", "member": MEMBER, "file": FILE}


def repository(folder: Path, *, name: str = MEMBER, body: bytes = BODY) -> dict[str, str]:
    """A flat repository with one package, and the environment in which apt knows only it."""
    tree, repo = folder / "tree", folder / "repo"
    (tree / "DEBIAN").mkdir(parents=True)
    repo.mkdir()
    control = "Package: linli-test-thing\nVersion: 1.0\nArchitecture: all\n"
    control += "Maintainer: Linli <linli@example.org>\nDescription: a test\n"
    (tree / "DEBIAN" / "control").write_text(control)
    (tree / name).parent.mkdir(parents=True)
    (tree / name).write_bytes(body)
    package = repo / "linli-test-thing_1.0_all.deb"
    subprocess.run(["dpkg-deb", "-b", str(tree), str(package)], check=True, capture_output=True)
    data = package.read_bytes()
    control += f"Filename: ./{package.name}\nSize: {len(data)}\n"
    control += f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
    (repo / "Packages").write_text(control)
    (folder / "sources.list").write_text(f"deb [trusted=yes] file:{repo} ./\n")
    settings = f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "-";\n'
    (folder / "apt.conf").write_text(settings + 'APT::Sandbox::User "root";\n')
    return {"APT_CONFIG": str(folder / "apt.conf"), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def test_the_member_is_taken_although_this_machine_has_no_list_of_the_package(
    tmp_path: Path,
) -> None:
    got = fetch("thing", tmp_path / "cache", env=repository(tmp_path), rows=catalogue_of(SOURCE))
    assert got.path.read_bytes() == BODY
    assert got.source == "Debian package linli-test-thing"
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == [got.path]


def test_a_gzipped_member_is_unpacked(tmp_path: Path) -> None:
    env = repository(tmp_path, name=f"{MEMBER}.gz", body=gzip.compress(BODY))
    got = fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))
    assert got.path.read_bytes() == BODY


def test_a_package_without_the_member(tmp_path: Path) -> None:
    env = repository(tmp_path, name="usr/share/other.bin")
    with pytest.raises(NotAvailableError, match="the package holds no usr/share/doc"):
        fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))


def test_a_member_with_other_bytes_in_the_package(tmp_path: Path) -> None:
    env = repository(tmp_path, body=BODY[::-1])
    with pytest.raises(WrongHashError, match="sha256"):
        fetch("thing", tmp_path / "cache", env=env, rows=catalogue_of(SOURCE))


def test_a_package_that_no_repository_has(tmp_path: Path) -> None:
    rows = catalogue_of({**SOURCE, "package": "linli-test-other"})
    with pytest.raises(NotAvailableError, match="Unable to locate package"):
        fetch("thing", tmp_path / "cache", env=repository(tmp_path), rows=rows)
