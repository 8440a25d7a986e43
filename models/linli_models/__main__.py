"""``python -m linli_models fetch NAME...``: fetch with progress bars.

``--first`` stops at the first of the names that can be had. ``--json`` ends with one line for
each: ``{"name": …, "path": …, "source": …}``. Exit code 0, or 1 where one could not be had.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from linli_models.bars import Bars
from linli_models.errors import FetchError
from linli_models.fetching import fetch
from linli_models.local import Fetched, cache_folder


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m linli_models")
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch entries of the catalogue, checked by hash")
    fetching.add_argument("names", nargs="+", metavar="NAME")
    fetching.add_argument("--first", action="store_true", help="stop at the first that works")
    fetching.add_argument("--json", action="store_true", help="end with a JSON line for each")
    fetching.add_argument("--cache", type=Path, help="default: LINLI_CACHE or ~/.cache/linli")
    chosen = parser.parse_args(arguments)
    cache = chosen.cache or cache_folder(os.environ)
    got, failed = _fetch_all(chosen.names, cache, first=chosen.first)
    if chosen.json:
        for item in got:
            row = {"name": item.entry.name, "path": str(item.path), "source": item.source}
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 1 if failed and not (chosen.first and got) else 0


def _fetch_all(names: list[str], cache: Path, *, first: bool) -> tuple[list[Fetched], int]:
    got: list[Fetched] = []
    failed = 0
    with Bars() as bars:
        for name in names:
            try:
                got.append(fetch(name, cache, progress=bars))
            except FetchError as error:
                failed += 1
                bars.failed(error)
                continue
            bars.done(got[-1])
            if first:
                break
    return got, failed


if __name__ == "__main__":
    sys.exit(main())
