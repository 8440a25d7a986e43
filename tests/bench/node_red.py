"""Node-RED with the same flow: parse, validate, a SQLite insert with its commit, acknowledge.

It is installed into a temporary folder that is kept (``LINLI_NODE_RED`` names another one), with
``node-red-node-sqlite``. Its database is in WAL with SQLite's default
``synchronous=FULL``, as ours.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.hub_process import until
from tests.support.mosquitto import free_port

_PACKAGES = ("node-red", "node-red-node-sqlite")
_CHECK = """
const m = msg.payload;
if (!m || m.specversion !== "1.0" || !m.id || !m.source || !m.time || !m.data) return null;
if (!/^[0-9]{1,16}$/.test(m.sequence)) return null;
if (!/^urn:linli:schema:[a-z]+:1$/.test(m.dataschema)) return null;
const device = m.source.split("/")[3];
if (device !== msg.topic.split("/")[3]) return null;
msg.device = device; msg.epoch = m.epoch; msg.sequence = Number(m.sequence);
msg.params = {$device: device, $id: m.id, $type: m.type, $subject: m.subject, $time: m.time,
  $epoch: m.epoch, $sequence: msg.sequence, $payload: JSON.stringify(m)};
return msg;
"""
_ACK = """
const n = msg.sequence;
msg.topic = "linli/v1/330899/" + msg.device + "/ack";
msg.payload = JSON.stringify({ranges: [{epoch: msg.epoch, first: n, last: n}]});
return msg;
"""
_TABLE = """CREATE TABLE inbox (device TEXT, id TEXT, type TEXT, subject TEXT, time TEXT,
 epoch TEXT,
 sequence INTEGER, payload TEXT, UNIQUE (device, id))"""
_INSERT = """INSERT OR IGNORE INTO inbox VALUES
 ($device, $id, $type, $subject, $time, $epoch, $sequence, $payload)"""


def missing() -> str:
    """Why it cannot be run here; empty when it can."""
    return "" if shutil.which("npm") and shutil.which("node") else "Node-RED: no npm"


def install() -> Path:
    """The folder where it is installed.

    Raises:
        subprocess.CalledProcessError: npm could not install it.
    """
    given = os.environ.get("LINLI_NODE_RED")
    folder = Path(given) if given else Path(tempfile.gettempdir()) / "linli-node-red"
    if not (folder / "node_modules" / "node-red-node-sqlite").is_dir():
        folder.mkdir(exist_ok=True)
        allowed = {"private": True, "allowScripts": {"sqlite3": True}}
        (folder / "package.json").write_text(json.dumps(allowed))
        npm = ["npm", "install", "--no-audit", "--no-fund", *_PACKAGES]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


@contextmanager
def node_red(folder: Path, port: int) -> Iterator[None]:
    """A running Node-RED that reads the broker at ``port``."""
    program = install() / "node_modules"
    folder.mkdir()
    with sqlite3.connect(folder / "inbox.sqlite") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(_TABLE)
    (folder / "flows.json").write_text(json.dumps(_flow(folder, port)))
    settings = f"module.exports = {{uiPort: {free_port()}, nodesDir: {json.dumps(str(program))}, "
    settings += "flowFile: 'flows.json', logging: {console: {level: 'info'}}};"
    (folder / "settings.js").write_text(settings)
    (folder / "node_modules").symlink_to(program)
    (folder / "package.json").write_text(
        json.dumps({"dependencies": {"node-red-node-sqlite": "*"}})
    )
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["node", program / "node-red" / "red.js", "-u", folder, "-s", folder / "settings.js"],
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: "Connected to broker" in log.read_text(), 60, "Node-RED")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _flow(folder: Path, port: int) -> list[dict[str, object]]:
    broker = {"id": "b", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port)}
    broker |= {"protocolVersion": "5", "cleansession": True, "clientid": "node-red"}
    database = {"id": "d", "type": "sqlitedb", "db": str(folder / "inbox.sqlite"), "mode": "RW"}
    common = {"z": "f", "x": 1, "y": 1}
    topics = ("linli/v1/330899/+/reading", "linli/v1/330899/+/event/+")
    readers = [
        {"id": f"in{n}", "type": "mqtt in", "topic": topic, "qos": "1", "datatype": "json",
         "broker": "b", "inputs": 0, "wires": [["check"]], **common}
        for n, topic in enumerate(topics)
    ]  # fmt: skip
    function = {"type": "function", "outputs": 1, **common}
    return [
        {"id": "f", "type": "tab", "label": "ingest"},
        broker,
        database,
        *readers,
        {"id": "check", "func": _CHECK, "wires": [["insert"]], **function},
        {"id": "insert", "type": "sqlite", "mydb": "d", "sqlquery": "prepared", "sql": _INSERT,
         "wires": [["ack"]], **common},
        {"id": "ack", "func": _ACK, "wires": [["out"]], **function},
        {"id": "out", "type": "mqtt out", "topic": "", "qos": "0", "retain": "false",
         "broker": "b", "wires": [], **common},
    ]  # fmt: skip
