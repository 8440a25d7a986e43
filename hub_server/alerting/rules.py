"""Compiled rules, and which of them are broken."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from hub_server.alerting.conditions.alerts import compile_alerts
from hub_server.alerting.conditions.group import compile_group
from hub_server.alerting.conditions.leaf import compile_leaf
from hub_server.alerting.conditions.types import EVERY, Condition, Interest
from hub_server.alerting.holidays import FILE, PackagedCalendar, load_calendar
from hub_server.alerting.inputs import Input, ObservationInput
from hub_server.alerting.places import FILE as PLACES
from hub_server.alerting.places import Places, load_places
from hub_server.alerting.schedule import Duty
from hub_server.alerting.scope import key_of
from hub_server.alerting.spec import Pack, RuleSpec
from hub_server.alerting.when import AlertsWhen, GroupWhen
from linli_settings import ConfigError, parse, read_yaml
from linli_settings.holidays import Calendar

NOT_PACKS = ("incident_types.yaml", "areas.yaml", FILE, PLACES)
TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule, ready to run."""

    spec: RuleSpec
    version: str
    """The set's hash and the rule's fingerprint: says later what exactly fired."""
    condition: Condition
    fingerprint: str = ""
    """Hash of what decides its state: condition, scope and turn, not its texts or colour."""
    duty: Duty | None = None
    """Its schedule; None: it always counts."""

    @property
    def second(self) -> bool:
        """Whether it looks at alerts of other rules."""
        return isinstance(self.spec.when, AlertsWhen)

    def key(self, item: Input) -> str:
        """What state an input belongs to."""
        zone = item.zone if isinstance(item, ObservationInput) else ""
        return key_of(self.spec.scope, item.site, zone)


