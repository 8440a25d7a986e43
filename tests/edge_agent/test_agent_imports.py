"""An edge has no hub on it: everything runs with what the ``edge`` extra brings."""

import subprocess
import sys

_CODE = """
import importlib, pkgutil, sys

class Absent:
    names = {names!r}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ImportError(f"{{name}} is no dependency of the edge")

sys.meta_path.insert(0, Absent())
import edge_agent
for module in pkgutil.walk_packages(edge_agent.__path__, "edge_agent."):
    importlib.import_module(module.name)
print("all imported")
"""
ABSENT = {
    "alembic", "amqtt", "argon2", "fastapi", "gmqtt", "grafana_client", "hub_server", "jwt",
    "hypothesis", "influxdb_client", "linli_dashboards", "nncf", "psycopg", "pytest", "sqlalchemy",
    "starlette", "torch", "ultralytics", "uvicorn",
}  # fmt: skip


def test_no_module_needs_what_an_edge_does_not_have() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(names=ABSENT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "all imported\n", done.stderr
