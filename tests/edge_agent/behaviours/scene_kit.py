"""Scenes as data: who stands where at which second, played to a behaviour in virtual time.

A thing of a scene has ``size`` [width, height], ``path`` [[second, x, y], …] of its foot point
(straight in between; there from the first second to the last), and optionally ``ids``
[[second, id], …], ``hidden`` [[from, to], …], ``boxes`` [[from, to, width, height], …] (as factors:
shadows widen a box, a thing in front of the feet shortens it from below), ``jitter`` (share of its
size) and ``score``.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from edge_agent.behaviours import Guard, watchers
from edge_agent.behaviours.settings import LineSettings
from edge_agent.types import Track
from linli_contract.payloads import Box, Observation
from tests.edge_agent.behaviours.story_kit import T0, YARD, guard_of, second, zone

SCENES = Path(__file__).with_name("scenes")
Scene = Mapping[str, Any]


def scenes() -> dict[str, Scene]:
    """Every scene of every file by name, with its file's behaviour."""
    found: dict[str, Scene] = {}
    for file in sorted(SCENES.glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        for scene in data["scenes"]:
            settings = data["watch"] | scene.get("watch", {})
            found[f"{file.stem}: {scene['about']}"] = scene | {"watch": settings}
    return found


def guards(watch: Mapping[str, object]) -> list[Guard]:
    """The watcher of a zone, or of a line when ``watch`` has one."""
    numbers = count(1)
    new_id = lambda: f"o{next(numbers)}"  # noqa: E731 - a counter
    if "line" in watch:
        return watchers([], new_id, [LineSettings.model_validate({"name": "yard"} | dict(watch))])
    return [guard_of(zone(dict(watch), polygon=YARD))]


def tracks_at(scene: Scene, at: float) -> list[Track]:
    """The tracks of a scene's second."""
    found = (_track(thing, at, number) for number, thing in enumerate(scene["things"]))
    return [track for track in found if track is not None]


def play(
    guard: Guard,
    scene: Scene,
    lost: Callable[[int], bool] = lambda _: False,
    until: float | None = None,
) -> list[Observation]:
    """What ``guard`` says of a scene, the frames for which ``lost`` is true left out."""
    fps, said = float(scene["fps"]), list[Observation]()
    for index in range(round((until or scene["seconds"]) * fps) + 1):
        if not lost(index):
            now = T0 + timedelta(seconds=index / fps)
            said += guard.step(tracks_at(scene, index / fps), now)
    return said


def seconds(time: datetime | None) -> float | None:
    """Seconds of the scene."""
    return None if time is None else second(time)


def _track(thing: Mapping[str, Any], at: float, number: int) -> Track | None:
    path = thing["path"]
    hidden = any(start <= at < end for start, end in thing.get("hidden", []))
    if hidden or not path[0][0] <= at <= path[-1][0]:
        return None
    ids = [id_ for since, id_ in thing.get("ids", [[0, number + 1]]) if since <= at]
    box = _box(_at(path, at), thing, at)
    return Track(ids[-1], box, thing["label"], thing.get("score", 0.9))


def _at(path: Sequence[Sequence[float]], at: float) -> tuple[float, float]:
    before = [row for row in path if row[0] <= at][-1]
    after = next((row for row in path if row[0] > at), before)
    share = (at - before[0]) / (after[0] - before[0]) if after is not before else 0.0
    return before[1] + share * (after[1] - before[1]), before[2] + share * (after[2] - before[2])


def _box(foot: tuple[float, float], thing: Mapping[str, Any], at: float) -> Box:
    width, height = thing["size"]
    dice, jitter = random.Random(f"{at:.3f}{thing['path']}"), thing.get("jitter", 0.0)
    x = foot[0] + dice.uniform(-jitter, jitter) * width
    bottom, top = foot[1] + dice.uniform(-jitter, jitter) * height, foot[1] - height
    for start, end, wider, taller in thing.get("boxes", []):
        if start <= at < end:
            width, bottom = width * wider, top + (bottom - top) * taller
    return x - width / 2, top, x + width / 2, bottom
