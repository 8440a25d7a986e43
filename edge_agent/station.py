"""One camera at work: its stream, its flow, and the watchers of its zones."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import structs

from edge_agent.behaviours import Guard, unknown_years, watchers
from edge_agent.behaviours.watch_settings import WatchSettings
from edge_agent.cameras import Surroundings, camera
from edge_agent.cameras.evidence_source import EVIDENCE_STREAM, MainStreamDoor
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Moment, new_id
from edge_agent.detectors.together import Together
from edge_agent.evidence.strip import Strip
from edge_agent.flow import CameraFlow
from edge_agent.looking import looking, watches_for_objects
from edge_agent.motion import MotionGate
from edge_agent.motion_regions import MotionRegions
from edge_agent.picturing import Door
from edge_agent.polygons import Point
from edge_agent.replaceable import ReplaceableCamera, SharedDetector
from edge_agent.schedules import Duty
from edge_agent.tracking import byte_tracker
from edge_agent.types import Detections, Frame, Observed
from edge_agent.watchdog import Stage
from linli_contract.faults import fault
from linli_contract.payloads import CameraHealth

FLOW_S = 60.0
"""A flow that has not looked for a frame for so long hangs; its longest waits are for the detector
and between two failures."""
_SLACK_S = 10.0
DECODER_HUNG = "decoder_hung"
RECONFIGURED = "reconfigured"
"""Why an observation ended whose watch was changed from afar."""
_Key = tuple[str, str, int]


class Station:
    """Runs one camera.

    Args:
        settings: the camera's.
        detectors: those of ``settings.detector_names``, shared with other cameras.
        door: makes pictures.
        emit: takes an observation for good.
        now: the clock.
        base: folder from which relative paths count.
        duty: local time and holidays, for schedules.
    """

    def __init__(
        self,
        settings: CameraSettings,
        detectors: Sequence[SharedDetector],
        door: Door,
        emit: Callable[[Observed], None],
        now: Callable[[], Moment],
        base: Path,
        duty: Duty,
    ) -> None:
        around = Surroundings(now, random.random, base)
        self.settings = settings
        self.detectors = Together(detectors)
        self._gate = MotionGate(
            settings.motion, _outlines(settings), rests=not settings.regions.enabled
        )
        self._regions = (
            MotionRegions(settings.regions, _outlines(settings), self.detectors)
            if settings.regions.enabled
            else None
        )
        self.camera = ReplaceableCamera(lambda: camera(settings, around, self._gate))
        self._main_stream = (
            MainStreamDoor(settings, door, self.detectors, around)
            if settings.evidence_source
            else None
        )
        self._duty = duty
        self._restarts = 0
        self._watchers = _watch(settings, {}, duty)
        self._flow = CameraFlow(
            settings,
            self.camera,
            looking(settings, detectors),
            byte_tracker(),
            _flat(self._watchers),
            self._main_stream or door,
            emit,
            now,
            random.random,
            self._gate,
            detectors[0].turns,
            Strip(door) if settings.evidence.strip else None,
            self._regions,
        )

    def start(self) -> None:
        self._flow.start()

    def stop(self, cause: str = "restart") -> None:
        """Ask it to end; open observations end with ``cause``."""
        self._flow.stop(cause)

    def join(self, timeout: float) -> bool:
        """Whether it ended within ``timeout`` seconds."""
        return self._flow.join(timeout)

    def fits(self, settings: CameraSettings) -> bool:
        """Whether ``settings`` differ in zones and lines only, so that :meth:`change` will do."""
        now = self.settings
        if watches_for_objects(settings) != watches_for_objects(now):
            return False  # what looks at it differs
        return settings.model_copy(update={"zones": now.zones, "lines": now.lines}) == now

    def change(self, settings: CameraSettings) -> None:
        """Watch other zones from the next frame on. What is watched as before goes on, armed or
        disarmed as now wished; what is not ends with the cause ``reconfigured``."""
        after = _watch(settings, self._watchers, self._duty)
        gone = [row for key, row in self._watchers.items() if key not in after]
        self.settings, self._watchers = settings, after
        self._gate.watch(_outlines(settings))
        if self._regions is not None:
            self._regions.watch(_outlines(settings))
        self._flow.change(
            _flat(after), [(watcher, RECONFIGURED) for row in gone for watcher in row]
        )

    @property
    def ended(self) -> bool:
        """Whether its flow is over: a recording has played, for one."""
        return self._flow.join(0)

    def reconnect(self) -> None:
        """A new connection and decoder; the flow goes on."""
        self.camera.replace()

    @property
    def left_behind(self) -> bool:
        """Whether a thread hangs in a library that cannot be interrupted."""
        return self._restarts > 0

    def _replace_hung(self) -> None:
        self._restarts += 1
        self.camera.replace()

    def look(self, timeout: float) -> tuple[Frame, Detections]:
        """The next frame and what the detector sees in it.

        Raises:
            TimeoutError: no frame, or no answer, within ``timeout`` seconds.
            ModelError: the detector failed.
        """
        self._gate.reset()  # a camera that rests gives no frame
        frame = self.camera.next_frame(timeout)
        if frame is None:
            raise TimeoutError(f"no picture within {timeout:g} s")
        try:
            return frame, self.detectors.submit(frame).result(timeout)
        except TimeoutError:
            raise TimeoutError(f"the detector did not answer within {timeout:g} s") from None

    def health(self, inference_restarts: int = 0) -> CameraHealth:
        """How it is.

        Args:
            inference_restarts: how often its detector was replaced.
        """
        found = {"decoder": self._restarts, "inference": inference_restarts}
        restarts = {part: count for part, count in found.items() if count}
        health = structs.replace(self._flow.health(), restarts=restarts)
        return self._with_main_stream(health)

    def _with_main_stream(self, health: CameraHealth) -> CameraHealth:
        """Red, too, while its pictures come of the wrong stream."""
        main = self._main_stream
        if main is None or not main.fallbacks:
            return health
        drops = health.drops | {EVIDENCE_STREAM: main.fallbacks}
        if health.fault or not main.fault:
            return structs.replace(health, drops=drops)
        return structs.replace(health, state="fault", fault=main.fault, drops=drops)

    def unknown_years(self) -> tuple[int, ...]:
        """Years whose holidays its schedules ask for and nobody knows."""
        return unknown_years(_flat(self._watchers))

    def stages(self, mono: float) -> list[Stage]:
        """For the watchdog."""
        name, decoded = self.settings.name, self.camera.health().frames
        stalled = self.camera.stalled_s(mono)
        return [
            Stage(
                f"decoder {name}",
                decoded,
                stalled,
                self._hang_s(),
                self._replace_hung,
                fault(DECODER_HUNG, name),
            ),
            Stage(f"flow {name}", self._flow.pulse.count, self._flow.pulse.silent_s(mono), FLOW_S),
        ]

    def _hang_s(self) -> float:
        # sources name how long they wait for the network; a file waits for nothing
        timeout = float(getattr(self.settings.source, "timeout", 5.0))
        return 2 * timeout + _SLACK_S


def _outlines(settings: CameraSettings) -> Sequence[Sequence[Point]]:
    """Zones and lines, as the motion gate needs them."""
    return [*(zone.polygon for zone in settings.zones), *(line.line for line in settings.lines)]


def _watch(
    settings: CameraSettings, running: Mapping[_Key, list[Guard]], duty: Duty
) -> dict[_Key, list[Guard]]:
    """A watcher for every behaviour of every zone, and for every line; one that runs with the
    very same settings stays."""
    found: dict[_Key, list[Guard]] = {}
    for zone in settings.zones:
        place = zone.model_copy(update={"behaviours": []}).model_dump_json()
        for behaviour in zone.behaviours:
            key = _free_key(found, place, behaviour)
            single = zone.model_copy(update={"behaviours": [behaviour]})
            found[key] = _armed(running.get(key) or watchers([single], new_id, (), duty), behaviour)
    for line in settings.lines:
        key = _free_key(found, "", line)
        found[key] = _armed(running.get(key) or watchers([], new_id, [line], duty), line)
    return found


def _armed(guards: list[Guard], wanted: WatchSettings) -> list[Guard]:
    for guard in guards:
        guard.armed = wanted.armed
    return guards


def _free_key(found: Mapping[_Key, object], place: str, wanted: WatchSettings) -> _Key:
    text, number = wanted.model_copy(update={"armed": True}).model_dump_json(), 0
    while (place, text, number) in found:
        number += 1
    return place, text, number


def _flat(rows: Mapping[_Key, list[Guard]]) -> list[Guard]:
    return [guard for row in rows.values() for guard in row]
