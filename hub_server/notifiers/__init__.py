"""Who the hub tells that something needs a person: one file a notifier, chosen by ``type``."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hub_server.notifiers.settings import ConsoleSettings, NotifierSettings, WebhookSettings
from hub_server.outbound.notices import Notice


class Notifier(Protocol):
    """Hands notices over to people or to another system."""

    def notify(self, key: str, notice: Notice) -> None:
        """Deliver one notice; ``key`` is the same however often it comes.

        Raises:
            RetryLater: it may arrive later.
            Refused: the receiver will never take it.
        """

    def close(self) -> None:
        """Let go of connections."""


def _console(_settings: NotifierSettings, _base: Path) -> Notifier:
    from hub_server.notifiers.console import Console

    return Console()


def _webhook(settings: NotifierSettings, base: Path) -> Notifier:
    from hub_server.notifiers.webhook import Webhook
    from linli_settings.secrets import resolve

    if not isinstance(settings, WebhookSettings):
        raise TypeError(f"webhook: expected WebhookSettings, got {type(settings).__name__}")
    return Webhook(str(settings.url), resolve(settings.secret, base), settings.timeout)


NOTIFIERS: dict[str, Callable[[NotifierSettings, Path], Notifier]] = {
    "console": _console,
    "webhook": _webhook,
}


def open_notifier(settings: NotifierSettings, base: Path = Path()) -> Notifier:
    """The notifier of the settings; secret files count from ``base``.

    Raises:
        ConfigError: its secret is not there.
    """
    return NOTIFIERS[settings.type](settings, base)


__all__ = [
    "NOTIFIERS",
    "ConsoleSettings",
    "Notifier",
    "NotifierSettings",
    "WebhookSettings",
    "open_notifier",
]
