"""Small catalogues for tests."""

import hashlib
from typing import Any

from linli_models import Catalogue
from tests.models.local_server import BODY

FILE = {"path": "thing.bin", "size": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest()}


def catalogue_of(*sources: dict[str, Any]) -> Catalogue:
    """One entry ``thing`` with ``sources``."""
    entry = {
        "name": "thing",
        "task": "detect",
        "title": {"zh": "东西", "en": "Thing"},
        "licence": "MIT",
        "hint": {"zh": "请自备", "en": "bring your own"},
        "sources": list(sources),
    }
    return Catalogue.model_validate({"entries": [entry]})


def url_source(url: str) -> dict[str, Any]:
    return {"type": "url", "url": url, "file": FILE}


def folder_source() -> dict[str, Any]:
    return {"type": "folder", "variable": "LINLI_THINGS", "files": [FILE]}
