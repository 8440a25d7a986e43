"""The reference of the ingest measurement: gmqtt alone, with its own QoS 1 acknowledgement.

Run with the broker's port and a number: it takes that many messages in, does nothing with them,
and says so once in a single acknowledgement that covers them all. Its settings are the hub's.
"""

import asyncio
import json
import sys

from gmqtt import Client, Message, Subscription
from gmqtt.mqtt.constants import MQTTv50

from linli_contract.topics import hub_filters


async def main() -> None:
    """See the module."""
    port, total = int(sys.argv[1]), int(sys.argv[2])
    came, done = 0, asyncio.Event()

    async def on_message(*_: object) -> int:
        nonlocal came
        came += 1
        if came == total:
            done.set()
        return 0

    client = Client(
        "bare",
        clean_session=True,
        optimistic_acknowledgement=False,
        receive_maximum=1000,
    )
    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    await client.connect("127.0.0.1", port, version=MQTTv50)
    client.subscribe([Subscription(name, qos=1) for name in hub_filters("330899")])
    await done.wait()
    covered = {"ranges": [{"epoch": "all", "first": 1, "last": total}]}
    client.publish(Message("linli/v1/330899/all/ack", json.dumps(covered), qos=0))
    await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
