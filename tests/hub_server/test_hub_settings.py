"""The hub's configuration file: what is refused, and in which words."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub_server.app import HubApp
from hub_server.settings import load_hub
from linli_settings import ConfigError
from linli_settings.errors import naming

GOOD = """\
county: "330899"
data_dir: data
ledger: {url: "sqlite:///ledger.sqlite"}
ingest: {type: mqtt, host: broker, protocol: "5", session_expiry: 1d}
http: {port: 0, public_url: "https://hub.county"}
auth: {secret: file:auth.secret}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "hub.yaml"
    file.write_text(text)
    return file


def test_relative_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    hub = load_hub(write(tmp_path, GOOD))
    assert hub.data_dir == tmp_path / "data"
    assert hub.ledger_url == f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    assert [store.type for store in hub.settings.stores] == ["sqlite"]


def test_absolute_and_other_addresses_stay(tmp_path: Path) -> None:
    text = GOOD.replace("sqlite:///ledger.sqlite", "sqlite:////var/lib/linli/l.sqlite")
    assert load_hub(write(tmp_path, text)).ledger_url == "sqlite:////var/lib/linli/l.sqlite"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("county:", "country:", 1, "did you mean 'county'?"),
        ('protocol: "5", ', "", 4, "ingest.protocol: expected a value"),
        ('protocol: "5"', 'protocol: "3.1"', 4, "one of 5, 3.1.1"),
        ("session_expiry: 1d", "session_expiry: 86400", 4, "did you mean 86400s?"),
        ("port: 0", "port: 70000", 5, "http.port"),
        ("file:auth.secret", "hunter2hunter2", 6, "a reference to a secret"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    file = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_hub(file)
    assert f"{file}:{line}: " in str(caught.value)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        "notifiers: [{type: console}, {type: console}]\n",
        "notifiers: [{type: console, name: county}]\n",
        "stores: [{type: sqlite}, {type: sqlite}]\n",
        "stores: [{type: influxdb2, url: 'http://x', org: o, bucket: b, token: secret}]\n",
        "limits: {late: 10}\n",
        "limits: {dedupe: 7d}\n",  # a device may send again for so long
    ],
)
def test_more_that_is_refused(tmp_path: Path, more: str) -> None:
    with pytest.raises(ConfigError):
        load_hub(write(tmp_path, GOOD + more))


def write_secret(folder: Path, name: str) -> None:
    file = folder / name
    file.touch(mode=0o600)
    file.write_text("x" * 40)


def test_every_missing_secret_and_certificate_is_named_with_its_field(tmp_path: Path) -> None:
    more = """\
county_link: {type: http, url: "https://c.county/events", app_key: k, secret: file:c, ca: c.pem}
notifiers: [{type: console}, {type: webhook, url: "https://w.county", secret: file:w}]
stores: [{type: influxdb2, url: "http://i", org: o, bucket: b, token: file:i}]
"""
    text = GOOD.replace('protocol: "5"', 'protocol: "5", username: h, password: file:m, ca: m.pem')
    file = write(tmp_path, text + more)
    with pytest.raises(ConfigError) as caught:
        HubApp(load_hub(file))
    said = str(caught.value).splitlines()
    fields = (
        "auth.secret", "ingest.password", "county_link.secret", "notifiers[1].secret",
        "stores[0].token", "ingest.ca", "county_link.ca",
    )  # fmt: skip
    assert [line.split(": ")[:2] for line in said] == [[str(file), field] for field in fields]


@pytest.mark.parametrize(
    "url",
    [
        "oracle://x",
        "postgresql+psycopg://l:hunter2@h/l",
        "postgresql+psycopg://h/l?password=hunter2",
    ],
)
def test_a_ledger_address_that_cannot_be_used_is_said_of_the_file(tmp_path: Path, url: str) -> None:
    write_secret(tmp_path, "auth.secret")
    file = write(tmp_path, GOOD.replace("sqlite:///ledger.sqlite", url))
    with pytest.raises(ConfigError) as caught, naming(file):
        HubApp(load_hub(file))
    assert str(caught.value).startswith(f"{file}: ledger.url: expected ")
    assert "hunter2" not in str(caught.value)


def test_a_ledger_that_is_away_is_said_in_one_line(tmp_path: Path) -> None:
    write_secret(tmp_path, "auth.secret")
    away = "postgresql+psycopg://linli@127.0.0.1:1/linli"
    file = write(tmp_path, GOOD.replace("sqlite:///ledger.sqlite", away))
    done = hub_server("run", "--config", str(file))
    assert done.returncode == 1
    assert "ledger.url" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_log_level_is_refused(tmp_path: Path) -> None:
    done = hub_server("run", "--config", str(write(tmp_path, GOOD)), "--log-level", "loud")
    assert done.returncode == 2
    assert "loud" in done.stderr


def hub_server(*words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "hub-server"
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=60)