@dataclass(frozen=True)
class Rules:
    """One compiled set. A rule that raises is marked ``broken`` and set aside, and shown."""

    rules: tuple[Rule, ...]
    broken: dict[str, str] = field(default_factory=dict)
    version: str = ""
    """Hash of the whole set, as the ledger keeps it."""

    @cached_property
    def _index(self) -> dict[Interest, tuple[Rule, ...]]:
        index: dict[Interest, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for interest in rule.condition.looks_at:
                index[interest].append(rule)
        everywhere = index.pop(("measurement", EVERY), [])
        order = {rule.spec.name: place for place, rule in enumerate(self.rules)}
        found = {
            interest: sorted([*rules, *everywhere], key=lambda rule: order[rule.spec.name])
            if interest[0] == "measurement"
            else rules
            for interest, rules in index.items()
        }
        found["measurement", EVERY] = everywhere
        return {interest: tuple(dict.fromkeys(rules)) for interest, rules in found.items()}

    @cached_property
    def _by_name(self) -> dict[str, Rule]:
        return {rule.spec.name: rule for rule in self.rules}

    @cached_property
    def second(self) -> frozenset[str]:
        """Names of the rules over alerts of other rules: they run after those."""
        return frozenset(rule.spec.name for rule in self.rules if rule.second)

    @property
    def known(self) -> Mapping[str, Rule]:
        """All rules by their names, broken ones too."""
        return self._by_name

    def looking_at(self, interest: Interest) -> tuple[Rule, ...]:
        """The rules that have not broken and look at inputs of this kind, in their order."""
        index = self._index
        found = index.get(interest)
        if found is None:
            found = index["measurement", EVERY] if interest[0] == "measurement" else ()
        if not self.broken:
            return found
        return tuple(rule for rule in found if rule.spec.name not in self.broken)

    @cached_property
    def _metrics(self) -> frozenset[str]:
        return frozenset(metric for kind, metric in self._index if kind == "measurement")

    def judge(self, metric: str) -> bool:
        """Whether any rule, broken or not, looks at measurements of ``metric``."""
        return metric in self._metrics or bool(self._index["measurement", EVERY])

    def active(self) -> Iterable[Rule]:
        """The rules that have not broken."""
        return [rule for rule in self.rules if rule.spec.name not in self.broken]

    def named(self, name: str) -> Rule | None:
        """An active rule by its name; None when it is gone or broken."""
        return None if name in self.broken else self._by_name.get(name)

    def unknown_years(self, at: datetime) -> dict[str, int]:
        """Rules whose schedule asks for the holidays of a year that nobody knows, at ``at``."""
        years = {rule.spec.name: rule.duty.unknown_year(at) for rule in self.rules if rule.duty}
        return {name: year for name, year in years.items() if year is not None}

    def set_aside(self, rule: Rule, error: Exception) -> None:
        """Mark a rule that raised as broken; the others go on."""
        self.broken[rule.spec.name] = f"{type(error).__name__}: {error}"


def compile_condition(spec: RuleSpec) -> Condition:
    """The closures of a rule's condition."""
    if isinstance(spec.when, GroupWhen):
        return compile_group(spec.when)
    if isinstance(spec.when, AlertsWhen):
        return compile_alerts(spec.when)
    return compile_leaf(spec.when, followed=spec.repeat is not None)


NO_STATE: dict[str, Any] = {  # nested as pydantic wants it, whose type cannot be named
    "name": True,
    "type": True,
    "colour": True,
    "group": True,
    "cool_down": True,
    "inhibited_by": True,
    "labels": True,
    "reason": True,
    "source": True,
    "when": {"levels": {"__all__": {"colour", "reason"}}},
}
"""Fields of a rule that may change while its timers go on."""


def fingerprint(spec: RuleSpec, places: Places) -> str:
    """Hash of what decides a rule's state."""
    shown = spec.model_dump(mode="json", exclude=NO_STATE, exclude_defaults=True)
    text = json.dumps(shown, sort_keys=True) + (places.digest if spec.place else "")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def compile_pack(
    pack: Pack, version: str, calendar: Calendar | None = None, places: Places | None = None
) -> list[Rule]:
    """The rules of one file, ready to run; ``version`` is the hash of their set."""
    days, kinds = calendar or PackagedCalendar(), places or Places()
    return [_compile(spec, version, days, kinds) for spec in pack.rules]


def _compile(spec: RuleSpec, version: str, calendar: Calendar, places: Places) -> Rule:
    mark = fingerprint(spec, places)
    duty = Duty(spec.schedule, calendar) if spec.schedule else None
    condition = _placed(compile_condition(spec), spec, places)
    return Rule(spec, f"{version}/{mark}", condition, mark, duty)


def _placed(condition: Condition, spec: RuleSpec, places: Places) -> Condition:
    """Only for inputs from the places that the rule asks for."""
    if not spec.place:
        return condition
    return replace(
        condition, fits=lambda item: condition.fits(item) and places.fit(item.site, spec.place)
    )


def load_pack(file: Path, places: Places | None = None) -> list[Rule]:
    """The rules of ``file``; ``places`` stands for the table beside it.

    Raises:
        ConfigError: with every problem's line, field and fix.
    """
    text = read_yaml(file)
    version = hash_of({file.name: text})
    kinds = load_places(file.parent) if places is None else places
    return compile_pack(parse(text, Pack, file), version, load_calendar(file.parent), kinds)


def hash_of(files: Mapping[str, str]) -> str:
    """The version of a set: a hash of its files' names and texts."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:16]


def pack_files(folder: Path) -> list[Path]:
    """The rule packs of ``folder``, in order of their names.

    Raises:
        ConfigError: there is none.
    """
    files = [
        file
        for file in sorted(folder.glob("*.yaml"))
        if file.name not in NOT_PACKS and not file.name.endswith(TEST_SUFFIX)
    ]
    if not files:
        raise ConfigError.one(folder, "folder", "at least one rule pack (*.yaml)", "none")
    return files


def load_rules(folder: Path) -> Rules:
    """All packs of ``folder``.

    Raises:
        ConfigError: a file is broken, or two packs use one rule name.
    """
    packs = {file: load_pack(file) for file in pack_files(folder)}
    return Rules(_unique(packs))


def _unique(packs: dict[Path, list[Rule]]) -> tuple[Rule, ...]:
    seen: dict[str, Path] = {}
    rules: list[Rule] = []
    for file, found in packs.items():
        for rule in found:
            name = rule.spec.name
            if name in seen:
                raise ConfigError.one(
                    file, f"rules.{name}", "a name of its own", f"one of {seen[name].name}"
                )
            seen[name] = file
            rules.append(rule)
    return tuple(rules)
