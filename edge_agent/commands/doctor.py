"""``edge-agent doctor``: every check as a line, with cause and fix."""

import os
from pathlib import Path

from rich.console import Console
from rich.text import Text

from edge_agent.findings import NAMES, Finding, opencv
from edge_agent.language import explain_detail
from linli_contract.drops import explain_drop


def doctor(file: Path, lang: str, console: Console) -> int:
    """Print each finding as it comes; 0 when all is well, else 1.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    first = opencv()
    console.print(line(first, lang))
    if first.fault:  # the rest cannot even be imported
        console.print(_summary(1, lang))
        return 1
    from edge_agent.doctor import look
    from edge_agent.settings import load_configuration

    failed = 0
    for finding in look(load_configuration(file), os.environ):
        failed += bool(finding.fault)
        console.print(line(finding, lang))
    console.print(_summary(failed, lang))
    return 1 if failed else 0


def line(finding: Finding, lang: str) -> Text:
    """Mark, what was checked, and what was found or what to do."""
    zh, en = NAMES[finding.check]
    name = f"{zh if lang == 'zh' else en} {finding.subject}".strip()
    mark, style = ("✗", "red") if finding.fault else ("✓", "green")
    return Text.assemble((mark, style), f" {name} — {_said(finding, lang)}")


def _said(finding: Finding, lang: str) -> str:
    if finding.drops:
        return explain_drop(*finding.drops, lang)
    return explain_detail(finding.fault, lang) if finding.fault else finding.detail


def _summary(failed: int, lang: str) -> Text:
    if lang == "zh":
        words = f"{failed} 项异常" if failed else "全部正常"
    else:
        words = f"{failed} at fault" if failed else "All is well"
    return Text(words, "red" if failed else "green")
