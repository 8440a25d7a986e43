"""A technician's test event: it travels the whole way and is marked, so that nobody is sent out."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from edge_agent.clock import Moment, new_id
from edge_agent.remote import CommandError, choice, unlike
from edge_agent.settings import AgentSettings
from edge_agent.types import Observed
from linli_contract.event_types import EVENT_TYPES, Origin
from linli_contract.payloads import Observation, Phase

DEFAULT_TYPE = "intrusion"


def trial(event_type: str, zone: str, time: datetime, observation_id: str) -> list[Observation]:
    """Start and end of a test observation."""
    start = Observation(
        observation_id=observation_id,
        phase=Phase.START,
        zone=zone,
        started_at=time,
        triggered_at=time,
        dwell_s=0.0,
        label=event_type,
        test=True,
    )
    return [start, replace(start, phase=Phase.END, ended_at=time, cause="left")]


class Trial:
    """The command ``test_event`` with the optional arguments ``camera`` and ``type``.

    Args:
        settings: gives the device's cameras and zones, as they are now.
        now: the clock.
        emit: takes an observation for good.
    """

    def __init__(
        self,
        settings: Callable[[], AgentSettings],
        now: Callable[[], Moment],
        emit: Callable[[Observed], None],
    ) -> None:
        self._settings = settings
        self._now = now
        self._emit = emit

    def __call__(self, args: dict[str, object]) -> dict[str, object]:
        """Make the event; gives its observation's id.

        Raises:
            CommandError: an argument names no camera or no event of the edge.
        """
        zones = {row.name: [zone.name for zone in row.zones] for row in self._settings().cameras}
        camera, event_type = self._camera(args, tuple(zones)), self._event_type(args)
        time, observation_id = self._now().wall, new_id()
        zone = next(iter(zones[camera]), "test")
        for payload in trial(event_type, zone, time, observation_id):
            self._emit(Observed(camera, event_type, time, payload))
        return {"observation_id": observation_id, "camera": camera, "type": event_type}

    @staticmethod
    def _camera(args: dict[str, object], known: tuple[str, ...]) -> str:
        if not known:
            raise CommandError("本设备没有摄像头 · camera: this device has none")
        return choice({"camera": known[0], **args}, "camera", known)

    @staticmethod
    def _event_type(args: dict[str, object]) -> str:
        name = args.get("type", DEFAULT_TYPE)
        row = EVENT_TYPES.get(name) if isinstance(name, str) else None
        if row is None or row.origin is not Origin.EDGE:
            known = ", ".join(r.name for r in EVENT_TYPES.values() if r.origin is Origin.EDGE)
            raise CommandError(unlike("type", known, name))
        return row.name
