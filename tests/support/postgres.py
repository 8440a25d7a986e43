"""A real PostgreSQL for tests: one cluster a session, a fresh database for each test."""

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg

from tests.support.migrated import migrate
from tests.support.mosquitto import free_port

_TABLES = "migrated"
_ROOM = 1_000_000_000
_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def program(name: str) -> str | None:
    """Where ``name`` of PostgreSQL is; Debian keeps them off the PATH."""
    return shutil.which(name) or next(
        (str(folder / name) for folder in _FOLDERS if (folder / name).exists()), None
    )


def installed() -> bool:
    """Whether this machine has the server."""
    return program("initdb") is not None and program("pg_ctl") is not None


def memory() -> Path | None:
    """A folder in memory, where a new database takes a quarter of the time; None: too little."""
    folder = Path("/dev/shm")  # noqa: S108  # only the folder made in it is used
    roomy = folder.is_dir() and shutil.disk_usage(folder).free > _ROOM
    return folder if roomy else None


class Postgres:
    """A cluster on a free loopback port in a folder of its own; anybody on it is ``linli``."""

    def __init__(self, parent: Path | None = None) -> None:
        # pytest's folders are closed to other users, and the server refuses to run as root
        self._folder = Path(tempfile.mkdtemp(prefix="linli-pg-", dir=parent))
        self._folder.chmod(0o755)
        self._data = self._folder / "data"
        self._data.mkdir()
        self.port = free_port()
        self._has_tables = False
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._data, owner.pw_uid, owner.pw_gid)

    def start(self) -> "Postgres":
        self._run("initdb", "-D", str(self._data), "-U", "linli", "-A", "trust", "-N")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -F"
        options += " -c max_wal_size=64MB"
        log = str(self._data / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-o", options, "start")
        return self

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "stop")
        shutil.rmtree(self._folder)

    def new_database(self, like: str = "template1") -> str:
        """The address of a database nobody has used, a copy of ``like``."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._create(name, like)
        return self._url(name)

    def new_ledger(self) -> str:
        """The address of a ledger without a row, its tables copied from one made before."""
        if not self._has_tables:
            self._create(_TABLES, "template1")
            migrate(self._url(_TABLES))
            self._has_tables = True
        return self.new_database(_TABLES)

    def drop(self, url: str) -> None:
        """Make room: the database at ``url``, whoever is still connected."""
        self._do(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://linli@127.0.0.1:{self.port}/{name}"

    def _create(self, name: str, like: str) -> None:
        self._do(f"CREATE DATABASE {name} TEMPLATE {like}")

    def _do(self, statement: str) -> None:
        where = f"host=127.0.0.1 port={self.port} user=linli dbname=postgres"
        with psycopg.connect(where, autocommit=True) as conn:
            conn.execute(statement)

    def _run(self, name: str, *options: str) -> None:
        command = [str(program(name)), *options]
        if self._user:
            command = ["runuser", "-u", self._user, "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr or done.stdout}")
