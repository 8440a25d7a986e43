"""Where a hub's rules lie and what its set-up asks of them."""

from pathlib import Path

from hub_server.ingest.kafka_share import lane_of_community
from hub_server.ingest.settings import KafkaSettings
from hub_server.rule_sets.playing import LaneOf, one_lane
from hub_server.settings import Hub
from hub_server.share import share_dir

_KEYED_BY = {"kafka": "community"}
"""By which level of areas an event log cuts the county into partitions, by type of source."""


def rules_dir(hub: Hub) -> Path:
    """The folder of ``rules.folder``, or the packs that come with the program."""
    folder = hub.settings.rules.folder
    return hub.base / folder if folder else share_dir("rules")


def keyed_by(hub: Hub) -> str:
    """See :func:`hub_server.rule_sets.reading.parse_set`."""
    return _KEYED_BY.get(hub.settings.ingest.type, "")


def lane_of(hub: Hub) -> LaneOf:
    """Whose clock the rules of a community went by: on Kafka, that of its partition."""
    settings = hub.settings.ingest
    if not isinstance(settings, KafkaSettings):
        return one_lane
    partitions = settings.partitions
    return lambda community: lane_of_community(community, partitions)
