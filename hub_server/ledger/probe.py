"""Whether the ledger answers."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub_server.ledger.engine import Ledger


def fault(ledger: Ledger) -> str:
    """Why it does not answer a read; empty when it does."""
    try:
        with ledger.read() as conn:
            conn.execute(text("SELECT 1 FROM counters LIMIT 1"))
    except SQLAlchemyError as error:
        return type(error).__name__
    return ""
