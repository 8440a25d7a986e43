"""The operator's and the worker's part of a case's life, in a real Chromium, in both languages."""

import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from hub_server.ledger.tables import incident_pictures, incidents, steps
from linli_contract.event_types import Colour
from tests.phone.drawing import evidence
from tests.phone.handset import Handset, handset
from tests.phone.hub import PASSWORD, Hub

WORDS = {
    "zh": {
        "type": "区域入侵",
        "reason": "停留 6 秒",
        "level": "橙色",
        "worker": "王芳",
        "left": "剩",
    },
    "en": {
        "type": "Intrusion",
        "reason": "for 6 s",
        "level": "Orange",
        "worker": "Wang Fang",
        "left": "left",
    },
}
LONGEST_SIDE = 1600


def _operator_accepts(phone: Handset, hub: Hub, incident: str) -> None:
    words = WORDS[phone.lang]
    phone.sign_in("zhaomin", PASSWORD)
    expect(phone.case(incident)).to_contain_text(words["type"])
    expect(phone.case(incident)).to_contain_text(words["level"])
    phone.look("list")
    phone.open(incident)
    expect(phone.at("reason")).to_contain_text(words["reason"])
    expect(phone.page.locator("[data-testid=picture][data-stage=shown]")).to_be_visible()
    phone.look("detail")
    phone.expect_language()
    phone.do("verify", "exist")
    phone.expect_state("pending_register")
    phone.do("register")
    phone.expect_state("pending_dispatch")
    phone.do("dispatch", "wangfang", note="请尽快到场 / please hurry")
    phone.expect_state("pending_handle")
    expect(phone.at("timeline")).to_contain_text(words["worker"])
    expect(phone.at("call")).to_have_attribute("href", "tel:13800000001")


def _worker_handles(phone: Handset, hub: Hub, incident: str) -> None:
    phone.page.goto(hub.link("wangfang").replace(hub.url, phone.url))
    expect(phone.case(incident)).to_be_visible()
    phone.look("worker-list")
    phone.open(incident)
    expect(phone.at("call")).to_have_attribute("href", "tel:13800000002")
    phone.at("do-acknowledge").click()
    phone.expect_state("handling")
    phone.look("worker-detail")
    phone.at("do-handle").click()
    expect(phone.at("submit")).to_be_disabled()
    phone.look("handle-empty")
    phone.take_pictures()
    phone.look("handle", full=True)
    phone.expect_language()
    phone.at("submit").click()
    phone.expect_state("pending_check")
    phone.look("worker-done", full=True)


def _operator_closes(phone: Handset, incident: str) -> None:
    # No reload: the long poll has to bring the worker's step.
    phone.expect_state("pending_check")
    phone.look("check-detail")
    phone.do("check", "pass")
    phone.do("close")
    phone.expect_state("closed")
    expect(phone.at("actions")).to_have_count(0)
    phone.look("closed", full=True)


def _actions(hub: Hub, incident: str) -> list[tuple[str, str]]:
    query = select(steps.c.action, steps.c.actor).where(steps.c.incident == incident)
    with hub.ledger.read() as conn:
        return [(row.action, row.actor) for row in conn.execute(query.order_by(steps.c.seq))]


def _handled_pictures(hub: Hub, incident: str) -> dict[str, bytes]:
    table = incident_pictures.c
    query = select(table.kind, table.sha256).where(
        table.incident == incident, table.kind.like("handle%")
    )
    with hub.ledger.read() as conn:
        rows = conn.execute(query).all()
    found = {row.kind: hub.services.pictures.read(row.sha256) for row in rows}
    return {kind: jpeg for kind, jpeg in found.items() if jpeg}


def _check_watermark(jpeg: bytes) -> None:
    """At most 1600 px, a dark band with light letters at the foot, no metadata of the camera."""
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.format == "JPEG"
    assert max(picture.size) == LONGEST_SIDE
    assert not picture.getexif()
    width, height = picture.size
    band = picture.crop((0, height - 40, width, height)).convert("L")
    low, high = band.getextrema()
    assert low < 80, "no dark band at the foot"
    assert high > 200, "no light letters on the band"


