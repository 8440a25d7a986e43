"""The technician's guide names every fault and drop, in the words that the programs use."""

import os
import re

import pytest

from linli_contract.drops import DROPS
from linli_contract.faults import FAULTS
from tests.docs.markdown import ROOT

GUIDES = {"en": "technician.md", "zh": "technician.zh-CN.md"}
HEADS = {
    ("faults", "en"): ("fault", "cause", "what to do"),
    ("faults", "zh"): ("故障", "原因", "处理"),
    ("drops", "en"): ("drop", "cause", "what to do"),
    ("drops", "zh"): ("丢弃", "原因", "处理"),
}
WORDS = {"faults": FAULTS, "drops": DROPS}


def place(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {kind}: [^\n]*-->\n)(.*?)(<!-- /{kind} -->)", re.DOTALL)


def table(kind: str, lang: str) -> str:
    rows = [HEADS[kind, lang], ("---",) * 3]
    for code, words in sorted(WORDS[kind].items()):
        cause, fix = (words.zh, words.fix_zh) if lang == "zh" else (words.en, words.fix_en)
        rows.append((f"`{code}`", cause, fix))
    return "".join(f"| {' | '.join(_cell(cell) for cell in row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return re.sub(r"(?<!`)<([^>]+)>", r"‹\1›", text).replace("|", "\\|")


@pytest.mark.parametrize(("kind", "lang"), HEADS)
def test_the_table_is_the_programs_own(kind: str, lang: str) -> None:
    file = ROOT / "docs" / "guides" / GUIDES[lang]
    text = file.read_text(encoding="utf-8")
    found = place(kind).search(text)
    assert found, "the guide has lost the place of its table"
    if os.environ.get("LINLI_WRITE_DOCS"):
        filled = place(kind).sub(lambda m: m[1] + table(kind, lang) + m[3], text)
        file.write_text(filled, encoding="utf-8")
        return
    assert found[2] == table(kind, lang), "LINLI_WRITE_DOCS=1 pytest tests/docs/test_fault_table.py"
