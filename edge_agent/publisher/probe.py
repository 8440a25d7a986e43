"""Whether the broker lets this device in, for ``doctor``: connects once and leaves."""

import time
from pathlib import Path

from edge_agent.publisher import reasons
from edge_agent.publisher.client import Identity, make_client
from edge_agent.publisher.session import Session
from edge_agent.publisher.settings import BrokerSettings
from linli_contract.faults import fault

_TURN_S = 0.05


def probe_broker(
    settings: BrokerSettings, identity: Identity, base: Path, timeout: float = 8.0
) -> str:
    """The fault, or an empty text when it connects and may subscribe.

    It uses a client id of its own, so that a running agent keeps its connection, and sets no
    last will.

    Raises:
        ConfigError: the password cannot be had.
    """
    try:
        client = make_client(settings, f"{identity.device}-doctor", base)
        session = Session(client, identity, "", lambda _topic, _body: None, window=1, quiet=True)
        client.connect(settings.host, settings.port, int(settings.keepalive))
    except OSError as error:
        return reasons.of_error(error)
    limit = time.monotonic() + timeout
    while not session.ready and time.monotonic() < limit:
        if not session.turn(_TURN_S):
            return session.fault
    if not session.ready:
        return fault("broker_no_answer")
    client.disconnect()
    return session.fault
