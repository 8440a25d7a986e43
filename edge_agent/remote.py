"""Commands from the hub: each is done once, before it expires, and answered."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
import structlog

from linli_contract.errors import DecodeError
from linli_contract.payloads import Command, Reply

Handler = Callable[[dict[str, object]], dict[str, object]]
REMEMBERED = 200
_decoder = msgspec.json.Decoder(Command)
_log = structlog.get_logger(__name__)


class CommandError(Exception):
    """A command that cannot be done; the text goes back to who gave it."""


class Commands:
    """Does what the hub asks.

    Args:
        handlers: by the command's name; each gives the reply's result.
        reply: sends one reply.
    """

    def __init__(self, handlers: Mapping[str, Handler], reply: Callable[[Reply], None]) -> None:
        self._handlers = handlers
        self._reply = reply
        # QoS 1 may bring a command twice: the first answer is given again
        self._answered: OrderedDict[str, Reply] = OrderedDict()

    def handle(self, name: str, payload: bytes, now: datetime) -> None:
        """Do the command that came on topic ``command/<name>``.

        Raises:
            DecodeError: it is none; without an id there is nobody to answer.
        """
        try:
            command = _decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DecodeError(f"command: {error}") from None
        answer = self._answered.get(command.id) or self._do(name, command, now)
        self._answered[command.id] = answer
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        self._reply(answer)

    def _do(self, name: str, command: Command, now: datetime) -> Reply:
        handler = self._handlers.get(name)
        if command.name != name or handler is None:
            known = ", ".join(sorted(self._handlers))
            return _refusal(command, f"name: expected one of {known}, found {name!r}")
        if command.expires_at.tzinfo is None:
            return _refusal(command, "expires_at: expected UTC with a Z")
        if command.expires_at <= now:
            return _refusal(command, f"expired at {command.expires_at.isoformat()}")
        try:
            return Reply(command.id, ok=True, result=handler(command.args))
        except CommandError as error:
            return _refusal(command, str(error))


def _refusal(command: Command, error: str) -> Reply:
    _log.warning("command refused", command=command.name, error=error)
    return Reply(command.id, ok=False, error=error)
