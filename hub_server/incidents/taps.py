"""A person's tap: what it may hold, checked before the ledger is touched."""

from collections import Counter
from dataclasses import dataclass

from hub_server.auth.roles import Role
from hub_server.incidents.life import Action

MOST_PICTURES = 4
"""Pictures of one kind at one step [S]."""
LONGEST_NOTE = 2000
KINDS = ("near", "far", "reference", "handle_before", "handle_after")


@dataclass(frozen=True)
class TapPicture:
    sha256: str
    kind: str


@dataclass(frozen=True)
class Tap:
    """One action a person takes; ``key`` makes a repetition of it harmless."""

    action: Action
    key: str
    result: str | None = None
    worker: str | None = None
    """Whom to dispatch to."""
    note: str = ""
    pictures: tuple[TapPicture, ...] = ()


@dataclass(frozen=True)
class Actor:
    """Who taps."""

    name: str
    role: Role
    area: str


class ActionError(Exception):
    """An action was not taken; nothing was written.

    ActionError
    ├── UnknownIncident  there is none, or it lies outside the actor's area
    ├── NotYours         the actor's role or person may not do this
    ├── NotNow           the state of the case does not allow it
    └── BadTap           a field of the tap is wrong
    """


class UnknownIncident(ActionError):  # noqa: N818 - named by what is wrong
    """There is none, or it lies outside the actor's area."""


class NotYours(ActionError):  # noqa: N818 - named by what is wrong
    """The actor's role or person may not do this."""


class NotNow(ActionError):  # noqa: N818 - named by what is wrong
    """The state of the case does not allow it."""


class BadTap(ActionError):  # noqa: N818 - named by what is wrong
    """A field of the tap is wrong."""

    def __init__(self, field: str, detail: str) -> None:
        self.field = field
        super().__init__(f"{field}: {detail}")


def check_tap(tap: Tap) -> None:
    """Refuse what no case could take.

    Raises:
        BadTap: names the field, what was expected and what came.
    """
    if not 1 <= len(tap.key) <= 64:
        raise BadTap("key", f"expected 1-64 characters, got {len(tap.key)}")
    if len(tap.note) > LONGEST_NOTE:
        raise BadTap("note", f"expected at most {LONGEST_NOTE} characters, got {len(tap.note)}")
    if (tap.action is Action.DISPATCH) != bool(tap.worker):
        need = "expected a worker's name" if tap.action is Action.DISPATCH else "only for dispatch"
        raise BadTap("worker", f"{need}, got {tap.worker!r}")
    _check_pictures(tap)


def _check_pictures(tap: Tap) -> None:
    kinds = Counter(picture.kind for picture in tap.pictures)
    for kind, count in kinds.items():
        if kind not in KINDS:
            raise BadTap("pictures", f"expected a kind of {', '.join(KINDS)}, got {kind!r}")
        if count > MOST_PICTURES:
            raise BadTap("pictures", f"expected at most {MOST_PICTURES} of {kind}, got {count}")
    if tap.action is Action.HANDLE:
        _check_pair(tap, kinds)


def _check_pair(tap: Tap, kinds: Counter[str]) -> None:
    for kind in ("handle_before", "handle_after"):
        if not kinds[kind]:
            raise BadTap("pictures", f"expected at least one {kind}, got none")
    hashes = {
        kind: {p.sha256 for p in tap.pictures if p.kind == kind}
        for kind in ("handle_before", "handle_after")
    }
    if hashes["handle_before"] & hashes["handle_after"]:
        raise BadTap("pictures", "expected different pictures before and after, got the same one")
