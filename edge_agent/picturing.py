"""The pictures that a camera's observations take along: one at the start, a strip later."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from edge_agent import faults
from edge_agent.evidence.strip import Strip
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Observation, Phase, Picture


class Door(Protocol):
    """The one door for pictures, ``edge_agent.evidence``."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        """Raises Withheld when the picture cannot be made private."""


class Picturing:
    """One camera's; for one thread. A picture that cannot be made private is counted, and the
    camera is red; its observation goes without.

    Args:
        door: makes pictures.
        strip: pictures before and after an observation's start; None: none.
        wanted: whether a start takes a picture along.
        found: what is at fault is noted there.
        drops: what is dropped is counted there, by cause.
    """

    def __init__(
        self,
        door: Door,
        strip: Strip | None,
        wanted: bool,
        found: faults.Faults,
        drops: Counter[str],
    ) -> None:
        self._door = door
        self._strip = strip
        self._wanted = wanted
        self._faults = found
        self._drops = drops

    def see(self, frame: Frame, detections: Detections) -> None:
        """Note a frame for strips."""
        if self._strip is not None:
            with suppress(faults.StageError), self._masking():
                if self._strip.see(frame, detections):
                    self._faults.clear(faults.PRIVACY_FAILED)

    def begin(self, observation: Observation, frame: Frame) -> None:
        """An observation starts with ``frame``."""
        if self._strip is not None:
            self._strip.begin(observation.observation_id, frame.time)

    def at_start(self, frame: Frame, detections: Detections | None) -> tuple[Picture, ...]:
        """The picture of ``frame``; empty where none is wanted or it is withheld.

        Args:
            detections: of this very frame; None: not known.
        """
        if not self._wanted:
            return ()
        if detections is None:
            self._drops["picture_withheld"] += 1
            return ()
        with suppress(faults.StageError), self._masking():
            picture = self._door.evidence(frame, detections, "near")
            self._faults.clear(faults.PRIVACY_FAILED)
            return (picture,)
        return ()

    def later(self, observation: Observation) -> tuple[Picture, ...]:
        """What was made of the strip since the observation's last message."""
        if self._strip is None:
            return ()
        with suppress(faults.StageError), self._masking():
            ended = observation.phase is Phase.END
            return self._strip.take(observation.observation_id, ended)
        return ()

    @contextmanager
    def _masking(self) -> Iterator[None]:
        # what passes here without making a picture does not end the fault: only a picture does
        try:
            yield
        except Exception as error:
            self._faults.note(faults.PRIVACY_FAILED, error)
            self._drops["picture_withheld"] += 1
            raise faults.StageError(faults.PRIVACY_FAILED) from error
