"""The hub's own acknowledgement: which rows of a device's outbox are in the ledger."""

import msgspec

from hub_server.pipeline.work import Receipts
from linli_contract import topics
from linli_contract.payloads import Ack, AckRange
from linli_contract.ranges import to_ranges
from linli_contract.topics import Channel

_encoder = msgspec.json.Encoder()


def acks(county: str, receipts: Receipts) -> list[tuple[str, bytes]]:
    """(topic, payload) for each device of a batch."""
    messages = []
    for device, epochs in receipts.kept.items():
        ranges = tuple(
            AckRange(epoch, first, last)
            for epoch, numbers in epochs.items()
            for first, last in to_ranges(numbers)
        )
        topic = topics.build(county, device, Channel.ACK)
        messages.append((topic, _encoder.encode(Ack(ranges))))
    return messages
