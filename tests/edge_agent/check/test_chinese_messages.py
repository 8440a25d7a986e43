"""Whatever is said of a wrong configuration is said in Chinese, too."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from edge_agent.commands.check import check
from edge_agent.language import chosen, explain_detail, of_locale
from linli_settings import ConfigError, Problem
from linli_settings.chinese import PHRASES, in_chinese
from tests.edge_agent.check.broken import BROKEN, GOOD, Break

ROOT = Path(__file__).parents[3]
SOURCES = [
    *(ROOT / "contract" / "linli_settings").glob("*.py"),
    *(ROOT / "edge_agent").rglob("*settings.py"),
    *(
        ROOT / "edge_agent" / name
        for name in (
            "fields.py",
            "holidays.py",
            "polygons.py",
            "schedules.py",
            "sensors/modbus.py",
            "sensors/quantity.py",
            "sensors/register_map.py",
            "sensors/replay.py",
            "watch_checks.py",
            "commands/cameras.py",
            "commands/check.py",
            "commands/evaluate.py",
            "evaluate/areas.py",
            "evaluate/truth.py",
            "outbox/database.py",
            "zones_page/saving.py",
        )
    ),
]
LATER = {"expected", "fix"}
"""Names under which the code keeps a phrase for later use."""
_CHINESE = re.compile(r"[\u3000-\u9fff]")


def phrases(tree: ast.AST) -> Iterator[str]:
    """What the code may say of a value: with ``{}`` for what varies."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("ValueError"), args=args):
                yield from chain(*map(_texts, args))
            case ast.Call(func=ast.Name("Problem"), args=args):
                yield from chain(*map(_texts, args[1:4]))
            case ast.Call(func=ast.Attribute(ast.Name("ConfigError"), "one"), args=args):
                yield from chain(*map(_texts, args[2:5]))
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in LATER:
                yield from _texts(value)
            case ast.Return(value=ast.Tuple(elts=elements)) if len(elements) == 2:
                yield from chain(*map(_texts, elements))


def _texts(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return ["".join(v.value if isinstance(v, ast.Constant) else "{}" for v in values)]  # type: ignore[misc]
        case ast.IfExp(body=body, orelse=orelse):
            return _texts(body) + _texts(orelse)
        case ast.BoolOp(values=values):
            return list(chain(*map(_texts, values)))
    return []


def _as_said(text: str) -> list[str]:
    """As the reader of files takes a message apart: what is expected, what is found, the fix."""
    expected, _, fix = text.partition(" - ")
    if split := re.fullmatch(r"(.*), not (.+)", expected, re.DOTALL):
        return [split[1], split[2], fix]
    return [expected, fix]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_phrase_of_the_code_has_a_chinese_one(source: Path) -> None:
    said = phrases(ast.parse(source.read_text("utf-8")))
    parts = chain.from_iterable(_as_said(text) for text in said)
    for part in {part.replace("{}", "7") for part in parts}:
        if re.search("[a-z]{3} ", part):
            if part.startswith("7; "):  # after what the caller expected
                continue
            if part.startswith("7 "):  # of a duration, a size or a percentage
                part = part.replace("7", "a duration", 1)
            assert _CHINESE.search(in_chinese(part)), part


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_every_broken_configuration_is_explained_in_chinese(site: Path, case: Break) -> None:
    file = site / "edge.yaml"
    file.write_text(GOOD.replace(case.old, case.new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check(file, open_cameras=False, lang="zh")
    for line, problem in zip(
        caught.value.text("zh").splitlines(), caught.value.problems, strict=True
    ):
        assert line.startswith(f"{file}:{problem.line}: {problem.field}：应为")
        assert "，实际为" in line
        for part in (problem.expected, problem.fix):
            assert not part or _CHINESE.search(in_chinese(part)), part


def test_what_varies_stays() -> None:
    text = Problem(
        "cameras[0].zones[0].dwell", "a duration with a unit (ms, s)", "5", "did you mean 5s?"
    )
    assert text.text("a.yaml", "zh") == (
        "a.yaml: cameras[0].zones[0].dwell：应为带单位的时长（ms, s），实际为 5（是否想写 5s？）"
    )
    assert in_chinese("unit '%' for metric 'noise'") == "指标 'noise' 的单位为 '%'"
    assert in_chinese("a phrase that nobody knows") == "a phrase that nobody knows"


def test_what_a_camera_answered_is_said_in_chinese_too() -> None:
    text = "cannot_open: rtsp://10.0.0.8/ch1: 10.0.0.8:554 cannot be reached: Connection refused"
    said = explain_detail(text, "zh")
    assert said.startswith(
        "摄像头打不开 (rtsp://10.0.0.8/ch1：连接不到 10.0.0.8:554：连接被拒绝)："
    )
    assert "cannot be reached: Connection refused" in explain_detail(text, "en")


@pytest.mark.parametrize("english", PHRASES)
def test_a_phrase_takes_as_much_as_it_gives(english: str) -> None:
    marks = [f"mark-{number}" for number in range(english.count("{}"))]
    said = english.format(*marks)
    assert in_chinese(said) != said
    assert all(mark in in_chinese(said) for mark in marks)


@pytest.mark.parametrize(
    ("arguments", "env", "lang"),
    [
        (["check"], {}, "zh"),
        (["check"], {"LANG": "C.UTF-8"}, "zh"),
        (["check"], {"LANG": "en_GB.UTF-8"}, "en"),
        (["check"], {"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        (["check", "--lang", "en"], {"LANG": "zh_CN.UTF-8"}, "en"),
        (["check", "--lang=zh"], {"LANG": "en_US"}, "zh"),
        (["check", "--lang"], {"LANG": "en_US"}, "en"),
    ],
)
def test_the_language_is_chosen(arguments: list[str], env: dict[str, str], lang: str) -> None:
    assert chosen(arguments, env).value == lang
    if "--lang" not in " ".join(arguments):
        assert of_locale(env).value == lang
