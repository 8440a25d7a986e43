"""Models and footage by name: fetched from the first source that has them, checked by hash.

    fetched = fetch("yolo11n", cache_folder())
    fetched.path        # the file to open
    fetched.entry       # classes, input size, licence

:func:`locate` is the same without the network; :func:`verify` checks what is at hand.
"""

from linli_models.catalogue import Catalogue, Entry, File, catalogue, describe
from linli_models.errors import (
    FetchError,
    NotAvailableError,
    UnknownEntryError,
    UnreachableError,
    WrongHashError,
)
from linli_models.fetching import fetch
from linli_models.local import Checked, Fetched, cache_folder, locate, verify
from linli_models.progress import Limits, Moved, Progress, Skipped, silent

__all__ = [
    "Catalogue",
    "Checked",
    "Entry",
    "FetchError",
    "Fetched",
    "File",
    "Limits",
    "Moved",
    "NotAvailableError",
    "Progress",
    "Skipped",
    "UnknownEntryError",
    "UnreachableError",
    "WrongHashError",
    "cache_folder",
    "catalogue",
    "describe",
    "fetch",
    "locate",
    "silent",
    "verify",
]
