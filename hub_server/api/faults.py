"""What is wrong with a device, in both languages, with what to do about it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from hub_server.api.device_models import FaultOf
from hub_server.pipeline.ages import FUTURE
from hub_server.pipeline.sequences import Gap
from linli_contract.faults import explain, fault
from linli_contract.payloads import Health


def faults_of(health: object) -> list[FaultOf]:
    """The faults of a heartbeat as the ledger keeps it, those of cameras first.

    Raises:
        msgspec.ValidationError: ``health`` is no heartbeat; ingest keeps such out of the ledger.
    """
    if health is None:
        return []
    beat = msgspec.convert(health, Health)
    cameras = [(one.name, one.fault) for one in beat.cameras if one.state == "fault"]
    return [_words(part, code) for part, code in (*cameras, *(("", one) for one in beat.faults))]


def seen_by_hub(
    health: object, last_seen: datetime | None, missing: Sequence[Gap]
) -> list[FaultOf]:
    """What only the hub can tell: a clock that is ahead, and messages that never came."""
    found = []
    if isinstance(health, dict) and last_seen is not None:
        ahead = datetime.fromisoformat(str(health["time"])) - last_seen
        if ahead > FUTURE:
            found.append(_words("", fault("clock_ahead", f"{ahead.total_seconds():.0f} s")))
    if missing:
        count = sum(gap.last - gap.first + 1 for gap in missing)
        found.append(_words("", fault("messages_missing", str(count))))
    return found


def _words(part: str, text: str) -> FaultOf:
    text = text or "part_failed"
    code = text.partition(": ")[0]
    return FaultOf(part=part, code=code, zh=explain(text, "zh"), en=explain(text, "en"))
