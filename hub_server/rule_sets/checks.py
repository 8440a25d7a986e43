"""What no file can say alone: names used twice, tests of missing rules, unknown areas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from hub_server.alerting.places import FILE as PLACES
from hub_server.alerting.places import Places
from hub_server.alerting.rule_cases import RuleTestFile
from hub_server.alerting.rules import TEST_SUFFIX
from hub_server.alerting.scope import Scope
from hub_server.alerting.spec import Pack, RuleSpec
from hub_server.alerting.when import AlertsWhen
from hub_server.rule_sets.broken import Trouble
from linli_settings import ConfigError, Problem, located, parse


@dataclass(frozen=True)
class Parsed:
    """The files of a set, each as far as it could be read by itself."""

    texts: Mapping[str, str]
    where: Path
    packs: Mapping[str, Pack]
    keyed_by: str
    whole: bool
    """Every pack could be read: what is not in one of them is nowhere."""
    places: Places | None
    """None: the file is broken, and said so."""


def check_set(found: Parsed, trouble: Trouble) -> None:
    """Note what does not fit together."""
    for name, pack in found.packs.items():
        problems = [*_twice(found, name, pack), *_inhibitors(found, pack), *_width(found, pack)]
        problems += _looked_at(found, pack)
        problems += _traits_asked(found, pack)
        _note(found, name, problems, trouble)
    if PLACES in found.texts:
        _note(found, PLACES, list(_traits_given(found)), trouble)
    for name in found.texts:
        if name.endswith(TEST_SUFFIX):
            trouble.attempt(partial(_check_tests, found, name))


def _note(found: Parsed, name: str, problems: list[Problem], trouble: Trouble) -> None:
    if problems:
        trouble.note(ConfigError(found.where / name, located(found.texts[name], problems)))


def _rules(packs: Mapping[str, Pack]) -> Iterator[tuple[str, RuleSpec]]:
    for name, pack in packs.items():
        for rule in pack.rules:
            yield name, rule


def _twice(found: Parsed, name: str, pack: Pack) -> Iterator[Problem]:
    """Names that an earlier file has; twice in one file is the file's own mistake."""
    before = {file: one for file, one in found.packs.items() if file < name}
    for file, one in before.items():
        if one.pack == pack.pack:
            yield Problem("pack", "a name of its own", repr(pack.pack), f"{file} has it already")
    taken = {rule.name: file for file, rule in _rules(before)}
    for index, rule in enumerate(pack.rules):
        if rule.name in taken:
            fix = f"{taken[rule.name]} has it already"
            yield Problem(f"rules[{index}].name", "a name of its own", repr(rule.name), fix)


def _inhibitors(found: Parsed, pack: Pack) -> Iterator[Problem]:
    """An inhibitor names a rule or a type that some rule of the set can raise."""
    if not found.whole:
        return
    rules = [rule for _, rule in _rules(found.packs)]
    names, types = [rule.name for rule in rules], sorted({rule.type for rule in rules})
    for index, rule in enumerate(pack.rules):
        for place, one in enumerate(rule.inhibited_by):
            field = f"rules[{index}].inhibited_by[{place}]"
            if one.rule and one.rule not in names:
                expected, fix = "a rule of this set", near(one.rule, names)
                yield Problem(f"{field}.rule", expected, repr(one.rule), fix)
            elif one.rule == rule.name:
                yield Problem(f"{field}.rule", "another rule", repr(one.rule), "remove it")
            elif one.type and one.type not in types:
                expected, fix = "a type that a rule of this set raises", near(one.type, types)
                yield Problem(f"{field}.type", expected, repr(one.type), fix)


