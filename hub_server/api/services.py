"""What the API works with; built once by who starts it, never imported as a global."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import Metric

from hub_server.auth.attempts import Attempts
from hub_server.auth.tokens import TokenKey
from hub_server.county_link.signing import CountyKey
from hub_server.ledger.engine import Ledger
from hub_server.outbound.changes import Changes
from hub_server.pictures import PictureStore


def _now() -> datetime:
    return datetime.now(UTC)


def _no_checks() -> Mapping[str, str]:
    return {}


def _no_figures() -> Iterable[Metric]:
    return ()


def _alive() -> str:
    return ""


@dataclass(frozen=True)
class Services:
    """The parts behind the API."""

    ledger: Ledger
    pictures: PictureStore
    tokens: TokenKey
    changes: Changes = field(default_factory=Changes)
    targets: tuple[str, ...] = ()
    """Names of the outbound targets that hear of a change: ``county`` and the notifiers'."""
    county: CountyKey | None = None
    """Verifies the county centre's callback; None refuses it."""
    clock: Callable[[], datetime] = _now
    checks: Callable[[], Mapping[str, str]] = _no_checks
    """What is at fault in each other part of this process, by its name; empty when ready."""
    alive: Callable[[], str] = _alive
    """What hangs in this process; empty while nothing does. Waits for nothing."""
    figures: Callable[[], Iterable[Metric]] = _no_figures
    """Of this process, for ``/metrics``."""
    phone_dir: Path | None = None
    """The built phone page; None looks beside the package."""
    attempts: Attempts = field(default_factory=Attempts)
