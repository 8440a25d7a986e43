"""The live one-line status under a running demo."""

from typing import Any

from hub_server.demo.client import Json, Person


def line(technician: Person, operator: Person) -> str:
    """One line: frames, events, incidents, and what is red."""
    stats: Json = operator.get("/stats")
    devices: list[Json] = technician.get("/devices")
    open_now = sum(
        n for state, n in stats["incidents"].items() if state not in ("closed", "not_accepted")
    )
    return (
        f"{_frames(devices)} · 事件 events {stats['stored']}/{stats['received']} stored, "
        f"dup {stats['duplicates']}, quar {stats['quarantined']}, drop {stats['dropped']}"
        f" · 案件 open {open_now} · {_red(devices)}"
    )


def _health(device: Json) -> dict[str, Any]:
    return device.get("health") or {}


def _frames(devices: list[Json]) -> str:
    cameras = [camera for device in devices for camera in _health(device).get("cameras", [])]
    if not cameras:
        return "camera starting"
    return ", ".join(f"{c['name']} {c.get('fps_inferred', 0):.1f} fps" for c in cameras)


def _red(devices: list[Json]) -> str:
    faults = [f"{d['device']}: {f}" for d in devices for f in _health(d).get("faults", [])]
    away = [f"{d['device']}: offline" for d in devices if d["state"] == "offline"]
    return "● 红 red: " + "; ".join(faults + away) if faults or away else "● 绿 green"
