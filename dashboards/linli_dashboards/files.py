"""Dashboards as files: the same input gives the same bytes."""

import json
from pathlib import Path

from linli_dashboards.operation import operation_page
from linli_dashboards.overview import county_overview
from linli_dashboards.panels import Json
from linli_dashboards.strings import Lang


def encode(dashboard: Json) -> str:
    """Readable JSON that ends with a newline."""
    return json.dumps(dashboard, ensure_ascii=False, indent=2) + "\n"


def write_all(
    folder: Path, langs: list[Lang], tiles: str = "", operation: bool = False
) -> list[Path]:
    """Write one file for each page and language into ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for lang in langs:
        file = folder / f"county-overview.{lang}.json"
        file.write_text(encode(county_overview(lang, tiles)), encoding="utf-8")
        written.append(file)
        if operation:
            file = folder / f"operation.{lang}.json"
            file.write_text(encode(operation_page(lang)), encoding="utf-8")
            written.append(file)
    return written
