"""``edge-agent run``: the agent until SIGTERM or SIGINT."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from edge_agent.app import EdgeAgent
from edge_agent.presence import check_files
from edge_agent.settings import load_configuration


def run(file: Path) -> int:
    """The exit code: 0 after a stop that was asked for.

    Raises:
        ConfigError: the configuration cannot be used; nothing was started.
        OutboxError: the outbox cannot be opened.
    """
    configuration = load_configuration(file)
    check_files(configuration)
    # one line for every picture sent would drown the rest
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, ask)
    agent = EdgeAgent(configuration)
    agent.start()
    # with a timeout, so that signals are seen on every platform
    while not stop.wait(0.5):
        pass
    agent.stop()
    if agent.cameras.opening or agent.cameras.left_behind:
        # a model is still being compiled, or a call hangs, in a library that cannot be interrupted
        sys.stderr.flush()
        os._exit(0)
    return 0
