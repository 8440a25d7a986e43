"""Slows down who guesses passwords: so many failures of a key in five minutes, then a pause.

A key is a name from one address, a name, or an address, each with its own limit: many people
share the address of a proxy, and nobody should be able to lock another person out quickly.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=5)
LARGEST = 10_000
"""Keys remembered; the longest unused is forgotten first."""
Limits = dict[str, int]
"""Key → failures it may have within the window."""


def limits_of(name: str, address: str) -> Limits:
    """The keys of one try to sign in."""
    return {f"both:{name}@{address}": 5, f"name:{name}": 25, f"address:{address}": 50}


@dataclass
class Attempts:
    """Failures of the last minutes, in memory of this process."""

    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait_s(self, limits: Limits, now: datetime) -> float:
        """Seconds until another try is allowed; 0 when it is."""
        with self._lock:
            waits = [_wait(self._recent(key, now), most, now) for key, most in limits.items()]
        return max(waits, default=0.0)

    def failed(self, limits: Limits, now: datetime) -> None:
        """Remember a failure for every key."""
        with self._lock:
            for key, most in limits.items():
                self._failures[key] = [*self._recent(key, now), now][-most:]
                self._failures.move_to_end(key)
            while len(self._failures) > LARGEST:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget this person's own failures from here."""
        with self._lock:
            self._failures.pop(next(iter(limits_of(name, address))), None)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, ()) if now - at < WINDOW]


def _wait(recent: list[datetime], most: int, now: datetime) -> float:
    return (recent[-most] + WINDOW - now).total_seconds() if len(recent) >= most else 0.0
