"""A backup put into an empty hub is the same hub, on SQLite and PostgreSQL and between them."""

import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, inspect, select

from hub_server.backup.form import TABLES, BackupError
from hub_server.backup.making import make_backup
from hub_server.backup.restoring import restore_backup
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import areas, cursors, devices, series, sources
from hub_server.pictures import PictureStore, record
from tests.hub_server.world import jpeg, sha
from tests.support.hub import (
    COUNTY,
    GRID,
    NOW,
    Device,
    HubClock,
    decoded,
    make_ledger,
    make_pipeline,
)

PICTURE = jpeg("gate")


@pytest.fixture
def ledger(ledger_url: str, tmp_path: Path) -> Iterator[Ledger]:
    """A used ledger: events, a case, a picture, series rows that were written and pruned."""
    ledger, device = make_ledger(ledger_url), Device()
    pipeline = make_pipeline(ledger, HubClock())
    pipeline.run(decoded(device.observation(NOW), device.reading(NOW, {"gas_lel": 30.0})))
    with ledger.write() as conn:
        record(conn, sha(PICTURE), len(PICTURE), NOW, user="li")
        conn.execute(insert(cursors).values(name="sqlite", position=_newest(conn_rows(ledger))))
        conn.execute(delete(series))
    pictures(tmp_path / "old").write(sha(PICTURE), PICTURE)
    yield ledger
    ledger.close()


def conn_rows(ledger: Ledger) -> list[int]:
    with ledger.read() as conn:
        return list(conn.scalars(select(series.c.seq)))


def _newest(numbers: list[int]) -> int:
    return max(numbers)


def pictures(folder: Path) -> PictureStore:
    return PictureStore(folder / "pictures")


def backed_up(ledger: Ledger, tmp_path: Path, county: str = COUNTY) -> Path:
    file = tmp_path / "hub.tar"
    make_backup(ledger, pictures(tmp_path / "old"), None, county, file, NOW)
    return file


def restored(file: Path, url: str, tmp_path: Path) -> Ledger:
    ledger = open_ledger(url)
    restore_backup(file, ledger, pictures(tmp_path / "new"), None, COUNTY)
    return ledger


def contents(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    with ledger.read() as conn:
        return {
            table.name: [
                tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))
            ]
            for table in TABLES
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of the ledger to restore into."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restored.sqlite'}"
    return str(request.getfixturevalue("postgres_server").new_database())


def test_every_row_and_picture_is_there_again(
    ledger: Ledger, empty_url: str, tmp_path: Path
) -> None:
    again = restored(backed_up(ledger, tmp_path), empty_url, tmp_path)
    there = contents(again)
    again.close()
    assert there == contents(ledger)
    assert len(there["inbox"]) == 2
    assert there["incidents"]
    assert pictures(tmp_path / "new").read(sha(PICTURE)) == PICTURE


def test_no_snapshot_is_held_while_pictures_are_packed(tmp_path: Path) -> None:
    """Hours of pictures would keep SQLite from emptying its log, PostgreSQL from tidying up."""
    ledger = make_ledger(tmp_path)
    left: list[int] = []

    class Watching(PictureStore):
        def path(self, sha256: str) -> Path:
            with ledger.write() as conn:
                record(conn, sha(b"another"), 1, NOW, user="li")
            with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
                busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            left.append(busy)
            return super().path(sha256)

    with ledger.write() as conn:
        record(conn, sha(PICTURE), len(PICTURE), NOW, user="li")
    store = Watching(tmp_path / "pictures")
    made = make_backup(ledger, store, None, COUNTY, tmp_path / "hub.tar", NOW)
    ledger.close()
    assert left == [0]
    assert made.rows["pictures"] == 1


def test_numbers_go_on_where_they_were_so_that_cursors_miss_nothing(
    ledger: Ledger, empty_url: str, tmp_path: Path
) -> None:
    again = restored(backed_up(ledger, tmp_path), empty_url, tmp_path)
    late = Device(epoch="e2")
    make_pipeline(again, HubClock()).run(decoded(late.reading(NOW, {"gas_lel": 1.0})))
    new = conn_rows(again)
    with again.read() as conn:
        cursor = conn.scalar(select(cursors.c.position))
    again.close()
    assert new
    assert cursor
    assert min(new) > cursor


def test_what_comes_again_after_a_restore_is_still_a_duplicate(
    ledger: Ledger, empty_url: str, tmp_path: Path
) -> None:
    again = restored(backed_up(ledger, tmp_path), empty_url, tmp_path)
    before = contents(again)
    make_pipeline(again, HubClock()).run(decoded(Device().observation(NOW)))
    after = contents(again)
    again.close()
    assert after["inbox"] == before["inbox"]
    assert after["incidents"] == before["incidents"]


