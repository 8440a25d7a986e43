"""What is wrong with a configuration file, in words that lead to the fix."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXIT_CONFIG = 2
"""Exit code of both programs for a configuration error."""
SETTINGS = "settings"
"""Stands for the file of settings that were handed over without it; see :func:`naming`."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong: where it is, what was expected, what came, and what to do."""

    field: str
    expected: str
    found: str
    fix: str = ""
    line: int | None = None

    def text(self, file: Path | str) -> str:
        """One readable line."""
        place = f"{file}:{self.line}" if self.line else f"{file}"
        fix = f" ({self.fix})" if self.fix else ""
        return f"{place}: {self.field}: expected {self.expected}, found {self.found}{fix}"


class ConfigError(Exception):
    """A configuration file that cannot be used; holds every problem found, not only the first."""

    def __init__(self, file: Path | str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__("\n".join(problem.text(file) for problem in problems))

    @classmethod
    def one(
        cls, file: Path | str, field: str, expected: str, found: str, fix: str = ""
    ) -> "ConfigError":
        """An error with a single problem."""
        return cls(file, [Problem(field, expected, found, fix)])


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Within it, what is wrong in handed-over settings is said to be in ``file``."""
    try:
        yield
    except ConfigError as error:
        if error.file != SETTINGS:
            raise
        raise ConfigError(file, error.problems) from None
