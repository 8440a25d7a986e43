"""Rule tests as data: inputs at virtual times, the alerts expected; nobody sleeps.

A test's clock starts at 0 s. Readings and observations arrive when they happen unless
``arrives`` says otherwise; a tick passes every second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from hub_server.alerting.engine import Limits
from hub_server.alerting.places import Places
from hub_server.alerting.rule_cases import Case, Expected, RuleTestFile
from hub_server.alerting.rule_play import Play, Told
from hub_server.alerting.rules import TEST_SUFFIX, Rule, Rules, load_pack, pack_files
from hub_server.alerting.types import Alert, Ended
from linli_settings import load


@dataclass(frozen=True)
class Failure:
    """A test that did not give what it should."""

    test: str
    expected: list[str]
    found: list[str]

    def text(self) -> str:
        """What to print."""
        expected = "\n    ".join(self.expected) or "(no alert)"
        found = "\n    ".join(self.found) or "(no alert)"
        return f"{self.test}\n  expected\n    {expected}\n  found\n    {found}"


def run_test_file(file: Path, limits: Limits) -> tuple[int, list[Failure]]:
    """How many tests ran, and those that failed.

    Raises:
        ConfigError: the test file or its pack is broken.
    """
    found = load(file, RuleTestFile)
    places = Places(found.places) if found.places is not None else None
    pack_file = file.with_name(file.name.removesuffix(TEST_SUFFIX) + ".yaml")
    pack = load_pack(pack_file, places)
    cases, others = found.tests, _others(pack_file, pack, places)
    results = [run_case(case, pack, limits, others) for case in cases]
    return len(cases), [failure for failure in results if failure]


def _others(file: Path, pack: Iterable[Rule], places: Places | None) -> list[Rule]:
    """The rules of the packs beside it, where a rule of this one looks at their alerts."""
    if not any(rule.second for rule in pack):
        return []
    beside = (one for one in pack_files(file.parent) if one != file)
    return [rule for one in beside for rule in load_pack(one, places) if not rule.second]


def run_case(
    case: Case, pack: Iterable[Rule], limits: Limits, others: Iterable[Rule] = ()
) -> Failure | None:
    """Play one test through the rules; None when it gives what it should.

    Args:
        others: rules that run as well, whose alerts are not compared.
    """
    own = list(pack)
    rules = Rules((*own, *others))
    told = _of(own, Play(case, rules, limits).run())
    broken = [f"rule {name} broke: {error}" for name, error in rules.broken.items()]
    expected = sorted(case.alerts, key=lambda e: (e.at, e.rule))
    alerts = sorted(told.alerts, key=lambda a: (a.fired_at, a.rule))
    fits = partial(_fits, case)
    right = len(alerts) == len(expected) and all(map(fits, expected, alerts)) and not broken
    wanted, found = [_wanted(e) for e in expected], [_told(case, alert) for alert in alerts]
    if case.ends is not None:
        ends = sorted(_end(e.at, e.rule, e.cause) for e in case.ends)
        ended = sorted(_ended(case, told, one) for one in told.ended)
        right, wanted, found = right and ends == ended, wanted + ends, found + ended
    return None if right else Failure(case.name, wanted, found + broken)


def _of(pack: Iterable[Rule], told: Told) -> Told:
    """What came of these rules."""
    names = {rule.spec.name for rule in pack}
    alerts = [alert for alert in told.alerts if alert.rule in names]
    ids = {alert.id for alert in alerts}
    return Told(alerts, [one for one in told.ended if one.id in ids])


def _fits(case: Case, expected: Expected, alert: Alert) -> bool:
    return (
        expected.rule == alert.rule
        and _since(case, alert.fired_at) == expected.at
        and expected.late == alert.late
        and expected.colour in (None, alert.colour)
        and expected.zh in (None, alert.reason.zh)
        and expected.en in (None, alert.reason.en)
    )


def _since(case: Case, at: datetime) -> float:
    return (at - case.begins).total_seconds()


def _told(case: Case, alert: Alert) -> str:
    at, late = _since(case, alert.fired_at), " late" if alert.late else ""
    return f"{at:g}s {alert.rule} {alert.colour}{late}: {alert.reason.zh} / {alert.reason.en}"


def _wanted(expected: Expected) -> str:
    late = " late" if expected.late else ""
    texts = " / ".join(text for text in (expected.zh, expected.en) if text)
    return f"{expected.at:g}s {expected.rule} {expected.colour or ''}{late}: {texts}"


def _ended(case: Case, told: Told, one: Ended) -> str:
    rule = next((alert.rule for alert in told.alerts if alert.id == one.id), "?")
    return _end(_since(case, one.time), rule, one.cause)


def _end(at: float, rule: str, cause: str) -> str:
    return f"{at:g}s end of {rule}: {cause}"