def test_a_ledger_with_rows_is_not_touched(ledger: Ledger, tmp_path: Path) -> None:
    file, before = backed_up(ledger, tmp_path), contents(ledger)
    with pytest.raises(BackupError, match=r"expected an empty one, .*inbox"):
        restore_backup(file, ledger, pictures(tmp_path / "new"), None, COUNTY)
    assert contents(ledger) == before


def test_a_damaged_archive_is_refused_before_anything_is_written(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = backed_up(ledger, tmp_path)
    with tarfile.open(file) as archive:
        place = archive.getmember("tables/inbox.jsonl.gz").offset_data + 20
    data = bytearray(file.read_bytes())
    data[place] ^= 0xFF
    file.write_bytes(data)
    fresh = open_ledger(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    with pytest.raises(BackupError, match=r"tables/inbox.jsonl.gz: damaged"):
        restore_backup(file, fresh, pictures(tmp_path / "new"), None, COUNTY)
    with fresh.read() as conn:
        assert inspect(conn).get_table_names() == []
    fresh.close()


def test_a_cut_archive_another_county_and_any_file_are_refused(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = backed_up(ledger, tmp_path)
    fresh, store = open_ledger(f"sqlite:///{tmp_path / 'fresh.sqlite'}"), pictures(tmp_path / "new")
    with pytest.raises(BackupError, match="county: expected '110101', the archive is of '330899'"):
        restore_backup(file, fresh, store, None, "110101")
    cut, other = tmp_path / "cut.tar", tmp_path / "other.tar"
    cut.write_bytes(file.read_bytes()[:5000])
    other.write_text("no archive")
    for wrong in (cut, other):
        with pytest.raises(BackupError):
            restore_backup(wrong, fresh, store, None, COUNTY)
    fresh.close()


def test_an_archive_of_older_tables_is_brought_to_these(tmp_path: Path) -> None:
    old = open_ledger(f"sqlite:///{tmp_path / 'old.sqlite'}")
    old.migrate("0001")
    with old.write() as conn:
        row = {"county": COUNTY, "profile": "p", "grid": GRID, "token_hash": "x"}
        conn.execute(insert(devices).values(device="pi-1", enrolled_at=NOW, **row))
        place = {"kind": "camera", "zh": "门", "en": "Gate", "grid": GRID, "lat": 1, "lon": 2}
        conn.execute(insert(sources).values(device="pi-1", name="gate", **place))
    file = backed_up(old, tmp_path)
    old.close()
    new = restored(file, f"sqlite:///{tmp_path / 'new.sqlite'}", tmp_path)
    with new.read() as conn:
        assert conn.scalar(select(sources.c.zones)) == {}
    new.close()


def test_the_embedded_store_goes_along(ledger: Ledger, tmp_path: Path) -> None:
    old, new, file = tmp_path / "a.sqlite", tmp_path / "b" / "b.sqlite", tmp_path / "hub.tar"
    with sqlite3.connect(old) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE points (n)")
        store.execute("INSERT INTO points VALUES (7)")
    make_backup(ledger, pictures(tmp_path / "old"), old, COUNTY, file, NOW)
    fresh = open_ledger(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    restore_backup(file, fresh, pictures(tmp_path / "new"), new, COUNTY)
    fresh.close()
    assert sqlite3.connect(new).execute("SELECT n FROM points").fetchall() == [(7,)]


def test_the_commands_say_what_they_did_and_refuse_to_overwrite(tmp_path: Path) -> None:
    for name in ("old", "new"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "auth.secret").write_text("s" * 48)
        (folder / "auth.secret").chmod(0o600)
        (folder / "hub.yaml").write_text(
            "{county: '330899', data_dir: data, ledger: {url: 'sqlite:///ledger.sqlite'}, "
            "ingest: {type: mqtt, host: 127.0.0.1, protocol: '5'}, "
            "auth: {secret: 'file:auth.secret'}, http: {public_url: 'http://127.0.0.1'}}"
        )
    make_ledger(tmp_path / "old").close()
    archive = tmp_path / "hub.tar"

    def hub(command: str, place: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).with_name("hub-server")), command]
        rest = ["--config", str(tmp_path / place / "hub.yaml"), str(archive)]
        return subprocess.run([*program, *rest], capture_output=True, text=True)

    done = hub("backup", "old")
    assert done.returncode == 0, done.stderr
    assert "backed up" in done.stdout
    twice = hub("backup", "old")
    assert twice.returncode == 2
    assert "expected a new file" in twice.stderr
    back = hub("restore", "new")
    assert back.returncode == 0, back.stderr
    ledger = open_ledger(f"sqlite:///{tmp_path / 'new/ledger.sqlite'}")
    with ledger.read() as conn:
        assert conn.scalars(select(devices.c.device)).all() == ["pi-0001"]
        assert len(conn.scalars(select(areas.c.code)).all()) > 1
    ledger.close()
