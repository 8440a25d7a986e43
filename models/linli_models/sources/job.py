"""What a source is given to work with, and outside tools watched while they work."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from linli_models.errors import NotAvailableError, UnreachableError
from linli_models.progress import Bytes, Limits
from linli_settings import redact


@dataclass(frozen=True)
class Job:
    """One source's work."""

    folder: Path
    """Empty, removed afterwards."""
    limits: Limits
    moved: Bytes
    env: Mapping[str, str]


def run_tool(command: Sequence[str], job: Job, total: int | None) -> tuple[int, str]:
    """Run ``command`` in the job's folder; (exit code, all it said).

    How far it is shows in the bytes below the folder: every pip and apt writes there, whatever
    its version prints.

    Raises:
        NotAvailableError: the command is not installed.
        UnreachableError: nothing moved for ``limits.tool_s``.
    """
    temporary = job.folder / "tmp"
    temporary.mkdir(exist_ok=True)
    env = {**job.env, "TMPDIR": str(temporary), "LC_ALL": "C"}
    with (job.folder / "said.txt").open("w+b") as said:
        try:
            process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
                command, cwd=job.folder, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        except OSError:
            raise NotAvailableError(f"{command[0]} is not installed") from None
        try:
            code = _watch(process, job, total)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        return code, said.read().decode(errors="replace")


def _watch(process: "subprocess.Popen[bytes]", job: Job, total: int | None) -> int:
    most, since = 0, time.monotonic()
    while True:
        try:
            return process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            pass
        done = _bytes_below(job.folder)
        if done > most:
            most, since = done, time.monotonic()
            job.moved(min(done, total) if total else done, total)
        elif time.monotonic() - since > job.limits.tool_s:
            raise UnreachableError(f"nothing arrived for {job.limits.tool_s:g} s")


def _bytes_below(folder: Path) -> int:
    """Files come and go while they are counted: one that has gone counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def last_lines(text: str) -> str:
    """What a tool said is wrong: its last error lines, else its last lines; redacted."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [line for line in lines if line.startswith(("ERROR", "E:"))] or lines
    return redact(" ".join(wanted[-2:]))[-300:]
