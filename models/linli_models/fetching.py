"""Fetch an entry of the catalogue: each source in its order, checked, then kept in the cache."""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linli_models.catalogue import (
    Catalogue,
    Entry,
    ExportSource,
    FolderSource,
    Source,
    catalogue,
    describe,
    files_of,
)
from linli_models.errors import (
    FetchError,
    NotAvailableError,
    UnreachableError,
    WrongHashError,
)
from linli_models.files import check, place, sha256_of
from linli_models.local import EXPORTED, Fetched, at_hand
from linli_models.progress import Limits, Moved, Progress, Skipped, silent
from linli_models.sources import Job, obtain


@dataclass
class _Search:
    """One fetch under way: what failed is told and kept for the last word."""

    entry: Entry
    cache_dir: Path
    env: Mapping[str, str]
    progress: Progress
    failures: list[tuple[str, FetchError]] = field(default_factory=list)

    def skip(self, source: Source, error: FetchError) -> None:
        self.failures.append((describe(source), error))
        self.progress(Skipped(self.entry.name, describe(source), str(error)))


def fetch(
    name: str,
    cache_dir: Path,
    *,
    progress: Progress = silent,
    env: Mapping[str, str] = os.environ,
    limits: Limits | None = None,
    rows: Catalogue | None = None,
) -> Fetched:
    """``name`` from a folder, the cache or the first source that gives it.

    What is at hand wins over the network. Every source that fails is told to ``progress``.

    Raises:
        UnknownEntryError: no such entry.
        WrongHashError: none gave it, and at least one gave something else.
        UnreachableError: none gave it, and at least one did not answer.
        NotAvailableError: no source can give it on this machine.
    """
    search = _Search((rows or catalogue()).entry(name), cache_dir, env, progress)
    if found := _here(search):
        return found
    for source in search.entry.sources:
        if isinstance(source, FolderSource):
            continue
        try:
            path = _bring(search, source, limits or Limits())
            return Fetched(path, search.entry, describe(source))
        except FetchError as error:
            search.skip(source, error)
    raise _nothing(search)


def _here(search: _Search) -> Fetched | None:
    """A copy in a folder or in the cache. That the cache lacks one is no failure to tell."""
    for source in search.entry.sources:
        try:
            path = at_hand(search.entry, source, search.cache_dir, search.env)
            return Fetched(path, search.entry, describe(source))
        except NotAvailableError as error:
            if isinstance(source, FolderSource):
                search.skip(source, error)
        except WrongHashError as error:
            search.skip(source, error)
    return None


def _bring(search: _Search, source: Source, limits: Limits) -> Path:
    """Obtain ``source`` in a working folder of the cache, check it, put it in place."""
    entry, cache = search.entry, search.cache_dir
    cache.mkdir(parents=True, exist_ok=True)

    def moved(done: int, total: int | None) -> None:
        search.progress(Moved(entry.name, describe(source), done, total))

    with tempfile.TemporaryDirectory(prefix=".work-", dir=cache) as folder:
        arrived = obtain(source, Job(Path(folder), limits, moved, search.env))
        if isinstance(source, ExportSource):
            return _keep_export(arrived, cache / entry.name / EXPORTED)
        expected = files_of(source)[0]
        check(arrived, expected)
        target = cache / entry.name / expected.path
        place(arrived, target)
        return target


def _keep_export(arrived: Path, target: Path) -> Path:
    note = arrived.with_suffix(".sha256")
    note.write_text(sha256_of(arrived), encoding="ascii")
    place(arrived, target)
    place(note, target.with_suffix(".sha256"))
    return target


def _nothing(search: _Search) -> FetchError:
    """The last word: what each source said, and how a person can help."""
    entry = search.entry
    lines = [f"{entry.name}: no source could give it"]
    lines += [f"  {source}: {error}" for source, error in search.failures]
    lines += [f"  → {entry.hint.en}", f"  → {entry.hint.zh}"]
    for kind in (WrongHashError, UnreachableError):
        if any(isinstance(error, kind) for _, error in search.failures):
            return kind("\n".join(lines))
    return NotAvailableError("\n".join(lines))
