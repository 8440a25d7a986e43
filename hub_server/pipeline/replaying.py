"""What quarantine was asked to give back goes through the journey again."""

from functools import partial

import structlog

from hub_server.ingest.decode import decode
from hub_server.ingest.types import Message, device_of
from hub_server.pipeline import quarantine
from hub_server.pipeline.taking import NO_FAULT_OF_A_MESSAGE, Standing, one_by_one, together

log = structlog.get_logger("pipeline")


def replay(standing: Standing) -> bool:
    """Take a piece of it in; whether there was any."""
    found = _asked(standing)
    if not found:
        return False
    batch, give_back = list(found.values()), partial(quarantine.give_back, seqs=list(found))
    try:
        together(standing, batch, give_back)
    except NO_FAULT_OF_A_MESSAGE:
        raise
    except Exception:  # as in taking.py: the poison goes back to where it was
        log.exception("replay failed, one message at a time now", messages=len(batch))
        one_by_one(standing, batch, give_back)
    return True


def _asked(standing: Standing) -> dict[int, Message]:
    """By their number in quarantine; of a pipeline with a share, what is its own."""
    county, share = standing.parts.county, standing.parts.share
    with standing.ledger.read() as conn:
        found = {row.seq: decode(row.received, county) for row in quarantine.asked(conn)}
        if found and share is not None:
            registry = standing.registries.read(conn, {device_of(one) for one in found.values()})
            mine = {id(one) for one in share.of(list(found.values()), registry)}
            found = {seq: one for seq, one in found.items() if id(one) in mine}
    return found
