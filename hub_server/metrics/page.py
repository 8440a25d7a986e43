"""The table of figures as the documentation shows it; a test compares the two.

``python -m hub_server.metrics.page docs`` writes it into the pages in that folder.
"""

import sys
from pathlib import Path

from hub_server.metrics.family import Family
from hub_server.metrics.table import FAMILIES

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PAGES = {"en": "operation.md", "zh": "operation.zh-CN.md"}
_HEADS = {
    "en": "| name | kind | labels | of | what |\n|---|---|---|---|---|",
    "zh": "| 名称 | 类型 | 标签 | 来源 | 含义 |\n|---|---|---|---|---|",
}


def figures(lang: str) -> str:
    """The table in Markdown, in ``zh`` or ``en``."""
    return "\n".join([_HEADS[lang], *(_row(one, lang) for one in FAMILIES)])


def put_in(page: str, lang: str) -> str:
    """``page`` with the table between its marks.

    Raises:
        ValueError: it has no marks.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"page: expected the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{figures(lang)}\n\n{END}{after}"


def _row(one: Family, lang: str) -> str:
    labels = ", ".join(one.labels) or "–"
    text = one.zh if lang == "zh" else one.en
    return f"| `{one.name}` | {one.kind} | {labels} | {one.of} | {text} |"


if __name__ == "__main__":
    for language, name in PAGES.items():
        file = Path(sys.argv[1]) / name
        file.write_text(put_in(file.read_text(encoding="utf-8"), language), encoding="utf-8")
