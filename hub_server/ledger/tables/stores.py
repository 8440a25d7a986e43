"""What goes into the time series, and how far it is."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from hub_server.ledger.tables.columns import Seq, metadata

series = Table(
    "series",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    # line protocol: the lines of one message, which share measurement, device and time
    Column("line", Text, nullable=False),
    # how many; where it is one, a line feed in the text is a part of it
    Column("points", Integer, nullable=False, server_default="1"),
    sqlite_autoincrement=True,
)
cursors = Table(
    "cursors",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
rollup_windows = Table(  # windows that points came into since their rollup was made
    "rollup_windows",
    metadata,
    Column("store", String(64), primary_key=True),
    Column("level", String(8), primary_key=True),  # of the rollup: 10m, 1h
    Column("measurement", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # s since 1970
    Column("device", String(64), primary_key=True),  # empty: of every device
    Column("marks", BigInteger, nullable=False, server_default="1"),  # grows with each
)
