"""The people: roles, areas, passwords hashed with Argon2id.

Hashing takes tens of milliseconds by design: never call it on an event loop.
"""

from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, RowMapping, delete, insert, select

from hub_server.auth.roles import Role
from hub_server.ledger.tables import users

SHORTEST_PASSWORD = 10


@dataclass(frozen=True)
class User:
    """A person; sees what lies in codes that start with ``area``."""

    name: str
    role: Role
    area: str
    zh: str
    en: str
    phone: str = ""

    def sees(self, grid: str) -> bool:
        """Whether ``grid`` lies in this person's area."""
        return grid.startswith(self.area)


class UserError(ValueError):
    """The user cannot be added as asked."""


def add_user(
    conn: Connection, user: User, password: str | None = None, *, replace: bool = False
) -> None:
    """Write ``user``; without a password only a sign-in link lets this person in.

    Raises:
        UserError: the password is short, the area empty, or the name taken and not ``replace``.
    """
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise UserError(f"password: expected {SHORTEST_PASSWORD} characters, got {len(password)}")
    if not user.area:
        raise UserError("area: expected the start of an area code, got nothing")
    if replace:
        conn.execute(delete(users).where(users.c.name == user.name))
    elif find_user(conn, user.name):
        raise UserError(f"name: {user.name!r} exists")
    values = {**vars(user), "role": user.role.value}
    # "!" is no Argon2 hash, so no password can ever match it.
    hashed = hash_password(password) if password is not None else "!"
    conn.execute(insert(users).values(**values, password_hash=hashed))


def find_user(conn: Connection, name: str) -> User | None:
    """The user who may sign in now under ``name``."""
    row = _row(conn, name)
    return _user(row) if row else None


def check_password(conn: Connection, name: str, password: str) -> User | None:
    """The user if name and password fit; takes as long for a name that is unknown."""
    row = _row(conn, name)
    known = str(row["password_hash"]) if row else _unknown_hash()
    return _user(row) if verify_password(known, password) and row else None


def hash_password(password: str) -> str:
    """Argon2id with the library's parameters (RFC 9106, low memory)."""
    return _hasher().hash(password)


def verify_password(hashed: str, password: str) -> bool:
    """Whether ``password`` is the one that was hashed."""
    try:
        return _hasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _unknown_hash() -> str:
    return hash_password("nobody has this password")


def _row(conn: Connection, name: str) -> RowMapping | None:
    query = select(users).where(users.c.name == name, users.c.disabled.is_(False))
    return conn.execute(query).mappings().one_or_none()


def _user(row: RowMapping) -> User:
    plain = {key: str(row[key]) for key in ("name", "area", "zh", "en", "phone")}
    return User(role=Role(row["role"]), **plain)
