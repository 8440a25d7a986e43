"""Which rules are in force in this process, what is wrong with the folder, and what people ask."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Connection

from hub_server.alerting.rules import Rules
from hub_server.incidents.policy import OpeningPolicy
from hub_server.incidents.work_time import Workdays
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Apply
from hub_server.pipeline.work import Parts
from hub_server.rule_sets import requests
from hub_server.rule_sets.broken import BrokenSetError
from hub_server.rule_sets.reading import RuleSet, parse_set, read_set
from hub_server.rule_sets.requests import Kind, Request
from hub_server.rule_sets.switching import Author, Change, Switch, compare
from hub_server.rule_sets.versions import FOLDER, SIGNAL, START, files_of, read_versions

log = structlog.get_logger("rules")
Job = Callable[[], None]
"""To be done in the pipeline's thread."""
Signature = tuple[tuple[str, int, int], ...]


class Switched(Protocol):
    """What rules are switched in: a pipeline, or all those of this process."""

    @property
    def parts(self) -> Parts: ...
    def plan(self, parts: Parts, apply: Apply) -> None: ...
    def switch(self, parts: Parts, apply: Apply) -> None: ...


class Keeper:
    """The rules of one process.

    Args:
        folder: where people change rules.
        keyed_by: see :func:`parse_set`.
        clock: the hub's.
    """

    def __init__(
        self, ledger: Ledger, folder: Path, keyed_by: str, clock: Callable[[], datetime]
    ) -> None:
        self._ledger, self._folder, self._keyed_by, self._clock = ledger, folder, keyed_by, clock
        self._signature, self._unsettled = _signature(folder), _signature(folder)
        self._asked = self._done = 0
        self._wanted = threading.Event()
        self._pipelines: list[Switched] = []
        self.fault = ""
        """Why the folder's set is not the one in force; empty while it is."""

    def choose(self, conn: Connection) -> RuleSet:
        """The set to start with: the folder's, else the newest good one of the ledger, and said.

        Raises:
            BrokenSetError: the folder is broken and the ledger has no good one.
        """
        self._asked = self._done = requests.last_request(conn)
        self._signature = self._unsettled = _signature(self._folder)
        try:
            found = read_set(self._folder, self._keyed_by)
        except BrokenSetError as error:
            return self._fall_back(conn, error)
        log.info("rules of the folder in force", folder=str(self._folder), version=found.version)
        return found

    def begin(self, pipeline: Switched, found: RuleSet) -> None:
        """Look after ``pipeline``; its first transaction is the switch to ``found``."""
        self._pipelines.append(pipeline)
        pipeline.plan(
            parts_with(pipeline.parts, found), Switch(found, Author(START), self._clock).apply
        )

    def leave(self, pipeline: Switched) -> None:
        """Look after ``pipeline`` no longer: its partition is another worker's."""
        self._pipelines.remove(pipeline)

    def faults(self) -> str:
        """The folder's and those of rules that broke; empty when all is well."""
        broken = self._broken()
        rules = [f"{name}: {why}" for name, why in broken.items()]
        retry = ["try them again: hub-server rules retry"] if broken else []
        return "; ".join([*([self.fault] if self.fault else []), *rules, *retry])

    def gauges(self) -> dict[str, float]:
        """For ``/metrics``."""
        first = next(iter(self._pipelines), None)
        found = first.parts.rules if first else Rules(())
        broken = len(self._broken())
        return {
            "rules_active": len(found.rules) - broken,
            "rules_broken": broken,
            "rules_unknown_year": len(found.unknown_years(self._clock())),
            "rules_folder_refused": float(bool(self.fault)),
        }

    def _broken(self) -> dict[str, str]:
        """Rule → why, in any of the pipelines."""
        return {
            name: why
            for pipeline in list(self._pipelines)
            for name, why in pipeline.parts.rules.broken.items()
        }

    def wish(self) -> None:
        """Somebody wants the folder read now (SIGHUP)."""
        self._wanted.set()

    def again(self) -> None:
        """What the last look gave could not be done: the next one gives it again."""
        self._asked = self._done
        self._wanted.set()

    def look(self) -> list[Job]:
        """What is to be done, each in the pipeline's thread; reads folder and ledger."""
        with self._ledger.read() as conn:
            asked = requests.requests_after(conn, self._asked)
        jobs = [job for one in asked if (job := self._answer(one))]
        self._done, self._asked = self._asked, asked[-1].seq if asked else self._asked
        if self._wanted.is_set():
            self._wanted.clear()
            jobs += self._read(Author(SIGNAL), None)
        elif self._settled():
            jobs += self._read(Author(FOLDER), None)
        return jobs

    def _settled(self) -> bool:
        """The folder changed and has been still since the last look: nobody is writing to it."""
        now, before = _signature(self._folder), self._unsettled
        self._unsettled = now
        return now == before and now != self._signature

    def _answer(self, asked: Request) -> Job | None:
        if asked.kind is Kind.RETRY:
            return lambda: self._retry(asked)
        jobs = self._read(Author(asked.author, asked.note), asked)
        return jobs[0] if jobs else None

    def _read(self, author: Author, asked: Request | None) -> list[Job]:
        self._signature = self._unsettled = _signature(self._folder)
        try:
            found = read_set(self._folder, self._keyed_by)
        except BrokenSetError as error:
            self._refuse(error, asked)
            return []
        return [lambda: self._switch(found, author, asked)]

    def _switch(self, found: RuleSet, author: Author, asked: Request | None) -> None:
        done = [self._switch_one(pipeline, found, author) for pipeline in list(self._pipelines)]
        self.fault = ""
        text = "; ".join(dict.fromkeys(change.text() for change in done))
        log.info("rules switched", version=found.version, author=author.name, change=text)
        self._tell(asked, True, f"{found.version}: {text}")

    def _switch_one(self, pipeline: Switched, found: RuleSet, author: Author) -> Change:
        rules = pipeline.parts.rules
        before = {rule.spec.name: rule.fingerprint for rule in rules.rules}
        switch = Switch(found, author, self._clock, before)
        pipeline.switch(parts_with(pipeline.parts, found), switch.apply)
        return compare(before, found.fingerprints())

    def _retry(self, asked: Request) -> None:
        broken = sorted(self._broken())
        for pipeline in list(self._pipelines):
            rules = replace(pipeline.parts.rules, broken={})
            pipeline.switch(replace(pipeline.parts, rules=rules), lambda *_: None)
        log.info("broken rules tried again", rules=broken, author=asked.author)
        names = ", ".join(broken) or "-"
        self._tell(
            asked, True, f"重新启用 {len(broken)} 条规则 · {len(broken)} tried again: {names}"
        )

    def _refuse(self, error: BrokenSetError, asked: Request | None) -> None:
        self.fault = f"folder refused, the old rules stay: {error.short()}"
        log.error("rules refused, the old ones stay in force", problems=str(error).splitlines())
        with self._ledger.write() as conn:
            counters.add(conn, "rule_sets_refused")
        self._tell(asked, False, str(error))

    def _tell(self, asked: Request | None, ok: bool, text: str) -> None:
        if asked is not None:
            with self._ledger.write() as conn:
                requests.answer(conn, asked.seq, ok, text, self._clock())

    def _fall_back(self, conn: Connection, error: BrokenSetError) -> RuleSet:
        for version in read_versions(conn):
            try:
                texts = files_of(conn, version.hash)
                found = parse_set(texts, Path(version.hash), self._keyed_by)
            except BrokenSetError:  # of another program version, or of another set-up: older ones
                continue
            self.fault = f"folder refused, {found.version} of the ledger runs: {error.short()}"
            log.error(
                "rules folder refused, the newest good version of the ledger is in force",
                version=found.version,
                switched_at=version.switched_at.isoformat(),
                problems=str(error).splitlines(),
            )
            return found
        raise error


def parts_with(parts: Parts, found: RuleSet) -> Parts:
    """``parts`` with the rules, incident types and areas of ``found``."""
    policy: OpeningPolicy = replace(
        parts.policy, types=found.types, calendar=Workdays(found.calendar)
    )
    return replace(parts, rules=found.rules, policy=policy, areas=Areas(found.areas))


def _signature(folder: Path) -> Signature:
    """Changes whenever a file does."""
    found = []
    for file in sorted(folder.glob("*.yaml")):
        try:
            stat = file.stat()
        except OSError:  # it went away meanwhile: that is a change too
            continue
        found.append((file.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
