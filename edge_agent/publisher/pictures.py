"""Takes pictures to the hub: one PUT each, named by hash, so that sending twice changes nothing.

One thread of its own: no picture ever holds up an event.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import structlog

from edge_agent.backoff import Backoff
from edge_agent.clock import Moment
from edge_agent.outbox import Outbox, OutboxError, PictureQueue, PictureRow
from edge_agent.outbox.pictures import FULL, LOST, REFUSED
from edge_agent.publisher.settings import HubSettings
from edge_agent.pulse import Pulse
from linli_contract.faults import fault
from linli_settings import ConfigError
from linli_settings.secrets import resolve

_LOOK_S = 0.5
_ORPHAN_S = 3600.0  # a picture's event is kept within moments
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_TOKEN = {401, 403}
# The picture itself is wrong, another try cannot help: bad request, too large, no JPEG, wrong hash.
_FOR_EVER = {400, 413, 415, 422}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PictureCounters:
    """Since start."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0


class PictureUploader:
    """Sends what is due from ``folder``; what the hub has may stay there for a while.

    Args:
        settings: the hub's address and this device's token.
        queue: what is due.
        outbox: told what had to be dropped.
        folder: where the JPEGs lie as ``<sha256>.jpg``.
        max_bytes: bound of the folder: the oldest of what was delivered goes first, then, with a
            tombstone, the oldest of what waits.
        now: the clock.
        base: folder from which relative paths of the settings count.
        keep_s: seconds for which a delivered picture stays, as long as there is room.
    """

    def __init__(
        self,
        settings: HubSettings,
        queue: PictureQueue,
        outbox: Outbox,
        folder: Path,
        max_bytes: int,
        now: Callable[[], Moment],
        base: Path = Path(),
        jitter: Callable[[], float] = random.random,
        keep_s: float = 0.0,
    ) -> None:
        self._settings = settings
        self._queue = queue
        self._outbox = outbox
        self._folder = folder
        self._max_bytes = max_bytes
        self._now = now
        self._base = base
        self._keep_s = keep_s
        self._backoff = Backoff(jitter, ceiling=60.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self.pulse = Pulse()
        self._fault = ""
        self.counters = PictureCounters()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End after the picture under way; what is unsent stays."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def waiting(self) -> int:
        """Pictures not yet delivered."""
        return self._queue.waiting()

    def faults(self) -> tuple[str, ...]:
        return (self._fault,) if self._fault else ()

    def _sweep(self) -> None:
        """Delete files that nothing waits for: left by a crash between two steps."""
        oldest = self._now().wall.timestamp() - _ORPHAN_S
        for file in self._folder.glob("*.jpg"):
            if file.stat().st_mtime < oldest and not self._queue.holds(file.stem):
                _log.info("orphaned picture deleted", sha256=file.stem)
                file.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            pause = _LOOK_S
            self.pulse.beat(self._now().mono)
            try:
                self._sweep()
                with self._client() as client:
                    self._serve(client)
            except ConfigError as error:
                self._fault, pause = fault("hub_token", str(error)), self._backoff.next()
            except OutboxError as error:
                self._fault, pause = fault("outbox_write", str(error)), self._backoff.next()
            except Exception as error:  # noqa: BLE001 - the thread must live; it is red meanwhile
                _log.exception("picture uploader failed")
                self._fault = fault("part_failed", f"pictures: {type(error).__name__}")
                pause = self._backoff.next()
            self._stop.wait(pause)

    def _client(self) -> httpx.Client:
        token = resolve(self._settings.token, self._base)
        verify = str(self._base / self._settings.ca) if self._settings.ca else True
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
        # trust_env: a proxy meant for people must not get the county's pictures
        return httpx.Client(headers=headers, verify=verify, timeout=_TIMEOUT, trust_env=False)

    def _serve(self, client: httpx.Client) -> None:
        while not self._stop.is_set():
            self.pulse.beat(self._now().mono)
            self._evict()
            for row in self._queue.beyond(self._max_bytes):
                self._drop(row, FULL)
            row_due = self._queue.due(self._now().mono)
            if row_due is None:
                self._stop.wait(_LOOK_S)
            else:
                self._send(client, row_due)

    def _evict(self) -> None:
        """Delete what was delivered and is too old, or has no room any more."""
        for sha256 in self._queue.evict(self._max_bytes, self._keep_s, self._now()):
            (self._folder / f"{sha256}.jpg").unlink(missing_ok=True)

    def _file(self, row: PictureRow) -> Path:
        return self._folder / f"{row.sha256}.jpg"

    def _send(self, client: httpx.Client, row: PictureRow) -> None:
        try:
            body = self._file(row).read_bytes()
        except FileNotFoundError:
            self._drop(row, LOST)
            return
        url = f"{self._settings.url}/api/v1/pictures/{row.sha256}"
        try:
            answer = client.put(url, content=body)
        except httpx.HTTPError as error:
            self._failed(row, fault("hub_unreachable", type(error).__name__))
            return
        self._take_answer(row, answer.status_code)

    def _take_answer(self, row: PictureRow, code: int) -> None:
        if 200 <= code < 300:
            self._queue.delivered(row.sha256, self._now())
            self._evict()
            self._fault = ""
            self._backoff.reset()
            self.counters = replace(self.counters, delivered=self.counters.delivered + 1)
        elif code in _FOR_EVER:
            self._fault = fault("picture_refused", f"HTTP {code}")
            self._drop(row, f"{REFUSED}_{code}")
        else:
            name = "hub_token" if code in _TOKEN else "hub_unreachable"
            self._failed(row, fault(name, f"HTTP {code}"))

    def _failed(self, row: PictureRow, text: str) -> None:
        if text != self._fault:
            _log.warning("picture not delivered", fault=text)
        self._fault = text
        pause = self._backoff.next()
        self._queue.later(row.sha256, self._now().mono + pause)
        self.counters = replace(self.counters, failed=self.counters.failed + 1)
        # the next picture would meet the same hub
        self._stop.wait(pause)

    def _drop(self, row: PictureRow, cause: str) -> None:
        _log.warning("picture dropped", cause=cause, sha256=row.sha256)
        self._outbox.report_dropped(self._queue.drop(row, cause), self._now())
        self._file(row).unlink(missing_ok=True)
        self.counters = replace(self.counters, dropped=self.counters.dropped + 1)
