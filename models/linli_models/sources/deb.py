"""A file out of a Debian package: downloaded and unpacked by their tools, never installed."""

import gzip
import shutil
import subprocess
import tarfile
from pathlib import Path

from linli_models.catalogue import DebSource
from linli_models.errors import NotAvailableError, UnreachableError
from linli_models.sources.job import Job, last_lines, run_tool


def from_deb(source: DebSource, job: Job) -> Path:
    """Download the package and take one member out of it. Needs apt and dpkg, but no root.

    Raises:
        NotAvailableError: no apt here, its lists lack the package, or the package the member.
        UnreachableError: apt could not reach its sources, or nothing moved.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotAvailableError("apt-get and dpkg-deb are not installed")
    code, said = run_tool(["apt-get", "download", source.package], job, None)
    if code != 0 and "Unable to locate" in said:
        code, said = _with_own_lists(source, job)
    if code != 0:
        missing = "Unable to locate" in said
        raise (NotAvailableError if missing else UnreachableError)(f"apt-get: {last_lines(said)}")
    found = sorted(job.folder.glob("*.deb"))
    if not found:
        raise NotAvailableError("apt-get gave no package")
    return _take(found[0], source.member, job.folder / Path(source.file.path).name)


def _with_own_lists(source: DebSource, job: Job) -> tuple[int, str]:
    """A machine whose package lists were cleared: read them into the job's folder."""
    for name in ("lists/partial", "archives/partial"):
        (job.folder / name).mkdir(parents=True, exist_ok=True)
    own = [
        *("-o", f"Dir::State::lists={job.folder / 'lists'}"),
        *("-o", f"Dir::Cache={job.folder}", "-o", "Debug::NoLocking=1"),
    ]
    code, said = run_tool(["apt-get", *own, "update"], job, None)
    if code != 0:
        return code, said
    return run_tool(["apt-get", *own, "download", source.package], job, None)


def _take(package: Path, member: str, target: Path) -> Path:
    """Stream the package's tar and copy the one member, gzipped or not."""
    command = ["dpkg-deb", "--fsys-tarfile", str(package)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - no shell
        try:
            _copy_member(process, member, target)
        except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
            raise UnreachableError(f"{package.name} arrived damaged: {error}") from None
        finally:
            process.kill()
    return target


def _copy_member(process: "subprocess.Popen[bytes]", member: str, target: Path) -> None:
    names = {f"./{member}": False, f"./{member}.gz": True}
    with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
        for item in archive:
            inside = archive.extractfile(item) if item.name in names else None
            if inside is None:
                continue
            with target.open("wb") as out:
                plain = gzip.GzipFile(fileobj=inside) if names[item.name] else inside
                shutil.copyfileobj(plain, out)
            return
    raise NotAvailableError(f"the package holds no {member}")
