"""Stories in virtual time: who is where at which second, and what a behaviour says of it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from edge_agent.behaviours import Guard, watchers
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.types import Track
from linli_contract.payloads import Observation

T0 = datetime(2026, 3, 2, 4, tzinfo=UTC)
WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]
Story = Callable[[float], Sequence[Track] | None]
"""The tracks of a second; None: no frame."""


def guard(**behaviour: object) -> Guard:
    numbers = count(1)
    zone = {"name": "yard", "polygon": WHOLE, "behaviours": [behaviour]}
    return watchers([ZoneSettings.model_validate(zone)], lambda: f"o{next(numbers)}")[0]


def play(watcher: Guard, story: Story, until: float, fps: float = 5) -> list[Observation]:
    said: list[Observation] = []
    for index in range(round(until * fps) + 1):
        tracks = story(index / fps)
        if tracks is not None:
            said += watcher.step(tracks, T0 + timedelta(seconds=index / fps))
    return said


def brief(said: Sequence[Observation]) -> list[tuple[str, str, float]]:
    """Phase, id, and the second of the trigger or of the end."""
    return [
        (
            str(one.phase.value),
            one.observation_id,
            round(((one.ended_at or one.triggered_at) - T0).total_seconds(), 1),
        )
        for one in said
    ]
