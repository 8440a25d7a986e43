"""Calls the hub back, signed, from a thread of its own; tries again while the hub is away."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import Full, Queue
from threading import Event, Thread

import httpx
import structlog

from hub_server.county_link.signing import CountyKey, signed_headers
from hub_server.county_link.simulator.book import CountyCase

MOST_WAITING = 10_000
ATTEMPTS = 8
log = structlog.get_logger("county-simulator")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Caller:
    """One hub."""

    url: str
    key: CountyKey
    clock: Callable[[], datetime] = _now
    dropped: int = 0
    """Callbacks given up: the queue was full, or the hub did not take them."""
    _queue: Queue[dict[str, str] | None] = field(default_factory=lambda: Queue(MOST_WAITING))
    _stopping: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def tell(self, case: CountyCase, event: str, status: str) -> None:
        """Queue the callback that the case has a new status since ``event``."""
        body = {"id": event[-56:], "incident": case.incident, "case_id": case.case_id}
        try:
            self._queue.put_nowait({**body, "status": status})
        except Full:
            self.dropped += 1
            log.warning("callback dropped", cause="queue full", dropped=self.dropped)

    def start(self) -> None:
        """Begin calling."""
        self._thread = Thread(target=self._run, name="county-callback", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; what still waits is not sent."""
        self._stopping.set()
        self._queue.put(None, timeout=1) if not self._queue.full() else None
        if self._thread:
            self._thread.join(2)

    def _run(self) -> None:
        with httpx.Client(timeout=5, trust_env=False) as client:
            while not self._stopping.is_set():
                body = self._queue.get()
                if body is not None and not self._call(client, body):
                    self.dropped += 1
                    log.warning("callback dropped", cause="not taken", dropped=self.dropped)

    def _call(self, client: httpx.Client, body: dict[str, str]) -> bool:
        payload = json.dumps(body).encode()
        for attempt in range(ATTEMPTS):
            headers = signed_headers(self.key, payload, self.clock())
            try:
                answer = client.post(self.url, content=payload, headers=headers)
            except httpx.HTTPError as error:
                log.warning("callback failed", error=str(error), attempt=attempt)
            else:
                if answer.is_success:
                    return True
                log.warning("callback refused", status=answer.status_code, body=answer.text[:200])
            if self._stopping.wait(min(0.2 * 2**attempt, 10)):
                break
        return False
