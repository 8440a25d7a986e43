"""A short strip of pictures around the start of an observation: what was before, what came after.

Each passes the door with its own detections. The alarm waits for none of them: the start goes out
with its one picture, and the strip follows with the observation's next message. One picture a
frame is made, so that a strip never holds up the frames behind it.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from edge_agent.evidence.jpeg import scaled
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Picture

BEFORE = AFTER = 3
SPACING_S = 1.0
"""At least, between two pictures."""
MAX_SIDE = 640
"""Longer side in pixels: three frames of it wait in memory."""
KIND = "reference"
MOST = 8
"""Strips under way in one camera; a further one takes the place of the oldest."""


class Door(Protocol):
    """The one door for pictures."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture: ...


Seen = tuple[Frame, Detections]


@dataclass
class _Row:
    waiting: deque[Seen] = field(default_factory=deque)
    after: int = AFTER
    pictures: list[Picture] = field(default_factory=list)


class Strip:
    """One camera's strips; for one thread.

    Args:
        door: of the frames that are watched.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._recent: deque[Seen] = deque(maxlen=BEFORE + 1)
        self._rows: dict[str, _Row] = {}
        self.dropped = 0
        """Strips that gave way to newer ones."""

    def see(self, frame: Frame, detections: Detections) -> bool:
        """Note a frame with what was seen in this very frame, and make at most one picture; whether
        one was made.

        Raises:
            Withheld: a picture cannot be made private; it is left out.
        """
        last = self._recent[-1][0].time if self._recent else None
        if last is None or not 0 <= (frame.time - last).total_seconds() < SPACING_S:
            small = smaller(frame, detections)
            self._recent.append(small)
            for row in self._rows.values():
                if row.after:
                    row.after -= 1
                    row.waiting.append(small)
        return self._make_one()

    def begin(self, observation_id: str, time: datetime) -> None:
        """An observation starts with the frame captured at ``time``, which has its own picture."""
        while len(self._rows) >= MOST:
            self._rows.pop(next(iter(self._rows)))
            self.dropped += 1
        before = [seen for seen in self._recent if seen[0].time < time]
        self._rows[observation_id] = _Row(deque(before[-BEFORE:]))

    def take(self, observation_id: str, ended: bool) -> tuple[Picture, ...]:
        """The pictures made since the last message of the observation, in order.

        Args:
            ended: it is the last message; what waits is made now.

        Raises:
            Withheld: a picture cannot be made private; it is left out, the others stay.
        """
        row = self._rows.get(observation_id)
        if row is None:
            return ()
        while ended and row.waiting:
            self._make(row)
        if ended or not (row.after or row.waiting):
            del self._rows[observation_id]
        made, row.pictures = tuple(row.pictures), []
        return made

    def _make_one(self) -> bool:
        row = next((row for row in self._rows.values() if row.waiting), None)
        if row is not None:
            self._make(row)
        return row is not None

    def _make(self, row: _Row) -> None:
        frame, detections = row.waiting.popleft()
        row.pictures.append(self._door.evidence(frame, detections, KIND))


def smaller(frame: Frame, detections: Detections) -> Seen:
    """Both, scaled so that the longer side has at most ``MAX_SIDE`` pixels."""
    image = scaled(frame.image, MAX_SIDE)
    small = replace(frame, image=image, small=None)
    factor = small.size[0] / frame.size[0]
    return small, replace(detections, boxes=detections.boxes * factor, size=small.size)