# The second round runs where a hub without https is: no crypto.subtle, no service worker.
@pytest.mark.parametrize(("lang", "host"), [("zh", "127.0.0.1"), ("en", "linli.test")])
def test_a_case_from_alert_to_closing(
    chromium: Browser, hub: Hub, tmp_path: Path, lang: str, host: str
) -> None:
    url = hub.url.replace("127.0.0.1", host)
    shots = tmp_path / "screenshots"
    incident = hub.open("intrusion", "gate", age_s=40, jpeg=evidence())
    hub.set_due(incident, 90)
    with (
        handset(chromium, url, lang, shots) as operator,
        handset(chromium, url, lang, shots) as worker,
    ):
        _operator_accepts(operator, hub, incident)
        _worker_handles(worker, hub, incident)
        _operator_closes(operator, incident)

    assert _actions(hub, incident) == [
        ("report", "linli"),
        ("verify", "zhaomin"),
        ("register", "zhaomin"),
        ("dispatch", "zhaomin"),
        ("acknowledge", "wangfang"),
        ("handle", "wangfang"),
        ("submit", "linli"),
        ("check", "zhaomin"),
        ("close", "zhaomin"),
    ]
    shots_sent = _handled_pictures(hub, incident)
    assert sorted(shots_sent) == ["handle_after", "handle_before"]
    for jpeg in shots_sent.values():
        _check_watermark(jpeg)
    with hub.ledger.read() as conn:
        state = conn.scalar(select(incidents.c.state).where(incidents.c.id == incident))
    assert state == "closed"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_comes_while_one_looks(chromium: Browser, hub: Hub, tmp_path: Path, lang: str) -> None:
    """An empty list says so; a new case appears by itself, the most urgent first."""
    with handset(chromium, hub.url, lang, tmp_path / "screenshots") as phone:
        phone.sign_in("zhaomin", PASSWORD)
        expect(phone.page.get_by_role("status")).to_be_visible()
        phone.look("empty")
        phone.expect_language()
        blue = hub.open("waterlogging", "level-1", Colour.BLUE)
        expect(phone.case(blue)).to_be_visible()
        red = hub.open("gas_leak", "gas-1", Colour.RED, age_s=1200)
        hub.set_due(red, -17)
        crowd = hub.open("crowd", "gate", jpeg=evidence())
        hub.set_due(crowd, 200)
        expect(phone.page.get_by_test_id("incident")).to_have_count(3)
        expect(phone.page.get_by_test_id("incident").first).to_have_attribute("data-id", red)
        expect(phone.case(red).locator("[data-level]")).to_have_attribute("data-level", "red")
        expect(phone.case(red).locator("[data-urgency]")).to_have_attribute(
            "data-urgency", "overdue"
        )
        expect(phone.page.get_by_test_id("tab-todo").locator(".van-badge")).to_have_text("3")
        phone.look("mixed")
        phone.at("tab-all").click()
        expect(phone.at("all-list")).to_be_visible()
        phone.look("all")
        phone.at("tab-me").click()
        phone.look("me")
        phone.expect_language()


def test_navigation_links_use_each_maps_own_datum(
    chromium: Browser, hub: Hub, tmp_path: Path
) -> None:
    incident = hub.open("crowd", "gate")
    with handset(chromium, hub.url, "zh", tmp_path / "screenshots") as phone:
        phone.sign_in("zhaomin", PASSWORD)
        phone.open(incident)
        link = urlsplit(phone.at("navigate").get_attribute("href") or "")
        lon, lat, name = parse_qs(link.query)["to"][0].split(",")
        # GCJ-02 lies some 500 m north-west to south-east of WGS-84 here, never on it.
        assert 0.003 < float(lon) - 119.1722 < 0.006
        assert -0.004 < float(lat) - 29.1177 < -0.001
        assert name == "梧桐社区第二网格 东门"
        geo = phone.at("geo").get_attribute("href") or ""
        assert geo.startswith("geo:29.117700,119.172200?")


def test_language_is_switched_and_remembered(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    with handset(chromium, hub.url, "zh", tmp_path / "screenshots") as phone:
        phone.page.goto(hub.url)
        phone.expect_language()
        phone.at("language").click()
        phone.lang = "en"
        phone.expect_language()
        phone.page.reload()
        expect(phone.at("sign-in")).to_have_text("Sign in")
        phone.sign_in("zhaomin", "a wrong password")
        expect(phone.at("sign-in-error")).to_contain_text("wrong")
        phone.look("sign-in-error")
