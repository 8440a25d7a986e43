"""Where a hub's rules lie and what its set-up asks of them."""

from pathlib import Path

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
