"""Which commands of the hub were begun and how they were answered, across restarts.

A command is noted on the disk before it is done. So one that comes again is answered and not done
again, even when the program ended in its middle.
"""

import msgspec

from edge_agent.outbox.database import Database
from linli_contract.payloads import Reply

REMEMBERED = 1000
"""The newest commands; older ones have expired long since."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS commands (
    number INTEGER PRIMARY KEY,            -- grows: the order in which they began
    id TEXT NOT NULL UNIQUE,
    reply BLOB                             -- NULL: begun, not answered
)
"""
_decoder = msgspec.json.Decoder(Reply)
_encoder = msgspec.json.Encoder()


class CommandLog:
    """Thread-safe; what is written is on the disk when a method returns.

    Args:
        database: the open file. An older one gets the table.

    Raises:
        OutboxError: the table cannot be made. The methods raise it, too.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        with database.transaction() as db:
            db.execute(_SCHEMA)

    def begin(self, command: str) -> bool:
        """Note that the command of this id begins; False when it had begun before."""
        with self._db.transaction() as db:
            new = db.execute("INSERT OR IGNORE INTO commands (id) VALUES (?)", (command,)).rowcount
            db.execute(
                "DELETE FROM commands WHERE number <= (SELECT max(number) FROM commands) - ?",
                (REMEMBERED,),
            )
        return new == 1

    def answer(self, reply: Reply) -> None:
        """Keep how the command was answered."""
        with self._db.transaction() as db:
            row = (_encoder.encode(reply), reply.id)
            db.execute("UPDATE commands SET reply = ? WHERE id = ?", row)

    def answered(self, command: str) -> Reply | None:
        """How it was answered; None when it was not, or is not known any more."""
        with self._db.reading() as db:
            row = db.execute("SELECT reply FROM commands WHERE id = ?", (command,)).fetchone()
        return _decoder.decode(row[0]) if row and row[0] is not None else None
