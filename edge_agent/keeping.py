"""What becomes a row of the outbox: observations, readings, heartbeats, pictures."""

from collections.abc import Callable, Sequence

from edge_agent.clock import Moment, new_id
from edge_agent.events import health_draft, observation_draft, reading_draft
from edge_agent.latency import Latencies
from edge_agent.outbox import Outbox, PictureQueue
from edge_agent.sensors.rounds import Timed
from edge_agent.types import Observed
from linli_contract.payloads import Health, Phase, Picture


class Keeping:
    """The agent's one way into its outbox.

    Args:
        device: its name.
        latencies: learn how long an observation took from its frame to the disk.
    """

    def __init__(
        self,
        device: str,
        outbox: Outbox,
        queue: PictureQueue,
        latencies: Latencies,
        now: Callable[[], Moment],
    ) -> None:
        self._device = device
        self._outbox = outbox
        self._queue = queue
        self._latencies = latencies
        self._now = now

    def observed(self, observed: Observed) -> None:
        self._outbox.append(observation_draft(observed, new_id()), self._now())
        if observed.payload.phase is not Phase.END:  # an end may be told long after its frame
            delay = self._now().wall - observed.time
            self._latencies.add(observed.camera, delay.total_seconds())

    def picture(self, picture: Picture) -> None:
        """To be sent without an event."""
        self._queue.add(picture, self._now())

    def readings(self, rounds: Sequence[Timed]) -> None:
        drafts = [(reading_draft(r, self._device, now.wall, new_id()), now) for r, now in rounds]
        self._outbox.append_all(drafts)

    def health(self, health: Health, now: Moment) -> None:
        self._outbox.append(health_draft(health, self._device, now.wall, new_id()), now)
