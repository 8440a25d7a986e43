"""The technician's guide names every fault, in the words that the programs use."""

import os
import re

import pytest

from linli_contract.faults import FAULTS
from tests.docs.markdown import ROOT

GUIDES = {"en": "technician.md", "zh": "technician.zh-CN.md"}
HEADS = {"en": ("fault", "cause", "what to do"), "zh": ("故障", "原因", "处理")}
TABLE = re.compile(r"(<!-- faults: [^\n]*-->\n)(.*?)(<!-- /faults -->)", re.DOTALL)


def table(lang: str) -> str:
    rows = [HEADS[lang], ("---",) * 3]
    for code, words in sorted(FAULTS.items()):
        cause, fix = (words.zh, words.fix_zh) if lang == "zh" else (words.en, words.fix_en)
        rows.append((f"`{code}`", cause, fix))
    return "".join(f"| {' | '.join(_cell(cell) for cell in row)} |\n" for row in rows)


def _cell(text: str) -> str:
    return re.sub(r"(?<!`)<([^>]+)>", r"‹\1›", text).replace("|", "\\|")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_of_faults_is_the_programs_own(lang: str) -> None:
    file = ROOT / "docs" / "guides" / GUIDES[lang]
    text = file.read_text(encoding="utf-8")
    found = TABLE.search(text)
    assert found, "the guide has lost the place of its table"
    if os.environ.get("LINLI_WRITE_DOCS"):
        file.write_text(TABLE.sub(lambda m: m[1] + table(lang) + m[3], text), encoding="utf-8")
        return
    assert found[2] == table(lang), "LINLI_WRITE_DOCS=1 pytest tests/docs/test_fault_table.py"
