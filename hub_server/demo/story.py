"""The story of two incidents, played through the public API as three people would.

appear → verify → register → dispatch → acknowledge → handle → check → close → county
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from hub_server.demo.client import Json, Person, wait_for
from hub_server.demo.pictures import draw
from hub_server.demo.summary import Summary

CAMERA_TYPES = ("intrusion", "crowd")
_PHONE_LIMIT_S = 10.0
_COUNTY_LIMIT_S = 15.0


@dataclass
class Cast:
    """Who plays, and where the county's books are."""

    operator: Person
    worker: Person
    county_url: str
    check: Callable[[], None]
    """Raises when a part of the demo has died."""
    say: Callable[[str], None]


def play(cast: Cast, summary: Summary, appear_limit_s: float) -> dict[str, Json]:
    """Play until both cases are checked; the first step that fails ends it with StepFailed."""
    seen = Seen(cast, appear_limit_s)
    camera = _appears(seen, summary, "camera incident", _is_camera)
    sensor = _appears(seen, summary, "sensor incident", _is_sensor)
    cases = {"camera": camera, "sensor": sensor}
    for title, incident in cases.items():
        _picture_arrives(cast, summary, title, incident)
        _handle(cast, summary, title, incident)
    return cases


def close(cast: Cast, summary: Summary, cases: dict[str, Json]) -> None:
    """The operator closes the cases; the county's book ends with their final states."""
    for title, incident in cases.items():
        _county_knows(cast, summary, title, incident)


def _is_camera(incident: Json) -> bool:
    return bool(incident["type"] in CAMERA_TYPES)


def _is_sensor(incident: Json) -> bool:
    return bool(incident["type"] == "gas_leak")


class Seen:
    """The worker's list, looked at again and again; when each incident was first in it."""

    def __init__(self, cast: Cast, limit_s: float) -> None:
        self.cast = cast
        self._limit_s = limit_s
        self._first: dict[str, tuple[Json, datetime]] = {}

    def wait_for(self, fits: Callable[[Json], bool]) -> tuple[Json, datetime]:
        """The first incident that fits, and when it was first in the list."""

        def look() -> tuple[Json, datetime] | None:
            rows = self.cast.worker.incidents()
            now = datetime.now(UTC)
            for row in rows:
                self._first.setdefault(row["id"], (row, now))
            found = [pair for pair in self._first.values() if fits(pair[0])]
            return min(found, key=lambda pair: pair[1]) if found else None

        return wait_for(look, self._limit_s, self.cast.check)


def _appears(seen: Seen, summary: Summary, title: str, fits: Callable[[Json], bool]) -> Json:
    """Timed from the capture of what completed the condition to the worker's list."""
    with summary.step(f"{title} on the phone", seen.cast.say) as step:
        incident, at = seen.wait_for(fits)
        step.seconds = (at - datetime.fromisoformat(incident["occurred_at"])).total_seconds()
        step.detail = f"{incident['number']} {incident['type']} {incident['reason']['zh']}"
        return incident


def _picture_arrives(cast: Cast, summary: Summary, title: str, incident: Json) -> None:
    """A camera's incident carries a blurred picture that the worker can open."""
    if title != "camera":
        return
    with summary.step("camera picture on the phone", cast.say) as step:

        def look() -> str | None:
            found: str | None = cast.worker.get(f"/incidents/{incident['id']}")["picture"]
            return found

        sha256 = wait_for(look, _PHONE_LIMIT_S, cast.check)
        step.detail = sha256[:12]


def _handle(cast: Cast, summary: Summary, title: str, incident: Json) -> None:
    case = incident["id"]
    taps: list[tuple[Person, str, Callable[[], Json]]] = [
        (cast.operator, "verify", lambda: {"result": "exist"}),
        (cast.operator, "register", dict),
        (cast.operator, "dispatch", lambda: {"worker": cast.worker.name}),
        (cast.worker, "acknowledge", dict),
        (cast.worker, "handle", lambda: {"pictures": _pictures(cast.worker, incident)}),
        (cast.operator, "check", lambda: {"result": "pass"}),
    ]
    for person, action, tap in taps:
        with summary.step(f"{title}: {action}", cast.say) as step:
            changed = person.act(case, action, **tap())
            step.detail = f"{person.name} → {changed['state']}"


def _pictures(worker: Person, incident: Json) -> list[dict[str, str]]:
    number = incident["number"]
    return [
        {"sha256": worker.upload(draw(f"{number} {kind}", shade)), "kind": f"handle_{kind}"}
        for kind, shade in (("before", 90), ("after", 190))
    ]


def _county_knows(cast: Cast, summary: Summary, title: str, incident: Json) -> None:
    """From the closing tap until the county's book has the case as closed."""
    with summary.step(f"{title}: close → county", cast.say) as step:
        closed = cast.operator.act(incident["id"], "close")

        def look() -> Json | None:
            return county_case(cast.county_url, incident["id"], closed["state"])

        case = wait_for(look, _COUNTY_LIMIT_S, cast.check)
        step.detail = f"county case {case['case_id']} {closed['state']}"
    row = {key: closed[key] for key in ("number", "type", "state")}
    summary.incidents.append({**row, "county_case": case["case_id"]})


def county_case(county_url: str, incident: str, state: str) -> Json | None:
    """The county's case of ``incident`` once it has been in ``state``.

    Not only its newest: an event that was still on its way may open it again at once.
    """
    cases: list[Any] = httpx.get(f"{county_url}/cases", timeout=5).json()
    for case in cases:
        states = [entry["state"] for entry in case["history"]]
        if case["incident"] == incident and state in states:
            found: Json = case
            return found
    return None
