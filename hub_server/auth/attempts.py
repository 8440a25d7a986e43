"""Slows down who guesses passwords: five failures of a name or an address in five minutes."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

LIMIT = 5
WINDOW = timedelta(minutes=5)
LARGEST = 10_000
"""Names and addresses remembered; the longest unused is forgotten first."""


@dataclass
class Attempts:
    """Failures of the last minutes, in memory of this process."""

    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_s(self, keys: tuple[str, ...], now: datetime) -> float:
        """Seconds until another try is allowed; 0 when it is."""
        with self._lock:
            waits = [self._wait(self._recent(key, now), now) for key in keys]
        return max(waits, default=0.0)

    def failed(self, keys: tuple[str, ...], now: datetime) -> None:
        """Remember a failure for every key."""
        with self._lock:
            for key in keys:
                self._failures[key] = [*self._recent(key, now), now]
                self._failures.move_to_end(key)
            while len(self._failures) > LARGEST:
                self._failures.popitem(last=False)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Forget the failures of the keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, ()) if now - at < WINDOW][-LIMIT:]

    def _wait(self, recent: list[datetime], now: datetime) -> float:
        return (recent[0] + WINDOW - now).total_seconds() if len(recent) >= LIMIT else 0.0
