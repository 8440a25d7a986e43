"""What is at hand without the network: folders people filled, and the cache."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from linli_models.catalogue import (
    Catalogue,
    Entry,
    ExportSource,
    File,
    FolderSource,
    Source,
    catalogue,
    describe,
    files_of,
)
from linli_models.errors import FetchError, NotAvailableError, WrongHashError
from linli_models.files import check, sha256_of

EXPORTED = "export/model.onnx"
"""Where an export lies in the cache; its hash stands beside it, written when it was made."""


@dataclass(frozen=True)
class Fetched:
    """A checked file, ready to open."""

    path: Path
    entry: Entry
    source: str


@dataclass(frozen=True)
class Checked:
    """One file at hand; ``problem`` is empty where it is what the catalogue says."""

    path: Path
    source: str
    problem: str


def cache_folder(env: Mapping[str, str]) -> Path:
    """``LINLI_CACHE``, else ``~/.cache/linli``."""
    chosen = env.get("LINLI_CACHE", "")
    return Path(chosen) if chosen else Path.home() / ".cache" / "linli"


def locate(
    name: str, cache_dir: Path, env: Mapping[str, str], rows: Catalogue | None = None
) -> Fetched:
    """``name`` from a folder or the cache, checked; never from the network.

    Raises:
        UnknownEntryError: no such entry.
        WrongHashError: what is there is not what the catalogue says.
        NotAvailableError: it is not there.
    """
    entry = (rows or catalogue()).entry(name)
    wrong: list[str] = []
    for source in entry.sources:
        try:
            return Fetched(at_hand(entry, source, cache_dir, env), entry, describe(source))
        except NotAvailableError:
            continue
        except WrongHashError as error:
            wrong.append(str(error))
    if wrong:
        raise WrongHashError("\n".join(wrong))
    raise NotAvailableError(f"{name} is not on this machine: run `edge-agent models fetch {name}`")


def at_hand(entry: Entry, source: Source, cache_dir: Path, env: Mapping[str, str]) -> Path:
    """The first file of ``source``, all of them checked, where they are already here.

    Raises:
        NotAvailableError, WrongHashError: as in :func:`locate`.
    """
    if isinstance(source, ExportSource):
        return _exported(entry, cache_dir)
    folder = _folder(entry, source, cache_dir, env)
    for file in files_of(source):
        if not (folder / file.path).is_file():
            raise NotAvailableError(f"no {file.path} in {folder}")
        check(folder / file.path, file)
    return folder / files_of(source)[0].path


def _folder(entry: Entry, source: Source, cache_dir: Path, env: Mapping[str, str]) -> Path:
    if not isinstance(source, FolderSource):
        return cache_dir / entry.name
    chosen = env.get(source.variable, "")
    if not chosen:
        raise NotAvailableError(f"{source.variable} is not set")
    return _holding(Path(chosen), source.files[0])


def _holding(folder: Path, file: File) -> Path:
    """``folder``, or its parent where ``folder`` is already the model's own folder."""
    inside = Path(file.path).parent
    if inside.name and folder.name == inside.name and (folder / Path(file.path).name).is_file():
        return folder.parent
    return folder


def _exported(entry: Entry, cache_dir: Path) -> Path:
    path = cache_dir / entry.name / EXPORTED
    note = path.with_suffix(".sha256")
    if not path.is_file() or not note.is_file():
        raise NotAvailableError("nothing was exported on this machine")
    expected, found = note.read_text(encoding="ascii").strip(), sha256_of(path)
    if expected != found:
        raise WrongHashError(f"{path}: sha256: expected {expected}, found {found} (delete it)")
    return path


def verify(
    name: str, cache_dir: Path, env: Mapping[str, str], rows: Catalogue | None = None
) -> list[Checked]:
    """Every copy of ``name`` at hand, good or bad; an empty list where there is none.

    Raises:
        UnknownEntryError: no such entry.
    """
    entry = (rows or catalogue()).entry(name)
    found: dict[Path, Checked] = {}
    for source in entry.sources:
        row = _checked(entry, source, cache_dir, env)
        if row is not None:
            found.setdefault(row.path, row)
    return list(found.values())


def _checked(
    entry: Entry, source: Source, cache_dir: Path, env: Mapping[str, str]
) -> Checked | None:
    try:
        return Checked(at_hand(entry, source, cache_dir, env), describe(source), "")
    except NotAvailableError:
        return None
    except FetchError as error:
        return Checked(Path(str(error).partition(": ")[0]), describe(source), str(error))
