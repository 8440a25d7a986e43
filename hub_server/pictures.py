"""Pictures in a folder, each file named by the SHA-256 of its bytes.

A picture is on the disk, whole, before the ledger knows of it: written under another name,
synced, renamed, and the folder synced.
"""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from hub_server.ledger.counters import next_change
from hub_server.ledger.tables import incident_pictures, incidents, pictures

LARGEST = 2_000_000
"""Bytes of one picture."""
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_START, _END = b"\xff\xd8\xff", b"\xff\xd9"


class PictureError(ValueError):
    """The bytes are not the JPEG they were announced as."""


@dataclass(frozen=True)
class PictureStore:
    """Files under ``folder``, spread over 256 folders by the first two digits."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the picture lies or would lie.

        Raises:
            PictureError: ``sha256`` is no lower-case hex SHA-256.
        """
        if not _HASH.match(sha256):
            raise PictureError(f"sha256: expected 64 hex digits, got {sha256[:80]!r}")
        return self.folder / sha256[:2] / f"{sha256}.jpg"

    def write(self, sha256: str, data: bytes) -> None:
        """Keep a picture; does nothing when it is there already.

        Raises:
            PictureError: the hash differs, it is too large, or it is no JPEG.
        """
        path = self.path(sha256)
        check_jpeg(sha256, data)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, data)
        _sync_folder(path.parent)

    def read(self, sha256: str) -> bytes | None:
        """The JPEG, or None when there is none."""
        path = self.path(sha256)
        return path.read_bytes() if path.exists() else None


def check_jpeg(sha256: str, data: bytes) -> None:
    """Refuse what is not the announced JPEG.

    Raises:
        PictureError: says what was expected and what came.
    """
    if len(data) > LARGEST:
        raise PictureError(f"size: expected at most {LARGEST} bytes, got {len(data)}")
    if not data.startswith(_START) or _END not in data[-1024:]:
        raise PictureError(f"body: expected a whole JPEG, got bytes that begin {data[:4].hex()}")
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise PictureError(f"sha256: expected {sha256}, the bytes have {found}")


def record(
    conn: Connection, sha256: str, size: int, now: datetime, *, device: str = "", user: str = ""
) -> bool:
    """Note in the ledger who brought a picture; its cases change. False when it was known."""
    if conn.scalar(select(pictures.c.sha256).where(pictures.c.sha256 == sha256)):
        return False
    values = {"sha256": sha256, "size": size, "device": device, "uploader": user}
    conn.execute(insert(pictures).values(**values, received_at=now))
    _announce(conn, sha256)
    return True


def _announce(conn: Connection, sha256: str) -> None:
    # A picture that comes after its case changes what people see of it, so long polls must hear.
    of_case = select(incident_pictures.c.incident).where(incident_pictures.c.sha256 == sha256)
    for incident in conn.scalars(of_case.distinct()).all():
        changed = update(incidents).where(incidents.c.id == incident)
        conn.execute(changed.values(change=next_change(conn)))


def _write_whole(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
