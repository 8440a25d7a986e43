"""The agent's parts, made from its configuration."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from edge_agent.clock import Moment
from edge_agent.outbox import Outbox, PictureQueue
from edge_agent.publisher import DeleteOn, PictureUploader, Publisher
from edge_agent.publisher.client import Identity
from edge_agent.sensors.rounds import Rounds, Timed
from edge_agent.sensors.sampling import sampled_sensors
from edge_agent.settings import Configuration
from linli_contract.payloads import Health
from linli_contract.topics import Topic

if TYPE_CHECKING:
    from edge_agent.metrics import MetricsServer

Now = Callable[[], Moment]


def make_publisher(
    chosen: Configuration,
    identity: Identity,
    outbox: Outbox,
    now: Now,
    control: Callable[[Topic, bytes], None],
    delete_on: DeleteOn,
) -> Publisher:
    """Of the configured broker."""
    broker = chosen.settings.broker
    return Publisher(broker, identity, outbox, now, control, chosen.base, delete_on)


def make_uploader(
    chosen: Configuration, queue: PictureQueue, outbox: Outbox, now: Now
) -> PictureUploader:
    """To the configured hub."""
    settings = chosen.settings
    return PictureUploader(
        settings.hub,
        queue,
        outbox,
        chosen.data_dir / "pictures",
        settings.outbox.max_pictures,
        now,
        chosen.base,
        keep_s=settings.outbox.keep_pictures,
    )


def make_rounds(chosen: Configuration, keep: Callable[[Sequence[Timed]], None], now: Now) -> Rounds:
    """Of the configured sensors.

    Raises:
        ConfigError: a sensor's file cannot be used.
    """
    sensors = sampled_sensors(chosen.settings.sensors, chosen.base, chosen.data_dir)
    return Rounds(sensors, keep, now, chosen.settings.outbox.group)


def make_metrics(chosen: Configuration, health: Callable[[], Health]) -> "MetricsServer | None":
    """None without a port."""
    port = chosen.settings.metrics.port
    if port is None:
        return None
    # imported here: a device without metrics needs none of it in memory
    from edge_agent.metrics import MetricsServer

    return MetricsServer(port, health)
