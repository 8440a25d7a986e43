"""What every table shares: its metadata, UTC times, numbers that only grow."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator

_TEXT = len("2026-11-22 08:00:00.000000")


def _sqlite_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"time: expected an aware datetime, got {value!r}")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:_TEXT]


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"time: expected an aware datetime, got {value!r}")
        return value.astimezone(UTC) if value else None

    def bind_processor(
        self, dialect: Dialect
    ) -> Callable[[datetime | None], datetime | str | None] | None:
        # as SQLAlchemy's own type writes it on SQLite, at a fraction of the time
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
Seq = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData(
    naming_convention={"ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
)
