"""What a process of the hub does: one does all, or several share it (docs/scale-out.md)."""

from enum import StrEnum

from linli_settings import ConfigError


class Role(StrEnum):
    INGEST = "ingest"
    """Takes messages in and runs the rules."""
    API = "api"
    """Serves people, the phone page and pictures; without it only /health and /metrics."""
    OUTBOUND = "outbound"
    """Writes to stores, notifies, tells the county centre, keeps the ledger tidy. Of several
    processes with this role one does it, and another takes over when that one is gone."""


ALL = frozenset(Role)


def parse_roles(text: str) -> frozenset[Role]:
    """``ingest,api`` as roles.

    Raises:
        ConfigError: a word is none of them.
    """
    words = [word.strip() for word in text.split(",")]
    known = [role.value for role in Role]
    for word in words:
        if word not in known:
            expected = "one or more of " + ",".join(known)
            raise ConfigError.one("command line", "--roles", expected, repr(word))
    return frozenset(Role(word) for word in words)
