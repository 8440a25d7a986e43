"""Microcontroller nodes that publish to the Mosquitto on this device, each under its own account.

A node publishes below ``nodes/<node>/`` only (the broker's ACL: ``pattern write nodes/%u/#``):
values as a plain number or in a JSON object, and ``status``: ``online``, last will ``offline``.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.settings import NodeSettings, NodeValue
from linli_settings.secrets import resolve

ROOT = "nodes"
STATUS = "status"
MAX_BYTES = 4096
"""A longer message is no sensor's."""
_REFUSED = 0x80  # reason codes from here on are refusals (MQTT 5, section 2.4)


class NodeSensor:
    """The newest values of one node, each given once.

    Args:
        base: folder from which the password's path counts.
        mono: the monotonic clock.

    Raises:
        ConfigError: the account's password cannot be had.
    """

    def __init__(
        self, settings: NodeSettings, base: Path, mono: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._password = resolve(settings.broker.password, base)
        self._mono = mono
        self._lock = threading.Lock()
        self._new: dict[str, float] = {}
        self._heard = 0.0
        self._offline = False
        self._trouble: SensorError | None = None
        self._by_topic: dict[str, list[NodeValue]] = {}
        for row in settings.values:
            self._by_topic.setdefault(self._topic(row.topic), []).append(row)
        self._client: mqtt.Client | None = None

    def read(self, now: datetime) -> Values:
        if self._client is None:
            self._heard = self._mono()
            self._client = self._start()
        with self._lock:
            trouble, self._trouble = self._trouble, None
            values, self._new = self._new, {}
            quiet = self._mono() - self._heard
            offline = self._offline
        if values:
            return values
        if not self._client.is_connected() and quiet > self._settings.silent_after:
            raise SensorError("no connection to the broker of the nodes", "sensor_broker")
        if trouble is not None:
            raise trouble
        if offline or quiet > self._settings.silent_after:
            said = "it says offline" if offline else f"nothing for {quiet:.0f} s"
            raise SensorError(f"node {self._settings.node}: {said}", "sensor_silent")
        return {}

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _topic(self, tail: str) -> str:
        return f"{ROOT}/{self._settings.node}/{tail}"

    def _start(self) -> mqtt.Client:
        chosen = self._settings
        # of its own for each process: doctor must not throw a running agent out
        client_id = f"linli-{chosen.name}-{os.getpid()}"
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        client.username_pw_set(chosen.broker.username, self._password)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.reconnect_delay_set(1, 30)
        # in its own thread, again and again: a broker that is not up yet is no reason to fail
        client.connect_async(chosen.broker.host, chosen.broker.port, 30)
        client.loop_start()
        return client

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.value >= _REFUSED or code.is_failure:
            self._say(SensorError(f"the broker of the nodes refuses: {code}", "sensor_broker"))
            return
        client.subscribe([(topic, 1) for topic in (*self._by_topic, self._topic(STATUS))])

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._say(SensorError(f"the broker of the nodes left: {code}", "sensor_broker"))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        body = bytes(message.payload)
        if message.topic == self._topic(STATUS):
            with self._lock:
                self._offline = body == b"offline"
            return
        if message.retain:
            return  # of unknown age
        try:
            found = {row.metric: value_in(body, row) for row in self._by_topic[message.topic]}
        except SensorError as error:
            self._say(error)
            return
        with self._lock:
            self._new.update(found)
            self._heard, self._offline = self._mono(), False

    def _say(self, error: SensorError) -> None:
        with self._lock:
            self._trouble = error


def value_in(body: bytes, row: NodeValue) -> float:
    """The number that ``body`` holds: by itself, or under ``row.field`` of a JSON object.

    Raises:
        SensorError: there is none.
    """
    expected = f"a JSON object with a number {row.field!r}" if row.field else "a number"
    try:
        found = json.loads(body) if len(body) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if row.field is not None:
        found = found.get(row.field) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        text = f"{row.topic}: expected {expected}, got {body[:60]!r}"
        raise SensorError(text, "sensor_garbled")
    return float(found)
