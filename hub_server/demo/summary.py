"""What the story measured, as a table for people and as JSON for programs."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hub_server.demo.errors import StepFailed


@dataclass
class Step:
    """One step of the story and how long it took."""

    name: str
    seconds: float
    ok: bool
    detail: str = ""


@dataclass
class Summary:
    """Everything the story says at its end."""

    steps: list[Step] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, say: Callable[[str], None]) -> Iterator[Step]:
        """Time a block; whatever it raises fails the story as this step.

        The block may set ``seconds`` itself, where the step began before it did.
        """
        step = Step(name, -1.0, ok=False)
        self.steps.append(step)
        began = time.monotonic()
        try:
            yield step
        except Exception as error:
            step.seconds, step.detail = time.monotonic() - began, str(error)
            raise StepFailed(name, str(error)) from error
        if step.seconds < 0:
            step.seconds = time.monotonic() - began
        step.ok = True
        say(f"  ✓ {name:<28} {step.seconds:6.2f} s  {step.detail}")

    def write(self, file: Path) -> None:
        """The JSON form."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2, default=str)
        file.write_text(text + "\n", encoding="utf-8")

    def show(self, console: Console) -> None:
        """The table form."""
        table = Table(
            title="从画面到手机到县级数据中心 · from the frame to the phone to the county"
        )
        table.add_column("step")
        table.add_column("seconds", justify="right")
        table.add_column("ok")
        table.add_column("")
        for step in self.steps:
            mark = "[green]✓[/]" if step.ok else "[red]✗[/]"
            table.add_row(step.name, f"{step.seconds:.2f}", mark, step.detail)
        console.print(table)
        if self.events:
            console.print("events  " + "  ".join(f"{k} {v}" for k, v in self.events.items()))
        for row in self.incidents:
            console.print("incident  " + "  ".join(f"{k} {v}" for k, v in row.items()))
