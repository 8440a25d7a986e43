"""Serves the API by uvicorn in a thread and event loop of its own, never on ingest's loop."""

import socket
from threading import Thread

import uvicorn
from fastapi import FastAPI

from linli_settings import ConfigError
from linli_settings.errors import SETTINGS

GRACE_S = 1
"""How long a stop waits for requests under way (long polls end there)."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        ConfigError: the address is taken or not of this machine.
    """
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        found = error.strerror or str(error)
        raise ConfigError.one(
            SETTINGS, "http", f"a free address instead of {host}:{port}", found, "another port"
        ) from None


class Server:
    """One application on one socket."""

    def __init__(self, app: FastAPI, sock: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S
        )
        self._server = uvicorn.Server(config)
        self._socket = sock
        self._thread = Thread(target=self._run, name="api", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End, within about :data:`GRACE_S` seconds."""
        self._server.should_exit = True
        self._thread.join(GRACE_S + 0.5)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
