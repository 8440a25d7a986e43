"""The agent's own path over recorded frames: detector → tracking → behaviours."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from edge_agent.behaviours import Watcher
from edge_agent.scheduler import Detector
from edge_agent.tracking import UNKNOWN, Tracker, as_track, with_looks
from edge_agent.types import Frame, Track
from linli_contract.payloads import Observation, Phase


@dataclass(frozen=True)
class Seen:
    """One frame that was looked at."""

    time: datetime
    detected: tuple[Track, ...]
    """Every box of the detector, without identity."""
    tracks: tuple[Track, ...]
    """What the behaviours saw."""


@dataclass(frozen=True)
class Raised:
    """One observation, from its start to its end."""

    event_type: str
    zone: str
    started_at: datetime
    triggered_at: datetime
    ended_at: datetime
    direction: str = ""
    """a_to_b or b_to_a, of a line"""


@dataclass
class Replay:
    """What the agent made of a clip."""

    frames: dict[int, Seen] = field(default_factory=dict)
    """By frame, counted from 0."""
    raised: list[Raised] = field(default_factory=list)

    def of(self, event_type: str) -> dict[str, list[Raised]]:
        """Zone → observations of that type."""
        zones: dict[str, list[Raised]] = defaultdict(list)
        for observation in self.raised:
            if observation.event_type == event_type:
                zones[observation.zone].append(observation)
        return zones


def replay(
    frames: Iterable[Frame], detector: Detector, tracker: Tracker, watchers: Sequence[Watcher]
) -> Replay:
    """Run ``frames`` through; what is open at the end ends with the last frame."""
    done, frame = Replay(), None
    for frame in frames:
        found = detector.submit(frame).result()
        tracks = tracker.update(with_looks(found, frame.image), frame.time)
        detected = tuple(as_track(found, row, UNKNOWN) for row in range(len(found)))
        done.frames[frame.index] = Seen(frame.time, detected, tuple(tracks))
        for watcher in watchers:
            _keep(done, watcher, watcher.step(tracks, frame.time))
    if frame is not None:
        for watcher in watchers:
            _keep(done, watcher, watcher.close(frame.time, "restart"))
    return done


def _keep(done: Replay, watcher: Watcher, said: Iterable[Observation]) -> None:
    """An observation counts once, with its end: only then is its length known."""
    done.raised += [
        Raised(watcher.event_type, o.zone, o.started_at, o.triggered_at, o.ended_at, o.direction)
        for o in said
        if o.phase is Phase.END and o.ended_at is not None
    ]
