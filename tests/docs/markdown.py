"""Reads what the docs' tests need out of Markdown: headings, links, commands."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_SKIPPED = {"node_modules", "dist", "shared", "v"}


class Heading(NamedTuple):
    level: int
    text: str


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    return sorted(
        file
        for file in ROOT.rglob("*.md")
        if not any(
            part in _SKIPPED or part.startswith(".") for part in file.relative_to(ROOT).parts
        )
    )


def prose(file: Path) -> str:
    """The text without code, in which brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", file.read_text("utf-8")))


def headings(file: Path) -> list[Heading]:
    """In order."""
    text = _FENCE.sub("", file.read_text("utf-8"))
    found = re.findall(r"^(#{1,6}) +(.+?)\s*$", text, re.MULTILINE)
    return [Heading(len(marks), title) for marks, title in found]


def anchors(file: Path) -> set[str]:
    """What a link may name after ``#``, made as GitHub makes it."""
    made: set[str] = set()
    for heading in headings(file):
        words = re.sub(r"[^\w\- ]", "", heading.text.lower()).replace(" ", "-")
        count = 0
        while (name := f"{words}-{count}" if count else words) in made:
            count += 1
        made.add(name)
    return made


def links(file: Path) -> list[str]:
    """Targets of links and pictures, in Markdown and in HTML."""
    text = prose(file)
    found = re.findall(r"\]\(([^()\s]+)(?: \"[^\"]*\")?\)", text)
    return found + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)


def code(file: Path) -> list[str]:
    """Lines of code blocks, continued ones joined, and code within the text."""
    text = file.read_text("utf-8")
    blocks = "\n".join(found.group() for found in _FENCE.finditer(text))
    lines = re.sub(r"\\\n\s*", " ", blocks).splitlines()
    return [line.strip() for line in lines] + re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
