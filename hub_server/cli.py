"""``hub-server``: one console program, a file for each command."""

import sys

import typer

from hub_server.commands import (
    backup,
    bridge,
    devices,
    init,
    quarantine,
    rule_stories,
    rules,
    run,
    silences,
    users,
)
from hub_server.demo import cli as demo
from linli_dashboards import cli as dashboards
from linli_settings import ConfigError
from linli_settings.errors import EXIT_CONFIG

app = typer.Typer(
    name="hub-server",
    help="邻里县级服务 · The Linli hub.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("init")(init.init)
app.command("bridge")(bridge.bridge)
app.command("demo")(demo.demo)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
rules.app.command("explain")(rule_stories.explain)
rules.app.command("replay")(rule_stories.replay)
app.add_typer(rules.app, name="rules")
app.add_typer(silences.app, name="silences")
app.add_typer(devices.app, name="devices")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(users.app, name="users")
app.add_typer(dashboards.app, name="dashboards")


def main() -> None:
    """Exit code 2 for a configuration that cannot be used, said on standard error."""
    try:
        app()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_CONFIG)
