"""A dead man's switch: while the hub is ready it says so to an address outside, again and again.

Whoever listens there (a monitoring service, a neighbouring county) alarms when it hears nothing:
a hub that hangs, a machine without power and a cut line are all silent. A hub that runs but is
not ready is silent too.
"""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import structlog

from hub_server.metrics.meter import Meter
from hub_server.settings import HeartbeatSettings
from linli_settings import ConfigError
from linli_settings.errors import SETTINGS
from linli_settings.secrets import resolve

log = structlog.get_logger("heartbeat")
BEATS = "linli_heartbeats_total"


class Heartbeat:
    """One thread; ``faults`` says which parts are not ready.

    Raises:
        ConfigError: the secret is no address.
    """

    def __init__(
        self,
        settings: HeartbeatSettings,
        base: Path,
        county: str,
        faults: Callable[[], Mapping[str, str]],
        meter: Meter,
    ) -> None:
        self._settings = settings
        self._url = _address(settings.url, base)
        self._county = county
        self._faults = faults
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._meter = meter
        for result in ("sent", "failed", "withheld"):
            meter.count(BEATS, result, n=0)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended: at once, or after the beat under way."""
        self._stop.set()
        self._thread.join(self._settings.timeout + 1)

    def _run(self) -> None:
        with httpx.Client(timeout=self._settings.timeout) as client:
            while not self._stop.is_set():
                began = time.monotonic()
                self._beat(client)
                self._stop.wait(max(0.0, self._settings.interval - (time.monotonic() - began)))

    def _beat(self, client: httpx.Client) -> None:
        faults = {name: fault for name, fault in self._faults().items() if fault}
        if faults:
            self._meter.count(BEATS, "withheld")  # due while the hub was not ready
            log.warning("heartbeat withheld, not ready", parts=sorted(faults))
            return
        try:
            client.post(self._url, json={"county": self._county}).raise_for_status()
            self._meter.count(BEATS, "sent")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._meter.count(BEATS, "failed")
            # not the error's text: it may have the address in it, which is a secret
            log.warning("heartbeat not heard", error=type(error).__name__, status=_status(error))


def _address(reference: str, base: Path) -> str:
    url = resolve(reference, base)
    if not url.startswith(("https://", "http://")):
        raise ConfigError.one(
            SETTINGS, "heartbeat.url", "a secret that is an address, https://…", "another"
        )
    return url


def _status(error: Exception) -> int | None:
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