def _looked_at(found: Parsed, pack: Pack) -> Iterator[Problem]:
    """A rule over alerts names rules over inputs, or types that some of them raises."""
    rules = [rule for _, rule in _rules(found.packs)]
    first = [rule for rule in rules if not isinstance(rule.when, AlertsWhen)]
    second = {rule.name for rule in rules} - {rule.name for rule in first}
    names, types = [rule.name for rule in first], sorted({rule.type for rule in first})
    for index, rule in enumerate(pack.rules):
        if not isinstance(rule.when, AlertsWhen):
            continue
        field = f"rules[{index}].when"
        for place, name in enumerate(rule.when.rules):
            if name in second:
                expected, fix = (
                    "a rule over inputs, not one over alerts",
                    "name the rules it counts",
                )
                yield Problem(f"{field}.rules[{place}]", expected, repr(name), fix)
            elif found.whole and name not in names:
                yield Problem(
                    f"{field}.rules[{place}]", "a rule of this set", repr(name), near(name, names)
                )
        for place, kind in enumerate(rule.when.types):
            if found.whole and kind not in types:
                expected, fix = "a type that a rule over inputs raises", near(kind, types)
                yield Problem(f"{field}.types[{place}]", expected, repr(kind), fix)


def _traits_asked(found: Parsed, pack: Pack) -> Iterator[Problem]:
    """A rule asks only for traits that some place has, or it would never count."""
    if found.places is None:
        return
    known = sorted({trait for row in found.places.rows for trait in row.traits})
    for index, rule in enumerate(pack.rules):
        for trait in rule.place:
            if trait not in known:
                expected, fix = f"a trait of some place in {PLACES}", near(trait, known)
                yield Problem(f"rules[{index}].place.{trait}", expected, repr(trait), fix)


def _traits_given(found: Parsed) -> Iterator[Problem]:
    """A place is what some rule asks for, where rules ask at all: else no limit would count."""
    if found.places is None or not found.whole:
        return
    asked: dict[str, set[str]] = {}
    for _, rule in _rules(found.packs):
        for trait, value in rule.place.items():
            asked.setdefault(trait, set()).add(value)
    for index, row in enumerate(found.places.rows):
        for trait, value in row.traits.items():
            values = sorted(asked.get(trait, {value}))
            if value not in values:
                expected = f"one of {', '.join(values)}, as rules ask"
                fix = "write one of them, or add the rules"
                yield Problem(f"places[{index}].traits.{trait}", expected, repr(value), fix)


def _width(found: Parsed, pack: Pack) -> Iterator[Problem]:
    """No rule over inputs needs to see more than one partition of the event log does."""
    if not found.keyed_by:
        return
    key = Scope(found.keyed_by)
    for index, rule in enumerate(pack.rules):
        if key.holds(rule.scope) or isinstance(rule.when, AlertsWhen):
            continue
        expected = f"a scope no wider than {key}, by which the event log of this hub is keyed"
        fix = f"scope: {key}, and over its alerts a rule with when: {{type: alerts, ...}}"
        yield Problem(f"rules[{index}].scope", expected, repr(rule.scope.value), fix)


def _check_tests(found: Parsed, name: str) -> None:
    """A test file beside its pack; every alert it expects is of a rule there.

    Raises:
        ConfigError: it is broken, its pack is not there, or a rule is missing.
    """
    file, pack_file = found.where / name, name.removesuffix(TEST_SUFFIX) + ".yaml"
    tests = parse(found.texts[name], RuleTestFile, file).tests
    if pack_file not in found.texts:
        raise ConfigError.one(
            file, "file", f"a pack {pack_file} beside it", "none", "rename or remove this file"
        )
    pack = found.packs.get(pack_file)
    if pack is None:  # broken itself, and said so
        return
    known = [rule.name for rule in pack.rules]
    problems = [
        Problem(
            f"tests[{t}].alerts[{a}].rule",
            f"a rule of {pack_file}",
            repr(one.rule),
            near(one.rule, known),
        )
        for t, case in enumerate(tests)
        for a, one in enumerate(case.alerts)
        if one.rule not in known
    ]
    if problems:
        raise ConfigError(file, located(found.texts[name], problems))


def near(name: str, known: list[str]) -> str:
    """The fix for a name nobody knows."""
    found = get_close_matches(name, known, n=1)
    return f"did you mean {found[0]!r}?" if found else "remove it, or add what it names"
