"""``python -m hub_server.county_link.simulator --port 8090 --app-key demo --secret-file FILE``"""

import argparse
import sys
from pathlib import Path

import uvicorn

from hub_server.county_link.signing import CountyKey
from hub_server.county_link.simulator.app import create_simulator
from hub_server.county_link.simulator.book import Book, CountyCase
from hub_server.county_link.simulator.caller import Caller
from linli_settings import ConfigError
from linli_settings.errors import EXIT_CONFIG
from linli_settings.logs import set_up_logs
from linli_settings.secrets import resolve


def main() -> int:
    """Serve until a signal; 2 when the secret cannot be read."""
    arguments = _arguments()
    set_up_logs("warning")
    try:
        secret = resolve(f"file:{arguments.secret_file.resolve()}")
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to its user
        return EXIT_CONFIG
    key = CountyKey(arguments.app_key, secret)
    caller = Caller(arguments.callback_url, key) if arguments.callback_url else None
    app = create_simulator(key, Book(arguments.store), caller.tell if caller else _silent)
    if caller:
        caller.start()
    try:
        uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning")
    finally:
        if caller:
            caller.stop()
    return 0


def _silent(_case: CountyCase, _event: str, _status: str) -> None:
    """Without a callback address the centre only answers."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="County data centre simulator")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--app-key", required=True)
    parser.add_argument("--secret-file", type=Path, required=True, help="mode 600")
    parser.add_argument("--callback-url", help="the hub's /api/v1/county/callback")
    parser.add_argument("--store", type=Path, help="a JSON file that outlives the process")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
