"""Compiled rules, and which of them are broken."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from hub_server.alerting.conditions.count import compile_count
from hub_server.alerting.conditions.no_data import compile_no_data
from hub_server.alerting.conditions.observation import compile_observation
from hub_server.alerting.conditions.threshold import compile_threshold
from hub_server.alerting.conditions.types import Condition
from hub_server.alerting.spec import Pack, RuleSpec
from hub_server.alerting.when import CountWhen, NoDataWhen, ObservationWhen, ThresholdWhen
from linli_settings import ConfigError, parse, read_yaml

log = structlog.get_logger("alerting")
NOT_PACKS = ("incident_types.yaml", "areas.yaml")
TEST_SUFFIX = ".test.yaml"


@dataclass(frozen=True)
class Rule:
    """One rule, ready to run."""

    spec: RuleSpec
    version: str
    """The set's hash and the rule's fingerprint: says later what exactly fired."""
    condition: Condition
    fingerprint: str = ""
    """Hash of what decides its state: condition, scope and turn, not its texts or colour."""


@dataclass
class Rules:
    """All rules of a folder. A rule that raises is set aside until the next start, and shown."""

    rules: tuple[Rule, ...]
    broken: dict[str, str] = field(default_factory=dict)
    version: str = ""
    """Hash of the whole set, as the ledger keeps it."""

    def active(self) -> Iterable[Rule]:
        """The rules that have not broken."""
        return [rule for rule in self.rules if rule.spec.name not in self.broken]

    def named(self, name: str) -> Rule | None:
        """An active rule by its name; None when it is gone or broken."""
        return next((rule for rule in self.active() if rule.spec.name == name), None)

    def guard(self, rule: Rule, run: Callable[[], None]) -> None:
        """Run a part of ``rule``; when it raises, mark it broken and go on with the others."""
        try:
            run()
        except Exception as error:  # a bug in one rule must not stop the flow; it is shown red
            self.broken[rule.spec.name] = f"{type(error).__name__}: {error}"
            log.exception("rule broken", rule=rule.spec.name)


def compile_condition(spec: RuleSpec) -> Condition:
    """The closures of a rule's condition."""
    match spec.when:
        case ObservationWhen():
            return compile_observation(spec.when)
        case ThresholdWhen():
            return compile_threshold(spec.when)
        case CountWhen():
            return compile_count(spec.when)
        case NoDataWhen():
            return compile_no_data(spec.when)


NO_STATE = {"name", "type", "colour", "group", "cool_down", "reason", "source"}
"""Fields of a rule that may change while its timers go on."""


def fingerprint(spec: RuleSpec) -> str:
    """Hash of what decides a rule's state."""
    shown = spec.model_dump(mode="json", exclude=NO_STATE, exclude_defaults=True)
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def compile_pack(pack: Pack, version: str) -> list[Rule]:
    """The rules of one file, ready to run; ``version`` is the hash of their set."""
    return [_compile(spec, version) for spec in pack.rules]


def _compile(spec: RuleSpec, version: str) -> Rule:
    mark = fingerprint(spec)
    return Rule(spec, f"{version}/{mark}", compile_condition(spec), mark)


def load_pack(file: Path) -> list[Rule]:
    """The rules of ``file``.

    Raises:
        ConfigError: with every problem's line, field and fix.
    """
    text = read_yaml(file)
    return compile_pack(parse(text, Pack, file), hash_of({file.name: text}))


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
