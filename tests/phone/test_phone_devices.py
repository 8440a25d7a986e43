"""The technician's pages: one big light, the last heartbeat, and what to do about a fault."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.phone.handset import handset
from tests.phone.hub import DEVICE, Hub

WORDS = {
    "zh": {"fault": "摄像头没有画面", "fix": "重启摄像头", "never": "从未连接", "ok": "运行正常"},
    "en": {
        "fault": "the camera gives no picture",
        "fix": "start it again",
        "never": "Never connected",
        "ok": "All good",
    },
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_devices(chromium: Browser, hub: Hub, tmp_path: Path, lang: str) -> None:
    words = WORDS[lang]
    with handset(chromium, hub.url, lang, tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("qianjun"))
        expect(phone.at("devices").locator("li")).to_have_count(2)
        expect(phone.at("tab-todo")).to_have_count(0)
        phone.look("devices")
        phone.at("device").filter(has_text=DEVICE).click()
        expect(phone.at("device-page").locator("[data-light]").first).to_have_attribute(
            "data-light", "fault"
        )
        expect(phone.at("fault")).to_contain_text(words["fault"])
        expect(phone.at("fault")).to_contain_text(words["fix"])
        phone.look("device-fault", full=True)
        phone.expect_language()
        hub.mend_device()
        phone.page.reload()
        expect(phone.at("device-state")).to_have_text(words["ok"])
        expect(phone.at("fault")).to_have_count(0)
        phone.look("device-ok")
        phone.at("back").click()
        phone.at("device").filter(has_text="pi-0002").click()
        expect(phone.at("device-state")).to_have_text(words["never"])
        phone.look("device-never")


def test_a_worker_has_no_device_pages(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    with handset(chromium, hub.url, "zh", tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("wangfang"))
        expect(phone.at("tab-todo")).to_be_visible()
        phone.page.goto(f"{hub.url}/#/devices")
        expect(phone.at("tab-todo")).to_be_visible()
        assert phone.page.url.endswith("/todo")


def test_a_sign_in_link_that_is_no_good(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    with handset(chromium, hub.url, "en", tmp_path / "screenshots") as phone:
        phone.page.goto(f"{hub.url}/#/in/made-up")
        expect(phone.page.get_by_text("invalid or has expired")).to_be_visible()
        phone.look("bad-link")
        phone.page.get_by_role("button").click()
        expect(phone.at("sign-in")).to_be_visible()
