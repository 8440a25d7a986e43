"""An archive that installs one program of Linli where there is no network.

    python tools/bundle.py hub|edge [--arch x86_64|aarch64] [--model NAME]… [--to dist]

It holds every wheel of the program (checked by the hashes of ``requirements/``, for the Python that
runs this and for ``--arch``), ``install.sh``, the service file, what ``deploy/`` has for it, the
models asked for, and ``SHA256SUMS`` over all of it, which ``install.sh`` checks first.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from linli_models import cache_folder, fetch

ROOT = Path(__file__).resolve().parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCHES = ("x86_64", "aarch64")
GLIBC = range(17, 37)
"""Wheels for glibc 2.17 to 2.36, which is Debian 12's and Raspberry Pi OS 12's."""
EXTRAS = {"hub": ["deploy"], "edge": ["deploy/systemd", "firmware_configs"]}


def main() -> None:
    """Make the archive and print where it lies."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory() as place:
        name = f"linli-{wanted.part}-{version('linli')}-py{PYTHON}-{wanted.arch}"
        folder = Path(place) / name
        _fill(folder, wanted)
        _sum_up(folder)
        archive = wanted.to / f"{name}.tar.gz"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:gz") as out:
            out.add(folder, arcname=name)
    _say(f"{archive} ({archive.stat().st_size / 1e6:.0f} MB)")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("part", choices=sorted(EXTRAS))
    parser.add_argument("--arch", choices=ARCHES, default=platform.machine())
    parser.add_argument("--model", action="append", default=[], help="a model of the catalogue")
    parser.add_argument("--to", type=Path, default=ROOT / "dist")
    return parser.parse_args()


def _fill(folder: Path, wanted: argparse.Namespace) -> None:
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    _say(f"== Wheels of the {wanted.part} for Python {PYTHON} on {wanted.arch} (hashes checked)")
    _download(ROOT / "requirements" / f"{wanted.part}.txt", wanted.arch, wheels)
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT))
    for extra in EXTRAS[wanted.part]:
        kept = shutil.ignore_patterns("private", "__pycache__")
        shutil.copytree(ROOT / extra, folder / extra, ignore=kept)
    for name in ("README.md", "README.zh-CN.md", "LICENSE"):
        shutil.copy2(ROOT / name, folder)
    shutil.copytree(ROOT / "docs" / "guides", folder / "guides")
    for model in wanted.model:
        _add_model(model, folder / "models")
    text = (ROOT / "tools" / "install.sh").read_text(encoding="utf-8")
    script = folder / "install.sh"
    script.write_text(text.replace("@PART@", wanted.part).replace("@PYTHON@", PYTHON), "utf-8")
    script.chmod(0o755)


def _download(requirements: Path, arch: str, into: Path) -> None:
    tags = [f"manylinux_2_{minor}_{arch}" for minor in GLIBC] + [f"manylinux2014_{arch}"]
    platforms = [part for tag in tags for part in ("--platform", tag)]
    hashes = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    _pip("download", *hashes, *platforms, "-r", str(requirements), "-d", str(into))


def _add_model(name: str, into: Path) -> None:
    """A model's folder, as it lies on this machine or comes from its first source."""
    got = fetch(name, cache_folder(os.environ))
    _say(f"== Model {name}, licence {got.entry.licence}, from {got.source}")
    shutil.copytree(got.path.parent, into / got.path.parent.name)


def _sum_up(folder: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n"
        for file in files
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
