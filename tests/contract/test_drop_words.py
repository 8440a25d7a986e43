"""Whatever a device drops has words: cause and fix, in both languages."""

import ast
from pathlib import Path

import pytest

from edge_agent import scheduler
from edge_agent.cameras import evidence_source
from edge_agent.outbox import bounds, pictures
from linli_contract.drops import DROPS, explain_drop

EDGE = Path(__file__).parents[2] / "edge_agent"
NAMED = {
    "NO_TURN": scheduler.NO_TURN,
    "EVIDENCE_STREAM": evidence_source.EVIDENCE_STREAM,
    "PRIVACY_FAILED": "privacy_failed",
    "MODEL_FAILED": "model_failed",
}


def counted(file: Path) -> set[str]:
    """Causes that the file counts: keys of ``…drops[…]``."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.AugAssign(target=ast.Subscript(ast.Attribute(attr="_drops"), key)):
                match key:
                    case ast.Constant(value=str(text)):
                        found.add(text)
                    case ast.Name(name) | ast.Attribute(attr=name):
                        found.add(NAMED[name])
    return found


def test_every_cause_that_the_edge_counts_has_words() -> None:
    causes = set().union(*(counted(file) for file in EDGE.rglob("*.py")))
    assert {"newest_wins", "no_turn", "decode_error", "replay"} <= causes
    causes |= {evidence_source.EVIDENCE_STREAM, bounds.SIZE, bounds.AGE}
    causes |= {pictures.FULL, pictures.LOST, pictures.REFUSED}
    assert causes == DROPS.keys()


@pytest.mark.parametrize("cause", DROPS)
def test_in_both_languages_with_a_fix(cause: str) -> None:
    words = DROPS[cause]
    assert all(words)
    assert words.en.isascii()
    assert not words.zh.isascii()
    assert explain_drop(cause, 7, "en") == f"{cause} 7: {words.en}: {words.fix_en}"
    assert explain_drop(cause, 7, "zh") == f"{cause} 7：{words.zh}：{words.fix_zh}"


def test_a_refused_picture_keeps_the_hubs_code() -> None:
    said = explain_drop("picture_refused_422", 1, "en")
    assert said.startswith("picture_refused_422 1: the hub refused a picture: ")


def test_an_unknown_cause_is_shown_as_it_is() -> None:
    assert explain_drop("of_tomorrow", 3, "zh") == "of_tomorrow 3"
