"""How old a message was when it arrived, and whether its time can be true at all."""

from datetime import datetime, timedelta

from hub_server.alerting.engine import Limits
from hub_server.ingest.types import EventMessage

FUTURE = timedelta(minutes=2)
"""How far ahead of the hub's clock a message may be: clocks of the county differ by seconds."""


def is_ahead(message: EventMessage) -> bool:
    """Whether the message's time had not come yet when it arrived: its device's clock is wrong."""
    return message.envelope.time - message.received.at > FUTURE


def is_aged(message: EventMessage, limits: Limits, at: datetime) -> bool:
    """Whether the message was older than the allowed lateness at ``at``, when it arrived.

    Of a time that the device could only estimate nothing is concluded: it may have happened now.
    """
    envelope = message.envelope
    age = at - envelope.time
    return not envelope.timeestimated and age > limits.late
