"""The technician's buttons: arm and disarm for a time, a test event, a snapshot."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from hub_server.devices import orders
from hub_server.devices.desired import newest, note_reported
from hub_server.ledger.tables import audit, devices, sources
from hub_server.pictures import record
from linli_contract.payloads import Reply, TwinReported
from tests.phone.drawing import camera_shot
from tests.phone.handset import Handset, handset
from tests.phone.hub import DEVICE, Hub

WORDS = {
    "zh": {"armed": "已布防", "off": "已撤防", "waits": "等待设备答复", "test": "不会派单"},
    "en": {"armed": "Armed", "off": "Disarmed", "waits": "waits for", "test": "nobody is"},
}
NAMES = {"courtyard": {"zh": "内院", "en": "Courtyard"}}


def _config(*, armed: bool) -> dict[str, object]:
    zone = {"name": "courtyard", "behaviours": [{"type": "intrusion", "armed": armed}]}
    line = {"name": "side-door", "a": [0, 0], "b": [1, 1], "armed": True}
    return {"cameras": [{"name": "gate", "zones": [zone], "lines": [line]}]}


def _report(hub: Hub, *, armed: bool, errors: tuple[str, ...] = ()) -> None:
    """What the device says to the newest wish."""
    now = datetime.now(UTC)
    with hub.ledger.write() as conn:
        last = newest(conn, DEVICE)
        version = last["version"] if last else 0
        told = TwinReported(version, _config(armed=armed), ok=not errors, errors=errors)
        note_reported(conn, DEVICE, told, now)
        reported = {"version": version, "config": told.config}
        conn.execute(update(devices).where(devices.c.device == DEVICE).values(reported=reported))
        here = (sources.c.device == DEVICE, sources.c.name == "gate")
        conn.execute(update(sources).where(*here).values(zones=NAMES))


def _answer(hub: Hub, ok: bool, error: str = "", **result: object) -> None:
    now = datetime.now(UTC)
    with hub.ledger.write() as conn:
        command = orders.commands_of(conn, DEVICE, 1)[0]["id"]
        orders.note_reply(conn, DEVICE, Reply(command, ok, dict(result), error), now)


def _picture(hub: Hub) -> str:
    jpeg = camera_shot(False)
    sha256 = hashlib.sha256(jpeg).hexdigest()
    hub.services.pictures.write(sha256, jpeg)
    with hub.ledger.write() as conn:
        record(conn, sha256, len(jpeg), datetime.now(UTC), device=DEVICE)
    return sha256


def _said(phone: Handset, state: str) -> None:
    expect(phone.at("order-said")).to_have_attribute("data-state", state)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_arming_and_orders(chromium: Browser, hub: Hub, tmp_path: Path, lang: str) -> None:
    words = WORDS[lang]
    _report(hub, armed=True)
    with handset(chromium, hub.url, lang, tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("qianjun"))
        phone.at("device").filter(has_text=DEVICE).click()
        zone = phone.at("zone").first
        expect(zone).to_contain_text(words["armed"])
        zone.get_by_test_id("switch").click()
        expect(phone.at("arming-sheet")).to_be_visible()
        phone.look("control-sheet")
        phone.at("for-four").click()
        expect(phone.at("wish")).to_contain_text(words["waits"])
        _report(hub, armed=False)
        expect(zone).to_contain_text(words["off"])
        expect(phone.at("wish")).to_have_attribute("data-state", "applied")
        phone.at("order-test_event").first.click()
        expect(phone.at("order-test_event").first).to_be_disabled()
        _answer(hub, ok=True, observation_id="o1", camera="gate")
        _said(phone, "done")
        expect(phone.at("order-said")).to_contain_text(words["test"])
        phone.at("order-snapshot").first.click()
        expect(phone.at("order-snapshot").first).to_be_disabled()
        _answer(hub, ok=True, camera="gate", picture={"sha256": _picture(hub)})
        expect(phone.at("orders").get_by_test_id("picture")).to_have_attribute(
            "data-stage", "shown"
        )
        phone.look("control-done", full=True)
        zone.get_by_test_id("restore").click()
        expect(phone.at("wish")).to_have_attribute("data-state", "waiting")
        _report(hub, armed=True, errors=("cameras[0].zones[0]: expected three points, found two",))
        expect(phone.at("wish")).to_have_attribute("data-state", "refused")
        phone.at("order-restart_camera").first.click()
        expect(phone.at("order-restart_camera").first).to_be_disabled()
        _answer(hub, ok=False, error="camera: gate is not open yet, or its model failed")
        _said(phone, "refused")
        phone.look("control-refused", full=True)
        phone.expect_language()
    with hub.ledger.read() as conn:
        done = set(map(tuple, conn.execute(select(audit.c.actor, audit.c.action))))
    assert {("qianjun", "arming"), ("qianjun", "command")} <= done


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_operator_arms_and_orders_nothing(
    chromium: Browser, hub: Hub, tmp_path: Path, lang: str
) -> None:
    """Devices stand beside the cases; commands and configurations are the technicians'."""
    words = WORDS[lang]
    _report(hub, armed=True)
    with handset(chromium, hub.url, lang, tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("zhaomin"))
        expect(phone.at("tab-todo")).to_be_visible()
        phone.look("operator-tabs")
        phone.at("tab-devices").click()
        expect(phone.at("devices").locator("li")).to_have_count(2)
        phone.look("operator-devices")
        phone.at("device").filter(has_text=DEVICE).click()
        zone = phone.at("zone").first
        expect(zone).to_contain_text(words["armed"])
        expect(phone.at("orders")).to_have_count(0)
        zone.get_by_test_id("switch").click()
        phone.at("for-four").click()
        expect(phone.at("wish")).to_contain_text(words["waits"])
        _report(hub, armed=False)
        expect(zone).to_contain_text(words["off"])
        phone.look("operator-device", full=True)
        phone.expect_language()
    with hub.ledger.read() as conn:
        done = set(map(tuple, conn.execute(select(audit.c.actor, audit.c.action))))
    assert ("zhaomin", "arming") in done
    assert ("zhaomin", "command") not in done


def test_a_device_that_does_not_answer(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    _report(hub, armed=True)
    with handset(chromium, hub.url, "en", tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("qianjun"))
        phone.at("device").filter(has_text=DEVICE).click()
        phone.at("order-snapshot").first.click()
        _said(phone, "waiting")
        phone.look("control-waiting", full=True)
        past = datetime.now(UTC) - timedelta(seconds=1)
        with hub.ledger.write() as conn:
            conn.execute(update(orders.commands).values(expires_at=past))
        _said(phone, "expired")
        _answer(hub, ok=False, error="expired")
        _said(phone, "refused")
        expect(phone.at("order-said")).to_contain_text("a late answer")
        phone.look("control-late", full=True)
