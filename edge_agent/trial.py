"""A technician's test event: it travels the whole way and is marked, so that nobody is sent out."""

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from edge_agent.clock import Moment, new_id
from edge_agent.remote import CommandError
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
        settings: the device's cameras and zones.
        now: the clock.
        emit: takes an observation for good.
    """

    def __init__(
        self,
        settings: AgentSettings,
        now: Callable[[], Moment],
        emit: Callable[[Observed], None],
    ) -> None:
        self._zones = {row.name: [zone.name for zone in row.zones] for row in settings.cameras}
        self._now = now
        self._emit = emit

    def __call__(self, args: dict[str, object]) -> dict[str, object]:
        """Make the event; gives its observation's id.

        Raises:
            CommandError: an argument names no camera or no event of the edge.
        """
        camera, event_type = self._camera(args), self._event_type(args)
        time, observation_id = self._now().wall, new_id()
        zone = next(iter(self._zones[camera]), "test")
        for payload in trial(event_type, zone, time, observation_id):
            self._emit(Observed(camera, event_type, time, payload))
        return {"observation_id": observation_id, "camera": camera, "type": event_type}

    def _camera(self, args: dict[str, object]) -> str:
        if not self._zones:
            raise CommandError("camera: this device has none")
        camera = args.get("camera", next(iter(self._zones)))
        if not isinstance(camera, str) or camera not in self._zones:
            raise CommandError(f"camera: expected one of {', '.join(self._zones)}, got {camera!r}")
        return camera

    @staticmethod
    def _event_type(args: dict[str, object]) -> str:
        name = args.get("type", DEFAULT_TYPE)
        row = EVENT_TYPES.get(name) if isinstance(name, str) else None
        if row is None or row.origin is not Origin.EDGE:
            known = ", ".join(r.name for r in EVENT_TYPES.values() if r.origin is Origin.EDGE)
            raise CommandError(f"type: expected one of {known}, got {name!r}")
        return row.name
