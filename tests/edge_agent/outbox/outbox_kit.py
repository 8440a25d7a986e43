"""Shared by the outbox's tests: a clock that only moves when told, and drafts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from edge_agent.clock import Moment
from edge_agent.outbox import Database, Draft, Lane, Limits, Outbox
from linli_contract.envelope import encode_data
from linli_contract.payloads import Picture
from linli_contract.topics import Channel

SOURCE = "/linli/330899/pi-0001"
START = Moment(datetime(2026, 3, 1, 8, tzinfo=UTC), mono=100.0, boot="boot-1")
_ids = count(1)


def after(seconds: float, start: Moment = START) -> Moment:
    return replace(start, wall=start.wall + timedelta(seconds=seconds), mono=start.mono + seconds)


def draft(
    lane: Lane = Lane.EVENTS, text: str = "", pictures: tuple[Picture, ...] = (), at: Moment = START
) -> Draft:
    channel, name = {
        Lane.LIFE_SAFETY: (Channel.EVENT, "fall"),
        Lane.EVENTS: (Channel.EVENT, "intrusion"),
        Lane.TELEMETRY: (Channel.READING, ""),
    }[lane]
    return Draft(
        id=f"id-{next(_ids)}",
        type="linli.event.intrusion",
        subject="gate",
        time=at.wall,
        kind="observation",
        data=encode_data({"text": text}),
        lane=lane,
        channel=channel,
        name=name,
        pictures=pictures,
    )


def open_outbox(
    folder: Path, limits: Limits | None = None, epoch: str = "epoch-1"
) -> tuple[Database, Outbox]:
    database = Database(folder / "outbox.sqlite", SOURCE, lambda: epoch)
    return database, Outbox(database, SOURCE, limits, mint_id=lambda: f"stone-{next(_ids)}")
