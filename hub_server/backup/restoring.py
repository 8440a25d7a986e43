"""Put an archive into an empty hub: every file is checked before the first row is written."""

import gzip
import hashlib
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import Column, Connection, Table, func, insert, select, text

from hub_server.backup.form import (
    FORMAT,
    MANIFEST,
    TABLES,
    BackupError,
    Manifest,
    counting,
    from_json,
    table_file,
)
from hub_server.ledger.engine import Ledger
from hub_server.pictures import PictureStore

_PAGE = 1000


def restore_backup(
    file: Path, ledger: Ledger, store: PictureStore, series: Path | None, county: str
) -> Manifest:
    """Fill an empty ledger, the pictures' folder and the embedded store from ``file``.

    An archive of older tables is taken in as it is and then brought to this version's.

    Raises:
        BackupError: the archive is damaged, newer, or of another county; the ledger holds rows.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive, county)
        _check(archive, manifest)
        if series is not None and series.exists() and "series.sqlite" in manifest.sha256:
            raise BackupError(f"{series}: expected none, there is a store already")
        _pictures(archive, manifest, store)
        _tables(archive, manifest, ledger)
        if series is not None and "series.sqlite" in manifest.sha256:
            series.parent.mkdir(parents=True, exist_ok=True)
            series.write_bytes(_member(archive, "series.sqlite").read())
    return manifest


def _opened(file: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(file, "r:")
    except (OSError, tarfile.TarError) as error:
        raise BackupError(f"{file}: expected an archive of `hub-server backup`: {error}") from None


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise BackupError(f"{name}: expected in the archive, it is missing · 备份不完整")
    return found


def _manifest(archive: tarfile.TarFile, county: str) -> Manifest:
    try:
        manifest = msgspec.json.decode(_member(archive, MANIFEST).read(), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{MANIFEST}: {error}") from None
    if manifest.format != FORMAT:
        raise BackupError(f"format: expected {FORMAT}, got {manifest.format}")
    if manifest.county != county:
        raise BackupError(f"county: expected {county!r}, the archive is of {manifest.county!r}")
    unknown = set(manifest.rows) - {table.name for table in TABLES}
    if unknown:
        raise BackupError(f"tables: {sorted(unknown)} are of a newer version: update Linli first")
    return manifest


def _check(archive: tarfile.TarFile, manifest: Manifest) -> None:
    for name, expected in manifest.sha256.items():
        found = hashlib.file_digest(_member(archive, name), "sha256").hexdigest()  # type: ignore[arg-type]  # a file in a tar reads like any
        if found != expected:
            raise BackupError(f"{name}: damaged, its SHA-256 is not the manifest's · 备份已损坏")


def _pictures(archive: tarfile.TarFile, manifest: Manifest, store: PictureStore) -> None:
    for name in manifest.sha256:
        if name.startswith("pictures/"):
            store.write(Path(name).stem, _member(archive, name).read())


def _tables(archive: tarfile.TarFile, manifest: Manifest, ledger: Ledger) -> None:
    _must_be_empty(ledger)
    ledger.migrate(manifest.revision)
    with ledger.write() as conn:
        for table in TABLES:
            if table.name in manifest.rows:
                _fill(conn, table, manifest, _member(archive, table_file(table.name)))
    ledger.migrate()


def _must_be_empty(ledger: Ledger) -> None:
    with ledger.read() as conn:
        there = [t for t in TABLES if conn.dialect.has_table(conn, t.name)]
        full = [t.name for t in there if conn.scalar(select(func.count()).select_from(t))]
    if full:
        raise BackupError(
            f"ledger: expected an empty one, {', '.join(full)} hold rows · 账本不是空的"
        )


def _fill(conn: Connection, table: Table, manifest: Manifest, packed: IO[bytes]) -> None:
    columns = [table.c[name] for name in manifest.columns[table.name]]
    rows, count = _rows(packed), 0
    while page := list(islice(rows, _PAGE)):
        conn.execute(insert(table), [_values(columns, row) for row in page])
        count += len(page)
    if count != manifest.rows[table.name]:
        raise BackupError(f"{table.name}: expected {manifest.rows[table.name]} rows, got {count}")
    counter = counting(table)
    if counter is not None:
        _go_on_counting(conn, table, counter, manifest.counted[table.name])


def _rows(packed: IO[bytes]) -> Iterator[list[object]]:
    with gzip.open(packed) as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=list[object])


def _values(columns: list[Column[Any]], row: list[object]) -> dict[str, object]:
    pairs = zip(columns, row, strict=True)
    return {column.name: from_json(column, value) for column, value in pairs}


def _go_on_counting(conn: Connection, table: Table, counter: Column[int], counted: int) -> None:
    """Numbers given out once are never given out again: cursors point at them."""
    last = max(counted, conn.scalar(select(func.max(counter))) or 0)
    if not last:
        return
    if conn.dialect.name != "sqlite":
        conn.execute(
            select(func.setval(func.pg_get_serial_sequence(table.name, counter.name), last))
        )
        return
    if table.dialect_options["sqlite"]["autoincrement"]:
        conn.execute(text("DELETE FROM sqlite_sequence WHERE name = :n"), {"n": table.name})
        put = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:n, :last)")
        conn.execute(put, {"n": table.name, "last": last})
