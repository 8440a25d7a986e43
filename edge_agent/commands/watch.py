"""``edge-agent watch``: the running agent in the terminal, until Ctrl-C."""

import time
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from edge_agent.settings import load_configuration
from edge_agent.watch import SilentError, ask, no_port, picture_of, silent

REFRESH_S = 1.0


def watch(file: Path, lang: str, once: bool, console: Console) -> int:
    """Show the agent of the configuration; 1 when it does not answer (with ``once``) or cannot.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    port = load_configuration(file).settings.metrics.port
    if port is None:
        console.print(Text(no_port(lang), "red"))
        return 1
    if once:
        found, answered = _look(port, lang)
        console.print(found)
        return 0 if answered else 1
    try:
        with Live(_look(port, lang)[0], console=console, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(REFRESH_S)
                live.update(_look(port, lang)[0], refresh=True)
    except KeyboardInterrupt:
        return 0


def _look(port: int, lang: str) -> tuple[RenderableType, bool]:
    try:
        return picture_of(ask(port), lang), True
    except SilentError as error:
        return Text(silent(port, str(error), lang), "red"), False
