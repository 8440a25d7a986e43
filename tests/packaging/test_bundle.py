"""``make bundle``: an archive that installs and runs where there is no network."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


def _alone() -> list[str]:
    """A network namespace of its own, where this machine lets us: nothing is reached by mistake."""
    command = ["unshare", "--net"]
    if not shutil.which("unshare"):
        return []
    return (
        command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []
    )


ALONE = _alone()
QUIET = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/none"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hub's archive, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    make = [sys.executable, str(ROOT / "tools/bundle.py"), "hub", "--to", str(folder)]
    done = subprocess.run(make, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [archive] = folder.glob("linli-hub-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return archive.with_name(archive.name.removesuffix(".tar.gz"))


def _install(bundle: Path, prefix: Path) -> subprocess.CompletedProcess[str]:
    install = [*ALONE, "sh", str(bundle / "install.sh"), str(prefix)]
    env = {**os.environ, **QUIET, "PYTHON": sys.executable}
    return subprocess.run(install, capture_output=True, text=True, env=env)


@pytest.mark.timeout(600)
def test_it_installs_without_network_and_the_hub_reads_its_rules(
    bundle: Path, tmp_path: Path
) -> None:
    done = _install(bundle, tmp_path / "linli")
    assert done.returncode == 0, done.stdout + done.stderr
    again = _install(bundle, tmp_path / "linli")
    assert again.returncode == 0, again.stdout + again.stderr
    check = [*ALONE, str(tmp_path / "linli/bin/hub-server"), "rules", "check"]
    ran = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "配置正确" in ran.stdout
    pages = list((tmp_path / "linli").glob("lib/*/site-packages/hub_server/phone/dist/index.html"))
    assert pages, "the phone page is not in the wheel"


def test_a_file_that_changed_on_its_way_is_refused(bundle: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(bundle, moved)
    with (moved / "deploy/hub/hub.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    done = _install(moved, tmp_path / "linli")
    assert done.returncode != 0
    assert "deploy/hub/hub.yaml" in done.stdout + done.stderr
    assert not (tmp_path / "linli").exists()


def test_no_private_file_goes_along(bundle: Path) -> None:
    assert [file for file in bundle.rglob("*") if "private" in file.parts] == []
