"""Commands that the docs name exist, with the options they name."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from edge_agent.cli import app as edge_agent
from edge_agent.commands.cameras import app as cameras
from edge_agent.commands.models import app as models
from hub_server.cli import app as hub_server
from tests.docs.markdown import ROOT, code, pages

Program = TyperCommand | TyperGroup
PAGES = pages()
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"\$\((?:if|or|foreach \w+,) ?\$\((\w+)\)", MAKEFILE)) | {"ARGS"}


@pytest.fixture(scope="module")
def programs() -> dict[str, Program]:
    edge = typer.main.get_command(edge_agent)
    assert isinstance(edge, TyperGroup)
    edge.add_command(typer.main.get_command(cameras), "cameras")
    edge.add_command(typer.main.get_command(models), "models")
    return {"edge-agent": edge, "hub-server": typer.main.get_command(hub_server)}


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_make_targets_and_variables_exist(page: Path) -> None:
    for line in code(page):
        for target, rest in re.findall(r"(?:^|\s)make ([a-z-]+)((?: [A-Z]+=\S+)*)", line):
            assert target in TARGETS, line
            assert set(re.findall(r"([A-Z]+)=", rest)) <= VARIABLES, line


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_programs_have_the_commands_and_options(page: Path, programs: dict[str, Program]) -> None:
    for line in code(page):
        for name, program in programs.items():
            for found in re.findall(rf"(?:^|[\s/]){name} ([a-z].*)", line):
                check_call(program, found.split("#")[0], line)


def check_call(command: Program, arguments: str, line: str) -> None:
    """Follow the words to a command and look at the options behind it."""
    words = shlex.split(arguments.replace("|", " or "), posix=True)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"{line}: no command {name!r}"
        command = command.commands[name]
    options = {option for each in command.params for option in each.opts}
    for word in words:
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{line}: no option {word}"


def test_a_wrong_command_and_option_would_be_seen(programs: dict[str, Program]) -> None:
    for wrong in ("devices enroll", "devices enrol --nam pi-1", "rules chek rules"):
        with pytest.raises(AssertionError):
            check_call(programs["hub-server"], wrong, wrong)
