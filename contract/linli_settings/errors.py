"""What is wrong with a configuration file, in words that lead to the fix."""

from dataclasses import dataclass
from pathlib import Path

EXIT_CONFIG = 2
"""Exit code of both programs for a configuration error."""


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
