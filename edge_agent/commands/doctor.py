"""``edge-agent doctor``: every check as a line, with cause and fix."""

import os
from pathlib import Path

from rich.console import Console
from rich.table import Table

from edge_agent.doctor import NAMES, Finding, look
from edge_agent.settings import load_configuration
from linli_contract.faults import explain


def doctor(file: Path, lang: str, console: Console) -> int:
    """Print the findings; 0 when all is well, else 1.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    table = Table(show_header=False, box=None)
    failed = 0
    for finding in look(load_configuration(file), os.environ):
        failed += bool(finding.fault)
        table.add_row(*line(finding, lang))
    console.print(table)
    console.print(_summary(failed, lang))
    return 1 if failed else 0


def line(finding: Finding, lang: str) -> tuple[str, str, str]:
    """Mark, what was checked, and what was found or what to do."""
    zh, en = NAMES[finding.check]
    name = f"{zh if lang == 'zh' else en} {finding.subject}".strip()
    if finding.fault:
        return "[red]✗[/red]", name, explain(finding.fault, lang)
    return "[green]✓[/green]", name, finding.detail


def _summary(failed: int, lang: str) -> str:
    if lang == "zh":
        return f"[red]{failed} 项异常[/red]" if failed else "[green]全部正常[/green]"
    return f"[red]{failed} at fault[/red]" if failed else "[green]All is well[/green]"
