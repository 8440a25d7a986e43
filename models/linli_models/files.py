"""Files: what they must be, and putting them in place whole or not at all."""

import hashlib
import os
from pathlib import Path

from linli_models.catalogue import File
from linli_models.errors import WrongHashError


def sha256_of(path: Path) -> str:
    """Lower-case hex SHA-256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check(path: Path, expected: File) -> None:
    """Nothing, where ``path`` is what the catalogue says.

    Raises:
        WrongHashError: its size or SHA-256 differs; the text names both and the fix.
    """
    size = path.stat().st_size
    if size != expected.size:
        raise WrongHashError(_text(path, "size", f"{expected.size} bytes", f"{size} bytes"))
    found = sha256_of(path)
    if found != expected.sha256:
        raise WrongHashError(_text(path, "sha256", expected.sha256, found))


def _text(path: Path, field: str, expected: str, found: str) -> str:
    fix = "replace it by the original, or delete it so that it is fetched again"
    return f"{path}: {field}: expected {expected}, found {found} ({fix})"


def place(arrived: Path, target: Path) -> None:
    """Move a checked file to ``target``: after a power cut it is there whole, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with arrived.open("rb") as file:
        os.fsync(file.fileno())
    arrived.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
