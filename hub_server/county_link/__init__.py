"""The link to the county data centre: a signed push, a signed callback, and a simulator."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hub_server.county_link.settings import CountyLinkSettings
from hub_server.county_link.signing import CountyKey
from hub_server.outbound.messages import CountyEvent
from linli_settings.secrets import resolve


class CountyLink(Protocol):
    """Tells the county data centre what happened to a case."""

    def push(self, event: CountyEvent) -> str:
        """Deliver one event; the county's case id. The event's ``id`` makes repeats harmless.

        Raises:
            RetryLater: it may arrive later.
            Refused: the centre will never take it.
        """

    def close(self) -> None:
        """Let go of connections."""


def _http(settings: CountyLinkSettings, base: Path) -> CountyLink:
    from hub_server.county_link.http import HttpLink

    ca = base / settings.ca if settings.ca else None
    return HttpLink(str(settings.url), county_key(settings, base), settings.timeout, ca)


COUNTY_LINKS: dict[str, Callable[[CountyLinkSettings, Path], CountyLink]] = {"http": _http}


def open_county_link(settings: CountyLinkSettings, base: Path = Path()) -> CountyLink:
    """The link of the settings; secret files count from ``base``.

    Raises:
        ConfigError: its secret is not there.
    """
    return COUNTY_LINKS[settings.type](settings, base)


def county_key(settings: CountyLinkSettings, base: Path = Path()) -> CountyKey:
    """What verifies the centre's callback and signs our push.

    Raises:
        ConfigError: the secret is not there.
    """
    return CountyKey(settings.app_key, resolve(settings.secret, base), settings.window)
