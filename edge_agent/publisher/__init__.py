"""From the outbox to the hub: messages by MQTT, pictures by HTTPS."""

from edge_agent.publisher.drain import Counters, DeleteOn
from edge_agent.publisher.pictures import PictureUploader
from edge_agent.publisher.publisher import Publisher
from edge_agent.publisher.settings import BrokerSettings, HubSettings, TlsSettings

__all__ = [
    "BrokerSettings",
    "Counters",
    "DeleteOn",
    "HubSettings",
    "PictureUploader",
    "Publisher",
    "TlsSettings",
]
