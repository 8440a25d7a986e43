"""Whether what settings name is at hand: secrets, certificates, data files."""

from collections.abc import Callable, Iterable
from pathlib import Path

from linli_settings.errors import ConfigError, Problem

Check = tuple[str, Callable[[], object]]
"""The field that names something, and what reads it: raises ConfigError or OSError."""


def check_all(file: Path, checks: Iterable[Check]) -> None:
    """Run every check.

    Args:
        file: the configuration whose fields the checks are of.

    Raises:
        ConfigError: what ``file`` names cannot be used; all of it is said.
    """
    problems = [problem for field, run in checks for problem in _problems_of(field, run)]
    if problems:
        raise ConfigError(file, problems)


def _problems_of(field: str, run: Callable[[], object]) -> list[Problem]:
    try:
        run()
    except ConfigError as error:
        return [
            Problem(f"{field}: {error.file}: {row.field}", row.expected, row.found, row.fix)
            for row in error.problems
        ]
    except OSError as error:
        return [Problem(field, "a readable file", f"{error.filename}: {error.strerror}")]
    return []
