"""Whether a case is in time, due soon (临期) or overdue (超期). Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

_LAST = timedelta(hours=1)
_SHARE = 4


class DueState(StrEnum):
    """Of a case with a limit; ``unknown`` where the holidays of its year are not known."""

    NORMAL = "normal"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    UNKNOWN = "unknown"


def due_state(
    opened_at: datetime, due_at: datetime | None, fault: str, at: datetime
) -> DueState | None:
    """How a case stands at ``at`` (its end, once it is over); None for one without a limit.

    Due soon is the last hour, or the last quarter of a limit shorter than four hours; the phone
    page counts alike.
    """
    if due_at is None:
        return DueState.UNKNOWN if fault else None
    if at >= due_at:
        return DueState.OVERDUE
    window = min(_LAST, (due_at - opened_at) / _SHARE)
    return DueState.DUE_SOON if due_at - at <= window else DueState.NORMAL
