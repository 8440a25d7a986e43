"""What is inside an archive: a tar with a manifest, tables as JSON lines, files as they are."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Column, LargeBinary, Table

from hub_server.ledger.tables import Utc, leases, metadata

FORMAT = 1
MANIFEST = "manifest.json"
TABLES = [table for table in metadata.sorted_tables if table is not leases]
"""In the order in which rows may be inserted. Who held which lease is nobody's loss."""


class BackupError(ValueError):
    """The archive or the place cannot be used; says what was expected and what came."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the archive says of itself."""

    format: int
    county: str
    made_at: datetime
    version: str
    """Of the program that made it."""
    revision: str
    """Of the ledger's tables."""
    rows: dict[str, int]
    """By table."""
    counted: dict[str, int]
    """The last number each growing column gave out, by table: cursors point at them."""
    columns: dict[str, list[str]]
    sha256: dict[str, str]
    """Of each file in the archive."""


def table_file(table: str) -> str:
    return f"tables/{table}.jsonl.gz"


def counting(table: Table) -> Column[int] | None:
    """The column by which the database counts the table's rows, where it has one."""
    return table.autoincrement_column


def as_json(value: object) -> object:
    """A column's value as the archive keeps it: times in ISO 8601, bytes in base 64."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value.isoformat() if isinstance(value, datetime) else value


def from_json(column: Column[Any], value: Any) -> object:
    """Back from the archive."""
    if value is None:
        return None
    if isinstance(column.type, Utc):
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) else value


def digest(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
