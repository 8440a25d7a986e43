"""Progress bars of a terminal, on standard error: standard output stays for machines."""

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from linli_models.errors import FetchError
from linli_models.local import Fetched
from linli_models.progress import Moved, Skipped


class Bars:
    """A ``Progress`` callback that shows every source tried, and why one was skipped."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(file=sys.stderr, soft_wrap=True, highlight=False)
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, step: Skipped | Moved) -> None:
        key = (step.entry, step.source)
        if isinstance(step, Skipped):
            self._drop(key)
            self._say(f"  {step.entry}: {step.source}: {step.reason}")
            return
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(f"{step.entry} ← {step.source}")
        self._progress.update(self._tasks[key], completed=step.done, total=step.total)

    def done(self, fetched: Fetched) -> None:
        """Say where it came from."""
        self._drop((fetched.entry.name, fetched.source))
        self._say(f"✓ {fetched.entry.name} ← {fetched.source}")

    def failed(self, error: FetchError) -> None:
        """Say what to do."""
        self._say(f"✗ {error}")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False)

    def _drop(self, key: tuple[str, str]) -> None:
        if key in self._tasks:
            self._progress.remove_task(self._tasks.pop(key))
