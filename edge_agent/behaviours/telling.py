"""What has been told of something that lasts: its start, that it goes on, its id."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from linli_contract.payloads import Phase

RENEWAL = timedelta(seconds=60)
"""An open observation says so this often; the hub ends one not renewed for 180 s."""


@dataclass(frozen=True)
class Telling:
    """One observation's, or none yet."""

    observation_id: str = ""
    """empty until the condition is complete"""
    triggered_at: datetime | None = None
    renewed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its start was told."""
        return bool(self.observation_id)

    def step(
        self, complete: bool, now: datetime, new_id: Callable[[], str]
    ) -> tuple["Telling", Phase | None]:
        """What is to be told at ``now``, and what has been then.

        Args:
            complete: the condition of the start; once it is told, it is not asked for.
        """
        if self.renewed_at is None:
            return (Telling(new_id(), now, now), Phase.START) if complete else (self, None)
        if now - self.renewed_at < RENEWAL:
            return self, None
        return Telling(self.observation_id, self.triggered_at, now), Phase.UPDATE


UNTOLD = Telling()
"""Nothing has been told."""
