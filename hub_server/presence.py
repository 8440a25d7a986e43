"""Whether the secrets and certificates that ``hub.yaml`` names are at hand; connects to nothing."""

from collections.abc import Iterator
from functools import partial

from hub_server.settings import Hub
from linli_settings.presence import Check, check_all
from linli_settings.secrets import resolve


def check_files(hub: Hub) -> None:
    """Every secret and certificate.

    Raises:
        ConfigError: any cannot be used; all of them are named with their field.
    """
    check_all(hub.file, _checks(hub))


def _checks(hub: Hub) -> Iterator[Check]:
    settings = hub.settings
    for field, reference in _secrets(hub).items():
        if reference is not None:
            yield field, partial(resolve, reference, hub.base)
    link = settings.county_link
    ingest = settings.ingest
    for field, file in {
        "ingest.ca": ingest.ca,
        "ingest.broker.ca": ingest.broker.ca if ingest.type == "kafka" else "",
        "county_link.ca": link and link.ca,
    }.items():
        if file:
            yield field, (hub.base / file).read_bytes


def _secrets(hub: Hub) -> dict[str, str | None]:
    settings, link = hub.settings, hub.settings.county_link
    named = {
        "auth.secret": settings.auth.secret,
        "ingest.password": settings.ingest.password,
        "county_link.secret": link.secret if link else None,
        "heartbeat.url": settings.heartbeat.url if settings.heartbeat else None,
    }
    if settings.ingest.type == "kafka":
        named["ingest.broker.password"] = settings.ingest.broker.password
    for index, notifier in enumerate(settings.notifiers):
        if notifier.type == "webhook":
            named[f"notifiers[{index}].secret"] = notifier.secret
    for index, store in enumerate(settings.stores):
        if store.type != "sqlite":
            named[f"stores[{index}].token"] = store.token
    return named
