"""What an install brings: the programs, their data, and nothing of the workshop."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "linli_contract", "linli_settings", "linli_models", "linli_dashboards",
    "edge_agent", "hub_server",
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [file] = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_only_names_of_its_own_reach_site_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_of_the_phone_page_only_the_build_goes_along(wheel: zipfile.ZipFile) -> None:
    page = "hub_server/phone/"
    assert f"{page}dist/index.html" in wheel.namelist()
    others = [n for n in wheel.namelist() if n.startswith(page) and f"{page}dist/" not in n]
    assert others == []


@pytest.mark.parametrize("folder", ["rules", "firmware_configs"])
def test_data_folders_go_along_whole(wheel: zipfile.ZipFile, folder: str) -> None:
    share = f"hub_server/_share/{folder}/"
    packed = {n.removeprefix(share) for n in wheel.namelist() if n.startswith(share)}
    here = {str(f.relative_to(ROOT / folder)) for f in (ROOT / folder).rglob("*") if f.is_file()}
    assert packed == here


def test_the_installed_program_finds_its_rules(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    program = "import sys; from hub_server.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "rules", "test"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path / "hub_server" / "_share" / "rules" / "safety.test.yaml") in done.stdout
