"""The rules in force, their versions, and the wish to switch."""

import time
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter

from hub_server import audit
from hub_server.api.deps import Admin, Now, Operator, ServicesDep
from hub_server.api.models import Bilingual
from hub_server.api.rule_models import AnswerOf, RuleOf, RulesOf, VersionOf, WishIn
from hub_server.api.services import Services
from hub_server.auth.users import User
from hub_server.rule_sets import requests
from hub_server.rule_sets.broken import BrokenSetError
from hub_server.rule_sets.reading import parse_set
from hub_server.rule_sets.requests import Kind
from hub_server.rule_sets.versions import Version, files_of, read_versions
from hub_server.rule_sets.words import words_of

router = APIRouter(prefix="/rules", tags=["rules"])
WAIT_S, LOOK_S = 10.0, 0.2
"""How long a wish waits for the hub's answer, and how often it looks."""


@router.get("", summary="The rules in force, in words")
def get_rules(_user: Operator, parts: ServicesDep) -> RulesOf:
    """Of the set the hub last switched to."""
    with parts.ledger.read() as conn:
        rows = read_versions(conn, 1)
        files = files_of(conn, rows[0].hash) if rows else {}
    if not rows:
        return RulesOf(version=None, fault="", rules=[])
    shown = _rules(rows[0].hash, tuple(sorted(files.items())))
    return RulesOf(version=_version(rows[0], 0), fault=parts.checks().get("rules", ""), rules=shown)


@router.get("/versions", summary="The rule sets there were, the one in force first")
def get_rule_versions(_user: Operator, parts: ServicesDep) -> list[VersionOf]:
    """The newest hundred."""
    with parts.ledger.read() as conn:
        return [_version(row, place) for place, row in enumerate(read_versions(conn))]


@router.post("/switch", summary="Read the folder and switch to it now")
def post_rules_switch(wish: WishIn, user: Admin, parts: ServicesDep, at: Now) -> AnswerOf:
    """The answer says what changed, or every problem of a broken folder."""
    return _ask(parts, user, Kind.SWITCH, wish.note, at)


@router.post("/retry", summary="Try rules again that broke")
def post_rules_retry(user: Admin, parts: ServicesDep, at: Now) -> AnswerOf:
    """The answer names them."""
    return _ask(parts, user, Kind.RETRY, "", at)


def _ask(parts: Services, user: User, kind: Kind, note: str, at: Now) -> AnswerOf:
    with parts.ledger.write() as conn:
        seq = requests.ask(conn, kind, user.name, note, at)
        audit.note(conn, at, user.name, f"rules_{kind.value}_asked", str(seq))
    end = time.monotonic() + WAIT_S
    while True:
        with parts.ledger.read() as conn:
            answer = requests.answer_of(conn, seq)
        if answer.ok is not None or time.monotonic() >= end:
            return AnswerOf(ok=answer.ok, text=answer.text)
        time.sleep(LOOK_S)


def _version(row: Version, place: int) -> VersionOf:
    return VersionOf(
        hash=row.hash,
        author=row.author,
        time=row.time,
        note=row.note,
        switched_at=row.switched_at,
        in_force=place == 0,
        rules=len(row.fingerprints),
    )


@lru_cache(maxsize=2)
def _rules(version: str, files: tuple[tuple[str, str], ...]) -> list[RuleOf]:
    """A set of another program version may be unreadable here: then no rule is shown."""
    try:
        found = parse_set(dict(files), Path(version))
    except BrokenSetError:
        return []
    return [
        RuleOf(
            name=rule.spec.name,
            type=rule.spec.type,
            colour=rule.spec.colour or "",
            fingerprint=rule.fingerprint,
            source=rule.spec.source,
            words=[Bilingual(zh=one.zh, en=one.en) for one in words_of(rule.spec)],
        )
        for rule in found.rules.rules
    ]
