"""What waits to reach the hub: committed here first, deleted when the hub has it.

``Outbox`` holds the messages, ``PictureQueue`` the pictures, ``CommandLog`` the commands that were
done; all live in one ``Database``.
"""

from edge_agent.outbox.commands import CommandLog
from edge_agent.outbox.database import Database, OutboxError
from edge_agent.outbox.draft import Draft, Lane
from edge_agent.outbox.outbox import Limits, Outbox
from edge_agent.outbox.pictures import PictureQueue, PictureRow
from edge_agent.outbox.rows import Row

__all__ = [
    "CommandLog",
    "Database",
    "Draft",
    "Lane",
    "Limits",
    "Outbox",
    "OutboxError",
    "PictureQueue",
    "PictureRow",
    "Row",
]
