"""Who sends what waits for devices: the process whose outbound side runs, on its way by MQTT."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from hub_server.devices.arming import end_overdue
from hub_server.devices.desired import line_up
from hub_server.devices.post import Post
from hub_server.ingest.mqtt import MqttSource, nothing_comes
from hub_server.ingest.source import Source
from hub_server.ledger.engine import Ledger
from hub_server.ledger.standby import Standby

STANDBY_S = 0.5
"""How soon it notices that the outbound side begins or ends here."""


class Sending:
    """Runs a :class:`~hub_server.devices.post.Post` while ``standby`` holds.

    Args:
        new_sender: a connection only to publish, under a name that nobody else has; for where
            ``source`` does not speak to devices.
        source: what messages come by, where they come by MQTT: it sends too.
    """

    def __init__(
        self,
        ledger: Ledger,
        standby: Standby,
        new_sender: Callable[[], MqttSource],
        source: Source | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger, self._standby, self._clock = ledger, standby, clock
        self._new_sender, self._source = new_sender, source
        self._sender: MqttSource | None = None

    @property
    def fault(self) -> str:
        """Why nothing can be sent; empty while it can, and where another process sends."""
        if not self._standby.holds:
            return ""
        connected = self._sender is not None and self._sender.connected_since
        return "" if connected else "no connection to the devices' broker"

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(STANDBY_S)
            if self._standby.holds:
                await self._while_held()

    async def _while_held(self) -> None:
        own = not isinstance(self._source, MqttSource)
        sender = self._source if isinstance(self._source, MqttSource) else self._new_sender()
        self._sender = sender
        post = Post(self._ledger, sender, line_up, self._end_overdue, self._clock)
        jobs = [asyncio.ensure_future(post.run())]
        if own:
            jobs.append(asyncio.ensure_future(sender.run(nothing_comes)))
        try:
            while self._standby.holds and not any(job.done() for job in jobs):
                await asyncio.wait(jobs, timeout=STANDBY_S)
            for job in jobs:
                if job.done():
                    job.result()
        finally:
            self._sender = None
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            if own:
                await sender.stop()

    def _end_overdue(self, at: datetime) -> None:
        end_overdue(self._ledger, at)
