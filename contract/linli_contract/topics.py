"""Build and parse the MQTT topics ``linli/v1/{county}/{device}/…``.

A device publishes and subscribes under its own name only, so every topic names it.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from linli_contract.errors import TopicError

ROOT = "linli/v1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")


class Channel(StrEnum):
    """What a topic carries; the value is the path after the device's name."""

    EVENT = "event"
    READING = "reading"
    HEALTH = "health"
    STATUS = "status"
    TWIN_REPORTED = "twin/reported"
    TWIN_DESIRED = "twin/desired"
    COMMAND = "command"
    REPLY = "reply"
    ACK = "ack"


_NAMED = {Channel.EVENT, Channel.COMMAND, Channel.REPLY}
UPWARD = (
    Channel.EVENT,
    Channel.READING,
    Channel.HEALTH,
    Channel.STATUS,
    Channel.TWIN_REPORTED,
    Channel.REPLY,
)
"""Channels a device publishes on; the others it subscribes to."""


class Topic(NamedTuple):
    """One parsed topic; ``name`` is the event type, command name or reply id, else empty."""

    county: str
    device: str
    channel: Channel
    name: str = ""

    def __str__(self) -> str:
        return build(self.county, self.device, self.channel, self.name)


def check_name(value: str, what: str) -> str:
    """Return ``value`` if it can stand between two slashes.

    Raises:
        TopicError: it is empty, longer than 64 characters or has other characters than
            letters, digits, ``_``, ``.`` and ``-``.
    """
    if not _NAME.match(value):
        raise TopicError(f"{what}: expected 1-64 letters, digits, '_', '.' or '-', got {value!r}")
    return value


def build(county: str, device: str, channel: Channel, name: str = "") -> str:
    """The topic as text; ``name`` is needed for event, command and reply, and only there."""
    check_name(county, "county")
    check_name(device, "device")
    if (channel in _NAMED) != bool(name):
        need = "needs" if channel in _NAMED else "takes no"
        raise TopicError(f"channel {channel.value!r} {need} name, got {name!r}")
    tail = f"/{check_name(name, 'name')}" if name else ""
    return f"{ROOT}/{county}/{device}/{channel.value}{tail}"


@lru_cache(1 << 16)  # a county's topics return all day
def parse(topic: str) -> Topic:
    """The parts of ``topic``.

    Raises:
        TopicError: it is not one of ours.
    """
    parts = topic.split("/")
    if len(parts) < 5 or "/".join(parts[:2]) != ROOT:
        raise TopicError(f"topic: expected {ROOT}/<county>/<device>/<channel>, got {topic!r}")
    county, device, rest = parts[2], parts[3], "/".join(parts[4:])
    name = ""
    if rest not in set(Channel) - _NAMED:
        rest, _, name = rest.partition("/")
    try:
        channel = Channel(rest)
    except ValueError:
        known = ", ".join(c.value for c in Channel)
        raise TopicError(f"channel: expected one of {known}, got {rest!r}") from None
    parsed = Topic(county, device, channel, name)
    str(parsed)  # refuses what could not have been built
    return parsed


def device_filters(county: str, device: str) -> list[str]:
    """What a device subscribes to."""
    base = f"{ROOT}/{county}/{device}"
    return [f"{base}/twin/desired", f"{base}/command/+", f"{base}/ack"]


def hub_filters(county: str) -> list[str]:
    """What the hub subscribes to for all devices of ``county`` (``+`` for every county)."""
    base = f"{ROOT}/{county}/+"
    tails = ["event/+", "reading", "health", "status", "twin/reported", "reply/+"]
    return [f"{base}/{tail}" for tail in tails]
