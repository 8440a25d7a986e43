"""The device's twin: what the hub wishes (desired, retained) and what holds here (reported).

A wish is checked as a whole and taken as a whole, or refused as a whole with every reason. Only
keys that can change while the agent runs are allowed; all others belong to the file.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from pydantic import Field, ValidationError

from edge_agent.fields import Strict
from linli_contract.payloads import TwinDesired, TwinReported
from linli_settings import Duration
from linli_settings.units import format_duration

_decoder = msgspec.json.Decoder(TwinDesired)


class LiveHealth(Strict):
    """The heartbeat's live keys."""

    interval: Annotated[Duration, Field(ge=1, le=600)]


class LiveSettings(Strict):
    """What may change while the agent runs."""

    health: LiveHealth | None = None


class Twin:
    """Holds what is in force.

    Args:
        interval: the heartbeat's interval of the file, in force until a wish changes it.
        apply_interval: puts another one in force.
    """

    def __init__(self, interval: float, apply_interval: Callable[[float], None]) -> None:
        self._of_file = interval
        self._interval = interval
        self._apply_interval = apply_interval
        self._version = 0

    def desired(self, payload: bytes) -> TwinReported:
        """Take or refuse one wish. A wish without a key returns that key to the file's value."""
        try:
            wish = _decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return self._refusal(self._version, (f"desired: {error}",))
        try:
            live = LiveSettings.model_validate(wish.config)
        except ValidationError as error:
            return self._refusal(wish.version, tuple(_line(row) for row in error.errors()))
        self._version = wish.version
        self._interval = live.health.interval if live.health else self._of_file
        self._apply_interval(self._interval)
        return self.reported()

    def reported(self) -> TwinReported:
        """What is in force."""
        return TwinReported(self._version, self._config())

    def _config(self) -> dict[str, object]:
        return {"health": {"interval": format_duration(self._interval)}}

    def _refusal(self, version: int, errors: tuple[str, ...]) -> TwinReported:
        return TwinReported(version, self._config(), ok=False, errors=errors)


def _line(detail: object) -> str:
    # ErrorDetails is a TypedDict; the value found is left out, it may be anything
    row = dict(detail)  # type: ignore[call-overload]
    name = ".".join(str(part) for part in row["loc"])
    return f"{name}: {row['msg'].removeprefix('Value error, ')}"
