"""Commands from the hub: each is done once, before it expires, and answered.

What is refused is said in Chinese and English: a person at the hub reads it as it is. They may take
seconds (a picture, a reconnect), so a thread of their own does them.
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
INTERRUPTED = (
    "执行中途代理重新启动，重发前请先查看 · "
    "the agent was started again in the middle of it; look before you give it anew"
)
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
            text = f"已有 {WAITING} 条命令等待 · busy: {WAITING} commands wait already"
            self._reply(_refusal(command, text))

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
                self._reply(_failed(command, error))

    def handle(self, name: str, command: Command) -> None:
        """Do it, or give the answer it had before: QoS 1 may bring a command twice, also after a
        restart."""
        try:
            self._reply(self._once(name, command))
        except OutboxError as error:
            _log.error("command not kept", command=name, error=str(error))
            text = f"设备无法记录，没有执行 · the device cannot note it: {error}"
            self._reply(_refusal(command, text))

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
            return _refusal(command, unlike("name", known, name))
        if command.expires_at.tzinfo is None:
            return _refusal(command, "expires_at 应为以 Z 结尾的 UTC · expected UTC with a Z")
        if command.expires_at <= self._now().wall:
            time = command.expires_at.isoformat()
            return _refusal(command, f"已于 {time} 过期 · expired at {time}")
        try:
            return Reply(command.id, ok=True, result=handler(command.args))
        except CommandError as error:
            return _refusal(command, str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one command: answered and logged, not fatal
            _log.exception("a command failed", command=name)
            return _failed(command, error)


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
        raise CommandError(unlike(name, ", ".join(known), value))
    return value


def unlike(name: str, known: str, found: object) -> str:
    """What is said of the field ``name`` that is none of ``known``."""
    zh = f"{name} 应为 {known} 之一，实际为 {found!r}"
    return f"{zh} · {name}: expected one of {known}, found {found!r}"


def _failed(command: Command, error: Exception) -> Reply:
    kind = type(error).__name__
    return _refusal(command, f"执行失败，详见设备日志 · failed: {kind}; the device's log says more")


def _refusal(command: Command, error: str) -> Reply:
    _log.warning("command refused", command=command.name, error=error)
    return Reply(command.id, ok=False, error=error)
