"""``edge-agent zones``: draw a camera's zones on its own masked picture."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from edge_agent.settings import Configuration
from edge_agent.zones_page.live import Live
from edge_agent.zones_page.page import Page
from edge_agent.zones_page.saving import DrawnFile
from edge_agent.zones_page.server import Server


def serve(
    file: Path,
    camera: str,
    port: int,
    lang: str,
    tell: Callable[[str], None],
    stop: threading.Event,
) -> None:
    """Serve the page until ``stop``.

    Args:
        port: of 127.0.0.1; 0 takes a free one.
        tell: told the address once it can be opened.

    Raises:
        ConfigError: the configuration cannot be used, or has no such camera.
        OSError: the port is taken.
    """
    drawn = DrawnFile(file, camera)
    live = Live(Configuration(drawn.file, drawn.open().settings), camera, os.environ)
    server = Server(port, Page(drawn, live, camera, lang).routes())
    live.start()
    server.start()
    try:
        tell(server.address)
        # with a timeout, so that Ctrl-C is seen on every platform
        while not stop.wait(0.5):
            pass
    finally:
        server.stop()
        live.stop()
