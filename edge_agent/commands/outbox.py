"""``edge-agent outbox``: what waits for the hub."""

import json
from dataclasses import asdict
from pathlib import Path

from edge_agent.outbox.report import report
from edge_agent.settings import load_configuration


def show(file: Path, as_json: bool) -> str:
    """The outbox's figures, for people or as JSON.

    Raises:
        ConfigError: the configuration cannot be used.
        OutboxError: the outbox cannot be read.
    """
    found = report(load_configuration(file).data_dir / "outbox.sqlite")
    if as_json:
        return json.dumps(asdict(found))
    return (
        f"epoch {found.epoch}\n"
        f"产生 made {found.minted} · 待发 waiting {found.waiting} · "
        f"待确认 unconfirmed {found.unconfirmed} · 丢弃 dropped {found.dropped}"
    )
