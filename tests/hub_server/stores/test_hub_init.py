"""``hub-server init`` on a SQLite file and a real InfluxDB 2: twice is once; rights are checked."""

import os
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy import insert, select
from typer.testing import CliRunner, Result

from hub_server.cli import app
from hub_server.ledger.engine import open_ledger
from hub_server.ledger.tables import cursors
from tests.support.influx import ORG, Influx

DAY_S = 86_400


def write_config(folder: Path, *stores: dict[str, object]) -> Path:
    settings = {
        "county": "330899",
        "data_dir": "data",
        "ledger": {"url": "sqlite:///ledger.sqlite"},
        "ingest": {"type": "mqtt", "host": "127.0.0.1", "port": 1883, "protocol": "5"},
        "http": {"public_url": "http://127.0.0.1:8080"},
        "auth": {"secret": "file:secret"},
        "stores": list(stores),
    }
    (folder / "secret").write_text("s" * 40)
    (folder / "secret").chmod(0o600)
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


def store_on(influx: Influx, folder: Path, token: str, **more: object) -> dict[str, object]:
    (folder / "token").write_text(token)
    (folder / "token").chmod(0o600)
    wanted = influx.settings()
    return {
        "type": "influxdb2",
        "url": influx.url,
        "org": ORG,
        "bucket": wanted.bucket,
        "token": "file:token",
        **more,
    }


def run(file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["init", "-c", str(file), *more])


def buckets(influx: Influx, name: object) -> dict[str, int]:
    """Name → retention in days."""
    headers = {"Authorization": f"Token {influx.token}"}
    answer = httpx.get(f"{influx.url}/api/v2/buckets", headers=headers, params={"limit": "100"})
    return {
        bucket["name"]: bucket["retentionRules"][0]["everySeconds"] // DAY_S
        for bucket in answer.json()["buckets"]
        if bucket["name"].startswith(str(name))
    }


def mappings(influx: Influx, name: object) -> int:
    headers = {"Authorization": f"Token {influx.token}"}
    answer = httpx.get(f"{influx.url}/api/v2/dbrps", headers=headers, params={"org": ORG})
    found = answer.json()["content"]
    return sum(
        one["database"].startswith(str(name)) and not one.get("virtual", False) for one in found
    )


def limited(influx: Influx, name: str, *actions: str) -> str:
    """A token that may do only ``actions`` in a bucket."""
    headers = {"Authorization": f"Token {influx.token}"}
    found = httpx.get(f"{influx.url}/api/v2/buckets", headers=headers, params={"name": name})
    org, bucket = influx.org_id(), found.json()["buckets"][0]["id"]
    resource = {"type": "buckets", "id": bucket, "orgID": org}
    rights = [{"action": action, "resource": resource} for action in actions]
    return influx.post("/api/v2/authorizations", {"orgID": org, "permissions": rights})["token"]


def test_a_sqlite_store_and_the_ledger_are_made(tmp_path: Path) -> None:
    file = write_config(tmp_path, {"type": "sqlite"})
    first = run(file)
    assert first.exit_code == 0, first.output
    assert (tmp_path / "data" / "series.sqlite").exists()
    assert (tmp_path / "ledger.sqlite").exists()
    assert "已建" in first.output
    assert "made" in first.output
    second = run(file)
    assert second.exit_code == 0
    assert "is there" in second.output


def test_the_cursor_of_a_removed_store_goes(tmp_path: Path) -> None:
    file = write_config(tmp_path, {"type": "sqlite"})
    run(file)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with ledger.write() as conn:
        conn.execute(insert(cursors).values(name="series/influxdb2", position=3))
    answer = run(file)
    assert "influxdb2 is gone" in answer.output
    assert "游标已删除" in answer.output
    with ledger.read() as conn:
        assert conn.scalars(select(cursors.c.name)).all() == []
    ledger.close()


def test_buckets_retention_and_mapping_are_made_once(tmp_path: Path, influx: Influx) -> None:
    store = store_on(influx, tmp_path, influx.token)
    file = write_config(tmp_path, store)
    first = run(file)
    assert first.exit_code == 0, first.output
    name = store["bucket"]
    assert buckets(influx, name) == {name: 90, f"{name}_10m": 400, f"{name}_1h": 1825}
    assert mappings(influx, name) == 3
    second = run(file)
    assert second.exit_code == 0, second.output
    assert "made" not in second.output
    assert mappings(influx, name) == 3


def test_a_changed_retention_is_put_in_force(tmp_path: Path, influx: Influx) -> None:
    store = store_on(influx, tmp_path, influx.token)
    run(write_config(tmp_path, store))
    changed = store | {"retention": {"raw": "30d", "hour": "3650d"}}
    answer = run(write_config(tmp_path, changed))
    assert answer.exit_code == 0, answer.output
    assert "保留期改为 30 天" in answer.output
    assert sorted(buckets(influx, store["bucket"]).values()) == [30, 400, 3650]


def test_a_token_that_may_only_write_is_told_what_it_lacks(
    tmp_path: Path, influx: Influx, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_on(influx, tmp_path, influx.token)
    file = write_config(tmp_path, store)
    run(file)
    name = str(store["bucket"])
    (tmp_path / "token").write_text(limited(influx, name, "write"))
    alone = run(file)
    assert alone.exit_code == 1
    assert "--admin-token" in alone.output
    monkeypatch.setitem(os.environ, "ADMIN", influx.token)
    answer = run(file, "--admin-token", "env:ADMIN")
    assert answer.exit_code == 1
    assert f"has write:buckets {name}\n" in answer.output
    assert f"missing: the token's right read:buckets {name} " in answer.output
    assert f"missing: the token's right write:buckets {name}_10m " in answer.output
    assert influx.token not in answer.output


def test_a_wrong_token_and_a_server_that_is_away_are_said(tmp_path: Path, influx: Influx) -> None:
    store = store_on(influx, tmp_path, "wrong")
    answer = run(write_config(tmp_path, store))
    assert answer.exit_code == 1
    assert "401" in answer.output
    answer = run(write_config(tmp_path, store | {"url": "http://127.0.0.1:9"}))
    assert answer.exit_code == 1
    assert "缺少" in answer.output


def test_influxdb_3_says_that_it_is_untested(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "token").chmod(0o600)
    url = "http://127.0.0.1:9"
    store = {"type": "influxdb3", "url": url, "database": "linli", "token": "file:token"}
    answer = run(write_config(tmp_path, store))
    assert answer.exit_code == 1
    assert "untested" in answer.output
    assert "尚未实测" in answer.output


def test_a_token_by_value_is_refused(tmp_path: Path) -> None:
    answer = run(write_config(tmp_path, {"type": "sqlite"}), "--admin-token", "secret-value")
    assert answer.exit_code != 0
    assert "secret-value" not in answer.output
