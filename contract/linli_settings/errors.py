"""What is wrong with a configuration file, in words that lead to the fix."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from linli_settings.chinese import in_chinese

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

    def text(self, file: Path | str, lang: str = "en") -> str:
        """One readable line, in ``en`` or ``zh``."""
        place = f"{file}:{self.line}" if self.line else f"{file}"
        if lang == "zh":
            expected, found, fix = map(in_chinese, (self.expected, self.found, self.fix))
            fix = f"（{fix}）" if fix else ""
            return f"{place}: {self.field}：应为{_apart(expected)}，实际为{_apart(found)}{fix}"
        fix = f" ({self.fix})" if self.fix else ""
        return f"{place}: {self.field}: expected {self.expected}, found {self.found}{fix}"


def _apart(text: str) -> str:
    """A space between Chinese and what is not, as printers set it."""
    return text if text[:1] > "\u2fff" else f" {text}"


class ConfigError(Exception):
    """A configuration file that cannot be used; holds every problem found, not only the first."""

    def __init__(self, file: Path | str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        super().__init__(self.text("en"))

    def text(self, lang: str) -> str:
        """Every problem as a line, in ``en`` or ``zh``."""
        return "\n".join(problem.text(self.file, lang) for problem in self.problems)

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
