"""The hub's configuration file: what is refused, and in which words."""

from pathlib import Path

import pytest
import yaml

from hub_server.app import HubApp
from hub_server.settings import load_hub
from linli_settings import ConfigError

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
        ('protocol: "5"', 'protocol: "3.1"', 4, "'5' or '3.1.1'"),
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


def test_a_missing_secret_stops_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"auth\.secret"):
        HubApp(load_hub(write(tmp_path, GOOD)))
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    secret = tmp_path / "auth.secret"
    secret.touch(mode=0o600)
    secret.write_text("s" * 48)
    first = HubApp(load_hub(write(tmp_path, GOOD)))
    values = yaml.safe_load(GOOD)
    values["http"]["port"] = first.port
    with pytest.raises(ConfigError, match="a free address"):
        HubApp(load_hub(write(tmp_path, yaml.safe_dump(values))))
