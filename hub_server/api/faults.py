"""What is wrong with a device, in both languages, with what to do about it."""

import msgspec

from hub_server.api.device_models import FaultOf
from linli_contract.faults import explain
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


def _words(part: str, text: str) -> FaultOf:
    text = text or "part_failed"
    code = text.partition(": ")[0]
    return FaultOf(part=part, code=code, zh=explain(text, "zh"), en=explain(text, "en"))
