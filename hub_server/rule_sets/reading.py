"""A folder of rules → a rule set, checked whole; the same from the texts the ledger keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hub_server.alerting.holidays import FILE, PackagedCalendar, parse_holidays
from hub_server.alerting.places import FILE as PLACES
from hub_server.alerting.places import Places, parse_places
from hub_server.alerting.rules import NOT_PACKS, TEST_SUFFIX, Rules, compile_pack, hash_of
from hub_server.alerting.spec import Pack
from hub_server.devices.areas import Area, parse_areas
from hub_server.incidents.incident_types import IncidentType, parse_incident_types
from hub_server.rule_sets.broken import Trouble
from hub_server.rule_sets.checks import Parsed, check_set
from linli_settings import ConfigError, parse, read_yaml
from linli_settings.holidays import Calendar

TYPES, AREAS = "incident_types.yaml", "areas.yaml"


@dataclass(frozen=True)
class RuleSet:
    """Everything a county decides about alerts, from one moment of its folder."""

    version: str
    """Hash of the files; tests are not part of it."""
    files: Mapping[str, str]
    rules: Rules
    types: Mapping[str, IncidentType]
    areas: list[Area]
    calendar: Calendar
    """Of its schedules and of the limits that are counted in working time."""

    def fingerprints(self) -> dict[str, str]:
        """Rule → hash of what decides its state."""
        return {rule.spec.name: rule.fingerprint for rule in self.rules.rules}


def read_folder(folder: Path) -> dict[str, str]:
    """The texts of ``folder`` by file name.

    Raises:
        BrokenSetError: there is no rule pack, or a file cannot be read.
    """
    trouble, texts = Trouble(), {}
    for file in sorted(folder.glob("*.yaml")):
        text = trouble.attempt(partial(read_yaml, file))
        if text is not None:
            texts[file.name] = text
    if not any(map(is_pack, texts)):
        found = "none" if folder.is_dir() else "no such folder"
        trouble.note(ConfigError.one(folder, "folder", "at least one rule pack (*.yaml)", found))
    trouble.raise_any()
    return texts


def read_set(folder: Path, keyed_by: str = "") -> RuleSet:
    """The rule set of ``folder``; see :func:`parse_set`.

    Raises:
        BrokenSetError: with every problem's file, line, field and fix.
    """
    return parse_set(read_folder(folder), folder, keyed_by)


def parse_set(texts: Mapping[str, str], where: Path, keyed_by: str = "") -> RuleSet:
    """The rule set of the files ``texts``.

    Args:
        where: the folder, only named in messages.
        keyed_by: the area level by which the event log is cut into partitions; empty when one
            process sees everything.

    Raises:
        BrokenSetError: with every problem's file, line, field and fix.
    """
    kept = {name: text for name, text in texts.items() if not name.endswith(TEST_SUFFIX)}
    trouble = Trouble()
    types = trouble.attempt(lambda: parse_incident_types(_text(texts, TYPES, where), where / TYPES))
    areas = trouble.attempt(lambda: parse_areas(_text(texts, AREAS, where), where / AREAS))
    calendar = trouble.attempt(lambda: _calendar(texts, where))
    places = trouble.attempt(lambda: _places(texts, where))
    packs = _models(texts, where, trouble)
    whole = len(packs) == sum(map(is_pack, texts))
    check_set(Parsed(texts, where, packs, keyed_by, whole, places), trouble)
    trouble.raise_any()
    version = hash_of(kept)
    rules = [
        rule for pack in packs.values() for rule in compile_pack(pack, version, calendar, places)
    ]
    whole_set = Rules(tuple(rules), version=version)
    days = calendar or PackagedCalendar()
    return RuleSet(version, kept, whole_set, types or {}, areas or [], days)


def is_pack(name: str) -> bool:
    """Whether the file ``name`` holds rules."""
    return name not in NOT_PACKS and not name.endswith(TEST_SUFFIX)


def _models(texts: Mapping[str, str], where: Path, trouble: Trouble) -> dict[str, Pack]:
    packs: dict[str, Pack] = {}
    for name in filter(is_pack, texts):
        pack = trouble.attempt(partial(parse, texts[name], Pack, where / name))
        if pack is not None:
            packs[name] = pack
    return packs


def _calendar(texts: Mapping[str, str], where: Path) -> Calendar:
    return parse_holidays(texts[FILE], where / FILE) if FILE in texts else PackagedCalendar()


def _places(texts: Mapping[str, str], where: Path) -> Places:
    return parse_places(texts[PLACES], where / PLACES) if PLACES in texts else Places()


def _text(texts: Mapping[str, str], name: str, where: Path) -> str:
    if name not in texts:
        raise ConfigError.one(where / name, "file", "a readable UTF-8 YAML file", "none")
    return texts[name]
