"""Commands from the hub: each is done once, before it expires, and answered.

They may take seconds (a picture, a reconnect), so a thread of their own does them.
"""

import queue
import threading
from collections.abc import Callable, Mapping

import msgspec
import structlog

from edge_agent.clock import Moment
from edge_agent.outbox import CommandLog, OutboxError
from linli_contract.errors import DecodeError
from linli_contract.payloads import Command, Reply

Handler = Callable[[dict[str, object]], dict[str, object]]
WAITING = 20
"""Commands that may wait for the one under way; more are refused."""
INTERRUPTED = "the agent was started again in the middle of it; look before you give it anew"
_LOOK_S = 0.5
_decoder = msgspec.json.Decoder(Command)
_log = structlog.get_logger(__name__)


class CommandError(Exception):
    """A command that cannot be done; the text goes back to who gave it."""


class Commands:
    """Does what the hub asks.

    Args:
        handlers: by the command's name; each gives the reply's result.
        log: which were begun and answered before, on the disk.
        reply: sends one reply.
        now: the clock.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        log: CommandLog,
        reply: Callable[[Reply], None],
        now: Callable[[], Moment],
    ) -> None:
        self._handlers = handlers
        self._done = log
        self._reply = reply
        self._now = now
        self._waiting: queue.Queue[tuple[str, Command]] = queue.Queue(WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 0.5) -> None:
        """End after the command under way; what waits is not done."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def offer(self, name: str, payload: bytes) -> None:
        """Take the command that came on topic ``command/<name>``; returns at once.

        Raises:
            DecodeError: it is none; without an id there is nobody to answer.
        """
        command = decode(payload)
        try:
            self._waiting.put_nowait((name, command))
        except queue.Full:
            self._reply(_refusal(command, f"busy: {WAITING} commands wait already"))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                name, command = self._waiting.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            try:
                self.handle(name, command)
            except Exception as error:  # noqa: BLE001 - a bug at one command: answered and logged, the others wait
                _log.exception("a command failed", command=name)
                self._reply(_refusal(command, f"failed: {type(error).__name__}"))

    def handle(self, name: str, command: Command) -> None:
        """Do it, or give the answer it had before: QoS 1 may bring a command twice, also after a
        restart."""
        try:
            self._reply(self._once(name, command))
        except OutboxError as error:
            _log.error("command not kept", command=name, error=str(error))
            self._reply(_refusal(command, f"the device cannot note it: {error}"))

    def _once(self, name: str, command: Command) -> Reply:
        if self._done.begin(command.id):
            answer = self._do(name, command)
            try:
                self._done.answer(answer)
            except OutboxError as error:  # it is done: whoever asked must not ask anew
                _log.error("answer not kept", command=name, error=str(error))
            return answer
        # nobody can say how far a command came whose process ended
        return self._done.answered(command.id) or _refusal(command, INTERRUPTED)

    def _do(self, name: str, command: Command) -> Reply:
        handler = self._handlers.get(name)
        if command.name != name or handler is None:
            known = ", ".join(sorted(self._handlers))
            return _refusal(command, f"name: expected one of {known}, found {name!r}")
        if command.expires_at.tzinfo is None:
            return _refusal(command, "expires_at: expected UTC with a Z")
        if command.expires_at <= self._now().wall:
            return _refusal(command, f"expired at {command.expires_at.isoformat()}")
        try:
            return Reply(command.id, ok=True, result=handler(command.args))
        except CommandError as error:
            return _refusal(command, str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one command: answered and logged, not fatal
            _log.exception("a command failed", command=name)
            return _refusal(command, f"failed: {type(error).__name__}")


def decode(payload: bytes) -> Command:
    """The command in ``payload``.

    Raises:
        DecodeError: it is none.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DecodeError(f"command: {error}") from None


def choice(
    args: Mapping[str, object], name: str, known: Mapping[str, object] | tuple[str, ...]
) -> str:
    """The argument ``name``, one of ``known``.

    Raises:
        CommandError: it is missing or another.
    """
    value = args.get(name)
    if not isinstance(value, str) or value not in known:
        raise CommandError(f"{name}: expected one of {', '.join(known)}, found {value!r}")
    return value


def _refusal(command: Command, error: str) -> Reply:
    _log.warning("command refused", command=command.name, error=error)
    return Reply(command.id, ok=False, error=error)
