"""Limits that one side relies on the other to keep."""

OUTBOX_MAX_AGE_S = 7 * 86_400
"""The longest a device keeps an unconfirmed message. The hub remembers ids for longer than that:
a message sent again after its acknowledgement was lost can then never count twice."""
INBOX_MIN_AGE_S = OUTBOX_MAX_AGE_S + 86_400
"""The shortest the hub remembers ids: a day more, for clocks that differ."""
