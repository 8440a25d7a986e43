"""What a camera's watchers see, until it is kept: observations with their evidence, in order."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import structs

from edge_agent import faults
from edge_agent.behaviours import Watcher
from edge_agent.picturing import Picturing
from edge_agent.types import Detections, Frame, Observed, Track
from linli_contract.payloads import Observation, Phase

Found = tuple[Watcher, Observation]


class Watching:
    """Of one camera. Only :meth:`change` may be called from another thread.

    Args:
        camera: its name.
        watchers: of its zones and lines.
        picturing: makes the pictures that go along.
        pictures: whether any are wanted.
        emit: takes an observation for good; when it raises, the observation waits.
        noted: the camera's faults.
    """

    def __init__(
        self,
        camera: str,
        watchers: Sequence[Watcher],
        picturing: Picturing,
        pictures: bool,
        emit: Callable[[Observed], None],
        noted: faults.Faults,
    ) -> None:
        self._camera = camera
        self._watchers = watchers
        self._picturing = picturing
        self._pictures = pictures
        self._emit = emit
        self._faults = noted
        self._changes: deque[tuple[tuple[Watcher, ...], tuple[tuple[Watcher, str], ...]]] = deque()
        self._pending: deque[Observed] = deque()  # bounded: no frame while one waits
        self.last: datetime | None = None
        """Capture time of the last frame looked at."""

    @property
    def waiting(self) -> int:
        """Observations not kept yet."""
        return len(self._pending)

    def change(self, watchers: Sequence[Watcher], ended: Sequence[tuple[Watcher, str]]) -> None:
        """See :meth:`edge_agent.flow.CameraFlow.change`."""
        self._changes.append((tuple(watchers), tuple(ended)))

    def take_changes(self) -> None:
        """Put in force what was changed meanwhile."""
        while self._changes:
            self._watchers, ended = self._changes.popleft()
            for watcher, cause in ended:
                self._end(watcher, cause)

    def observe(self, tracks: Sequence[Track], time: datetime) -> list[Found]:
        """A watcher that raises makes the camera red, and does not keep the others from theirs."""
        found: list[Found] = []
        failed: Exception | None = None
        for watcher in self._watchers:
            try:
                found += [(watcher, observation) for observation in watcher.step(tracks, time)]
            except Exception as error:  # noqa: BLE001 - any bug of one behaviour; reported below
                failed = error
        if failed is None:
            self._faults.clear(faults.BEHAVIOUR_FAILED)
        else:
            self._faults.note(faults.BEHAVIOUR_FAILED, failed)
        return found

    def takes_picture(self, found: Sequence[Found]) -> bool:
        """Whether any of it takes a picture of its frame along."""
        return self._pictures and any(row.phase is Phase.START for _, row in found)

    def keep(self, found: Sequence[Found], frame: Frame, detections: Detections | None) -> None:
        """Keep what was found in ``frame``.

        Raises:
            StageError: it waits, and no frame may be looked at before it is kept.
        """
        self._pending.extend(self._with_evidence(found, frame, detections))
        self.last = frame.time
        self.send()

    def send(self) -> None:
        """Keep what waits.

        Raises:
            StageError: it could not be kept, and goes on waiting.
        """
        while self._pending:
            with self._faults.stage(faults.OUTBOX_FAILED):
                self._emit(self._pending[0])
            self._pending.popleft()

    def close(self, cause: str) -> None:
        """End what is open, at the time of the last frame."""
        for watcher in self._watchers:
            self._end(watcher, cause)

    def _with_evidence(
        self, found: Sequence[Found], frame: Frame, detections: Detections | None
    ) -> list[Observed]:
        """What starts takes a picture along; one frame makes one picture."""
        starts = [row for _, row in found if row.phase is Phase.START]
        pictures = self._picturing.at_start(frame, detections) if starts else ()
        for row in starts:
            self._picturing.begin(row, frame)
        return [
            Observed(
                frame.camera,
                watcher.event_type,
                frame.time,
                structs.replace(
                    observation,
                    pictures=pictures
                    if observation.phase is Phase.START
                    else self._picturing.later(observation),
                ),
            )
            for watcher, observation in found
        ]

    def _end(self, watcher: Watcher, cause: str) -> None:
        if self.last is None:
            return
        self._pending += [
            Observed(
                self._camera,
                watcher.event_type,
                self.last,
                structs.replace(observation, pictures=self._picturing.later(observation)),
            )
            for observation in watcher.close(self.last, cause)
        ]
