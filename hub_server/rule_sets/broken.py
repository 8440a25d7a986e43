"""What is wrong with a rule set: every problem of every file, not only the first file's."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from linli_settings import ConfigError

T = TypeVar("T")
SHOWN = 5
"""Problems that ``/health`` and the log name; `hub-server rules check` names all."""


class BrokenSetError(ConfigError):
    """A set that cannot be used; ``errors`` has one entry a file."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.file, first.problems)
        self.args = ("\n".join(map(str, self.errors)),)

    def short(self) -> str:
        """The first problems, the files by their names alone."""
        lines = [
            problem.text(Path(error.file).name)
            for error in self.errors
            for problem in error.problems
        ]
        more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        return "; ".join(lines[:SHOWN]) + more


class Trouble:
    """Collects what is wrong while reading goes on."""

    def __init__(self) -> None:
        self._errors: list[ConfigError] = []

    def note(self, error: ConfigError) -> None:
        """One more file's problems."""
        self._errors += error.errors if isinstance(error, BrokenSetError) else [error]

    def attempt(self, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; None when it is wrong, which is noted."""
        try:
            return read()
        except ConfigError as error:
            self.note(error)
            return None

    def raise_any(self) -> None:
        """Stop here if anything was noted.

        Raises:
            BrokenSetError: with everything.
        """
        if self._errors:
            raise BrokenSetError(sorted(self._errors, key=lambda error: str(error.file)))
