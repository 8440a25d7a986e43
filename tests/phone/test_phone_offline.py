"""What happens without a network: nothing a worker did is lost, nothing is done twice."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Route, expect
from sqlalchemy import select

from hub_server.auth.roles import Role
from hub_server.incidents.actions import act
from hub_server.incidents.life import Action
from hub_server.incidents.taps import Actor, Tap
from hub_server.ledger.tables import incidents, steps
from tests.phone.drawing import evidence
from tests.phone.handset import Handset, handset
from tests.phone.hub import COUNTY, PASSWORD, Hub

OPERATOR = Actor("zhaomin", Role.OPERATOR, COUNTY)
WORDS = {
    "zh": {"queue": "待上传 2", "moved": "案件状态已变化", "kept": "已保存，联网后自动上传"},
    "en": {"queue": "2 waiting", "moved": "The case has moved on", "kept": "Kept; sent when"},
}


def _take(hub: Hub, incident: str, action: Action, **more: str) -> None:
    """Another person's tap, behind the page's back."""
    with hub.ledger.write() as conn:
        tap = Tap(action, str(uuid4()), **more)
        act(conn, incident, tap, OPERATOR, (), datetime.now(UTC))
    hub.services.changes.signal()


def _dispatched(hub: Hub) -> str:
    incident = hub.open("intrusion", "gate", jpeg=evidence())
    _take(hub, incident, Action.VERIFY, result="exist")
    _take(hub, incident, Action.REGISTER)
    _take(hub, incident, Action.DISPATCH, worker="wangfang")
    return incident


def _actions(hub: Hub, incident: str) -> list[str]:
    query = select(steps.c.action).where(steps.c.incident == incident).order_by(steps.c.seq)
    with hub.ledger.read() as conn:
        return list(conn.scalars(query))[4:]


def _never_answer(_route: Route) -> None:
    """No news reach this phone."""


def _reload_page_without_network(phone: Handset, incident: str) -> None:
    """The page and what it showed last are on the phone."""
    phone.page.reload()
    expect(phone.at("detail")).to_be_visible()
    expect(phone.at("queued")).to_have_count(1)
    assert incident in phone.page.url


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_case_handled_without_network(
    chromium: Browser, hub: Hub, tmp_path: Path, lang: str
) -> None:
    incident = _dispatched(hub)
    with handset(chromium, hub.url, lang, tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("wangfang"))
        phone.open(incident)
        phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        phone.page.reload()  # now the worker that keeps the page has seen all its files
        expect(phone.at("detail")).to_be_visible()
        phone.context.set_offline(True)
        expect(phone.at("offline")).to_be_visible()
        phone.at("do-acknowledge").click()
        expect(phone.page.get_by_text(WORDS[lang]["kept"])).to_be_visible()
        _reload_page_without_network(phone, incident)
        phone.at("do-handle").click()
        phone.take_pictures()
        phone.page.reload()  # a phone may throw the page away: the pictures are kept
        expect(phone.at("slots-before").locator("img")).to_have_count(1)
        phone.at("submit").click()
        expect(phone.at("queued")).to_have_count(2)
        phone.look("offline-detail")
        phone.at("back").click()
        expect(phone.at("waiting")).to_contain_text(WORDS[lang]["queue"])
        phone.look("offline-list")
        phone.at("waiting").click()
        expect(phone.at("queue").locator("li")).to_have_count(2)
        phone.look("offline-queue")
        phone.expect_language()
        assert _actions(hub, incident) == []
        phone.context.set_offline(False)
        expect(phone.at("queue").locator("li")).to_have_count(0, timeout=30_000)
        expect(phone.at("offline")).to_be_hidden()
    assert _actions(hub, incident) == ["acknowledge", "handle", "submit"]


def test_a_lost_answer_is_asked_for_again(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    """The hub did it, the phone never heard: the same key comes again and nothing is done twice."""
    incident = _dispatched(hub)
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
            return
        assert route.fetch().ok
        route.abort()

    shots = tmp_path / "screenshots"
    with handset(chromium, hub.url, "zh", shots, offline_page=False) as phone:
        phone.context.route("**/actions", lose_the_first)
        phone.page.goto(hub.link("wangfang"))
        phone.open(incident)
        phone.at("do-acknowledge").click()
        phone.expect_state("handling")
        expect(phone.at("queued")).to_have_count(0, timeout=30_000)
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert _actions(hub, incident) == ["acknowledge"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_tap_that_came_too_late(chromium: Browser, hub: Hub, tmp_path: Path, lang: str) -> None:
    """Somebody else was quicker: that is said, and the page is right again."""
    incident = hub.open("crowd", "gate")
    shots = tmp_path / "screenshots"
    with handset(chromium, hub.url, lang, shots, offline_page=False) as phone:
        phone.context.route("**/changes*", _never_answer)
        phone.sign_in("zhaomin", PASSWORD)
        phone.open(incident)
        phone.at("do-verify").click()
        phone.at("choice-exist").click()
        _take(hub, incident, Action.VERIFY, result="not_exist")
        phone.at("confirm").click()
        expect(phone.page.get_by_text(WORDS[lang]["moved"])).to_be_visible()
        phone.look("too-late")
        phone.expect_state("not_accepted")
        expect(phone.at("queued")).to_have_count(0)
    with hub.ledger.read() as conn:
        row = conn.execute(select(incidents.c.state).where(incidents.c.id == incident)).one()
    assert row.state == "not_accepted"


def test_a_refused_report_keeps_its_pictures(chromium: Browser, hub: Hub, tmp_path: Path) -> None:
    incident = _dispatched(hub)
    with handset(chromium, hub.url, "zh", tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("wangfang"))
        phone.open(incident)
        phone.at("do-acknowledge").click()
        phone.expect_state("handling")
        phone.at("do-handle").click()
        phone.take_pictures()
        _take(hub, incident, Action.SUSPEND)
        phone.at("submit").click()
        expect(phone.at("queued")).to_be_visible()
        phone.at("queued").click()
        refused = phone.at("queue").locator("li[data-state=refused]")
        expect(refused).to_contain_text("2 张图片")
        phone.look("refused")
        _take(hub, incident, Action.RESUME)
        refused.get_by_role("button", name="重试").click()
        expect(phone.at("queue").locator("li")).to_have_count(0)
    assert _actions(hub, incident)[-2:] == ["handle", "submit"]


def test_a_session_that_ended_keeps_what_is_unsent(
    chromium: Browser, hub: Hub, tmp_path: Path
) -> None:
    incident = _dispatched(hub)
    with handset(chromium, hub.url, "zh", tmp_path / "screenshots") as phone:
        phone.page.goto(hub.link("wangfang"))
        phone.open(incident)
        phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        phone.context.set_offline(True)
        phone.at("do-acknowledge").click()
        expect(phone.at("queued")).to_be_visible()
        phone.page.evaluate(
            """() => { const s = JSON.parse(localStorage['linli.session']);
                       localStorage['linli.session'] = JSON.stringify({...s, token: 'x.y.z'}); }"""
        )
        phone.context.set_offline(False)
        phone.page.reload()
        expect(phone.at("sign-in-error")).to_contain_text("登录已失效")
        phone.look("session-ended")
        phone.page.goto(hub.link("wangfang"))
        expect(phone.case(incident)).to_have_attribute("data-state", "handling")
    assert _actions(hub, incident) == ["acknowledge"]
