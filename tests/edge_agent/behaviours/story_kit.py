"""Stories in virtual time: who is where at which second, and what a behaviour says of it; and
what holds for every behaviour, whatever comes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from edge_agent.behaviours import Behaviour, Guard, Watcher, watchers
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase

T0 = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, 12:00 in Shanghai."""
WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]]
YARD = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]]
Frames = Sequence[list[Track] | None]
"""None: no frame."""
Story = Callable[[float], Sequence[Track] | None]
"""The tracks of a second; None: no frame."""


def zone(*behaviours: dict[str, object], polygon: list[list[float]] = WHOLE) -> ZoneSettings:
    return ZoneSettings.model_validate(
        {"name": "yard", "polygon": polygon, "behaviours": list(behaviours)}
    )


def guard(**behaviour: object) -> Guard:
    """The watcher of a zone that is the whole frame."""
    return guard_of(zone(behaviour))


def guard_of(area: ZoneSettings) -> Guard:
    numbers = count(1)
    return watchers([area], lambda: f"o{next(numbers)}")[0]


def play(watcher: Watcher, story: Story, until: float, fps: float = 5) -> list[Observation]:
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


def second(time: datetime) -> float:
    """Of the story."""
    return (time - T0).total_seconds()


def check_lives(watcher: Watcher, frames: Frames, gap: float) -> None:
    """Every start has one end, and times are in order; a frame every ``gap`` seconds."""
    now = T0
    lives: dict[str, list[tuple[datetime, Observation]]] = {}

    def note(said: Sequence[Observation]) -> None:
        for one in said:
            lives.setdefault(one.observation_id, []).append((now, one))

    for tracks in frames:
        now += timedelta(seconds=gap)
        if tracks is not None:
            note(watcher.step(tracks, now))
    note(watcher.close(now, "restart"))
    assert "" not in lives
    for life in lives.values():
        _check_life(life)


def _check_life(life: Sequence[tuple[datetime, Observation]]) -> None:
    phases = [one.phase for _, one in life]
    assert phases == [Phase.START, *[Phase.UPDATE] * (len(life) - 2), Phase.END]
    for at, one in life:
        assert T0 <= one.started_at <= one.triggered_at <= at
        assert one.dwell_s == (at - one.started_at).total_seconds()
        assert one.started_at == life[0][1].started_at
        assert (one.ended_at is not None) == (one.phase is Phase.END)
        assert one.zone == "yard"
        assert one.boxes
    ended = life[-1][1].ended_at
    assert ended is not None
    assert life[0][1].triggered_at <= ended <= life[-1][0]


def check_pure(behaviour: Behaviour[Any], frames: Frames, gap: float = 0.5) -> None:
    """It keeps nothing to itself: a step repeated from the same state repeats."""
    state, now = behaviour.initial, T0
    for tracks in frames:
        now += timedelta(seconds=gap)
        first = behaviour.step(state, tracks or [], now)
        assert behaviour.step(state, tracks or [], now) == first
        state = first[0]
