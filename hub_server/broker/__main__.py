"""``python -m hub_server.broker CONFIG``: run until SIGTERM."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from amqtt.broker import Broker

from hub_server.broker.settings import BrokerSettings
from linli_settings import ConfigError, load
from linli_settings.errors import EXIT_CONFIG

_AUTH = "amqtt.plugins.authentication.FileAuthPlugin"
_ACL = "amqtt.plugins.topic_checking.TopicAccessControlListPlugin"


def broker_config(settings: BrokerSettings) -> dict[str, object]:
    """amqtt's own configuration; writes its password file into ``data_dir``."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    passwords = settings.data_dir / "accounts"
    passwords.touch(mode=0o600)
    lines = [f"{name}:{account.password_hash}\n" for name, account in settings.accounts.items()]
    passwords.write_text("".join(lines), encoding="utf-8")
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{settings.host}:{settings.port}"}},
        "plugins": {
            _AUTH: {"password_file": str(passwords)},
            _ACL: {
                "publish_acl": {name: a.publish for name, a in settings.accounts.items()},
                "acl": {name: a.subscribe for name, a in settings.accounts.items()},
            },
        },
    }


async def serve(settings: BrokerSettings) -> None:
    """Run the broker until SIGTERM or SIGINT."""
    broker = Broker(broker_config(settings))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await broker.start()
    await stop.wait()
    await broker.shutdown()


def main() -> int:
    """Exit code 0 after a stop, 2 for a configuration that cannot be used."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m hub_server.broker CONFIG.yaml\n")
        return EXIT_CONFIG
    try:
        settings = load(Path(sys.argv[1]), BrokerSettings)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
