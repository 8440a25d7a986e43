"""Event-type names with zh/en titles, warning colour and class code.

The class codes follow the form of GB/T 30428.2 (major 2 digits + minor 2 digits; ``00`` where
the sample list has no minor); the national text is not freely readable, so a county
may override every row in its rules (``rules/incident_types.yaml``).
"""

from enum import StrEnum
from typing import NamedTuple


class Colour(StrEnum):
    """Warning colour of an alert, IV to I. Not the severity of a case."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class Kind(StrEnum):
    """事件 events or 部件 parts (assets)."""

    EVENT = "event"
    PART = "part"


class Origin(StrEnum):
    """Who decides that it happened: the edge (one camera) or a rule of the hub."""

    EDGE = "edge"
    HUB = "hub"


class EventType(NamedTuple):
    name: str
    zh: str
    en: str
    colour: Colour
    origin: Origin
    code: str
    """major + minor class"""
    kind: Kind = Kind.EVENT
    life_safety: bool = False
    """Pages the worker at once and takes the first lane of the outbox."""


_E, _H = Origin.EDGE, Origin.HUB
_B, _Y, _O, _R = Colour.BLUE, Colour.YELLOW, Colour.ORANGE, Colour.RED

_ALL = (
    EventType("fire_lane_blocked", "消防通道占用", "Fire lane blocked", _O, _E, "0500"),
    EventType("illegal_parking", "机动车违停", "Illegal parking", _B, _E, "0500"),
    EventType("ebike_indoors", "电动车进楼", "E-bike indoors", _O, _E, "0400"),
    EventType("intrusion", "区域入侵", "Intrusion", _O, _E, "0400"),
    EventType("loitering", "徘徊", "Loitering", _Y, _E, "0600"),
    EventType("crowd", "人员聚集", "Crowd", _Y, _E, "0400"),
    EventType("line_crossing", "越线", "Line crossing", _B, _E, "0600"),
    EventType("abandoned_object", "遗留物", "Abandoned object", _Y, _E, "0600"),
    EventType("stall_occupying_road", "占道经营", "Stall on the road", _B, _E, "0500"),
    EventType("stray_dog", "犬只无绳", "Stray dog", _B, _E, "0500"),
    EventType("fall", "老人跌倒", "Fall", _O, _E, "0400", life_safety=True),
    EventType("smoke_fire", "烟火", "Smoke or fire", _R, _E, "0400", life_safety=True),
    EventType("garbage_overflow", "垃圾满溢", "Garbage overflow", _B, _H, "0102"),
    EventType("waterlogging", "积水内涝", "Waterlogging", _B, _H, "0400", life_safety=True),
    EventType("heavy_rain", "暴雨", "Heavy rain", _B, _H, "0400"),
    EventType("manhole", "井盖移位", "Manhole cover moved", _O, _H, "0100", Kind.PART),
    EventType("gas_leak", "燃气泄漏", "Gas leak", _O, _H, "0400", life_safety=True),
    EventType(
        "carbon_monoxide", "一氧化碳超标", "Carbon monoxide", _O, _H, "0400", life_safety=True
    ),
    EventType("noise", "噪声", "Noise", _B, _H, "0600"),
    EventType("air_quality", "空气质量", "Air quality", _B, _H, "0600"),
    EventType("elder_inactivity", "独居老人异常", "Elder inactivity", _O, _H, "0600"),
    EventType("device_offline", "设备离线", "Device offline", _Y, _H, "0600", Kind.PART),
)

EVENT_TYPES: dict[str, EventType] = {row.name: row for row in _ALL}

ENVELOPE_EVENT = "linli.event."
ENVELOPE_READING = "linli.reading"
ENVELOPE_HEALTH = "linli.health"
TOMBSTONE = "tombstone"
"""Event name under which the outbox says what it dropped; no event type of a case."""


def envelope_type(event_type: str) -> str:
    """The CloudEvents ``type`` of an event: ``intrusion`` → ``linli.event.intrusion``."""
    return ENVELOPE_EVENT + event_type
