"""Make an archive while the hub runs: one snapshot of the ledger, then the files it names."""

import gzip
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, func, inspect, select, text

from hub_server.backup.form import (
    FORMAT,
    MANIFEST,
    TABLES,
    BackupError,
    Manifest,
    as_json,
    counting,
    digest,
    table_file,
)
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import pictures
from hub_server.pictures import PictureStore

_PAGE = 1000


def make_backup(
    ledger: Ledger, store: PictureStore, series: Path | None, county: str, to: Path, now: datetime
) -> Manifest:
    """Write the archive ``to``; ``series`` is the embedded store's file, where there is one.

    It has its name only when it is whole and on the disk.

    Raises:
        BackupError: ``to`` is there already, or the ledger was never set up.
    """
    if to.exists():
        raise BackupError(f"{to}: expected a new file, there is one · 文件已存在")
    part = to.with_name(to.name + ".part")
    folder = tempfile.TemporaryDirectory(dir=to.parent, prefix=".backup-")
    with folder as place, tarfile.open(part, "w") as archive:
        maker = _Maker(Path(place))
        # no longer than the rows need: a database cannot tidy up behind a snapshot
        with ledger.read() as conn:
            maker.tables(conn, archive)
            names = conn.scalars(select(pictures.c.sha256)).all()
            about = maker.about(conn, county, now)
        maker.pictures(names, archive, store)
        if series is not None and series.exists():
            maker.series(archive, series)
        manifest = maker.manifest(about, archive)
    _sync(part)
    part.replace(to)
    return manifest


@dataclass(frozen=True)
class _About:
    """What the manifest says of the moment of the snapshot."""

    county: str
    at: datetime
    revision: str
    counted: dict[str, int]


class _Maker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, int] = {}
        self._columns: dict[str, list[str]] = {}
        self._sha256: dict[str, str] = {}

    def tables(self, conn: Connection, archive: tarfile.TarFile) -> None:
        there = inspect(conn)
        for table in TABLES:
            if not there.has_table(table.name):
                continue  # an older version's ledger, on the eve of its update
            names = {column["name"] for column in there.get_columns(table.name)}
            columns = [column for column in table.c if column.name in names]
            file = self._folder / "table"
            self._rows[table.name] = _dump(conn, columns, file)
            self._columns[table.name] = [str(column.name) for column in columns]
            self._add(archive, file, table_file(table.name))

    def pictures(self, names: Iterable[str], archive: tarfile.TarFile, store: PictureStore) -> None:
        for sha256 in names:
            file = store.path(sha256)
            if file.exists():  # its time may have come since the snapshot
                self._add(archive, file, f"pictures/{sha256}.jpg")

    def series(self, archive: tarfile.TarFile, series: Path) -> None:
        file = self._folder / "series"
        source, copy = sqlite3.connect(series), sqlite3.connect(file)
        try:
            source.backup(copy)
        finally:
            source.close()
            copy.close()
        self._add(archive, file, "series.sqlite")

    def manifest(self, about: "_About", archive: tarfile.TarFile) -> Manifest:
        manifest = Manifest(
            format=FORMAT,
            county=about.county,
            made_at=about.at,
            version=version("linli"),
            revision=about.revision,
            rows=self._rows,
            counted=about.counted,
            columns=self._columns,
            sha256=self._sha256,
        )
        file = self._folder / "manifest"
        file.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        archive.add(file, MANIFEST)
        return manifest

    def about(self, conn: Connection, county: str, now: datetime) -> "_About":
        revision = MigrationContext.configure(conn).get_current_revision()
        if revision is None:
            raise BackupError("ledger: expected one that a hub has used, it has no tables")
        return _About(county, now, revision, self._counted(conn))

    def _counted(self, conn: Connection) -> dict[str, int]:
        counters = {t.name: counting(t) for t in TABLES if t.name in self._rows}
        return {
            name: _last_number(conn, counter)
            for name, counter in counters.items()
            if counter is not None
        }

    def _add(self, archive: tarfile.TarFile, file: Path, name: str) -> None:
        self._sha256[name] = digest(file)
        archive.add(file, name)


def _dump(conn: Connection, columns: list[Column[Any]], file: Path) -> int:
    count = 0
    key = [column for column in columns if column.primary_key]
    rows = conn.execution_options(yield_per=_PAGE).execute(select(*columns).order_by(*key))
    with gzip.open(file, "wb", compresslevel=5) as out:
        for row in rows:
            out.write(msgspec.json.encode([as_json(value) for value in row]) + b"\n")
            count += 1
    return count


def _last_number(conn: Connection, counter: Column[int]) -> int:
    """The last number that ``counter`` gave out, whether its row is still there or not."""
    table = counter.table.description
    if conn.dialect.name == "sqlite":
        asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(conn.scalar(asked, {"name": table}) or 0)
    name = conn.scalar(select(func.pg_get_serial_sequence(table, counter.name)))
    called = conn.execute(text(f"SELECT last_value, is_called FROM {name}")).one()  # noqa: S608 - the database's own name
    return int(called.last_value) if called.is_called else 0


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
