"""A hub reduced to its acknowledgements, as a process of its own: run with the broker's port."""

import sys
import threading
import time

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from linli_contract.payloads import Ack, AckRange
from linli_contract.ranges import to_ranges
from linli_contract.topics import hub_filters

EVERY_S = 0.05  # the real one lets a batch wait 20 ms and commits it


class _Place(msgspec.Struct):
    epoch: str
    sequence: str


def main() -> None:
    """Acknowledge what came, twenty times a second, until killed."""
    came: list[_Place] = []
    lock = threading.Lock()
    decoder = msgspec.json.Decoder(_Place)

    def received(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith(("/reading", "/health")) or "/event/" in message.topic:
            with lock:
                came.append(decoder.decode(message.payload))

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "hub", protocol=mqtt.MQTTv5)
    client.on_message = received
    client.on_connect = lambda c, *_: c.subscribe([(name, 1) for name in hub_filters("+")])
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_start()
    while True:
        time.sleep(EVERY_S)
        with lock:
            batch, came[:] = list(came), []
        by_epoch: dict[str, list[int]] = {}
        for place in batch:
            by_epoch.setdefault(place.epoch, []).append(int(place.sequence))
        ranges = [AckRange(e, a, b) for e, n in by_epoch.items() for a, b in to_ranges(n)]
        if ranges:
            body = msgspec.json.encode(Ack(tuple(ranges)))
            client.publish("linli/v1/330899/pi-0001/ack", body, qos=1)


if __name__ == "__main__":
    main()
