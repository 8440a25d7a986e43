"""One person's phone: a browser context of its own, and what that person does with it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.phone.drawing import camera_shot

LOCALES = {"zh": "zh-CN", "en": "en-US"}
SMALLEST_TARGET_PX = 44
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Buttons and links that are seen, with what the thumb can hit of them.
_TARGETS = """() => [...document.querySelectorAll('button, a[href], [role=tab]')]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.disabled)
  .map(e => [e.textContent.trim().slice(0, 30) || e.ariaLabel, e.getBoundingClientRect()])
  .map(([text, box]) => ({text, width: box.width, height: box.height}))"""


@dataclass
class Handset:
    """A phone of 390 × 844 points in one person's hand."""

    page: Page
    context: BrowserContext
    url: str
    lang: str
    shots: Path
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """Requests to anywhere but the hub."""

    def at(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    def case(self, incident: str) -> Locator:
        return self.page.locator(f'[data-testid=incident][data-id="{incident}"]')

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto(self.url)
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.at("sign-in").click()

    def open(self, incident: str) -> None:
        self.case(incident).click()
        expect(self.at("detail")).to_be_visible()

    def do(self, action: str, *choices: str, note: str = "") -> None:
        """Take an action by its sheet: choose, write a note, confirm."""
        self.at(f"do-{action}").click()
        expect(self.at("sheet")).to_be_visible()
        for choice in choices:
            self.at(f"choice-{choice}").click()
        if note:
            self.at("sheet").locator("textarea").fill(note)
        self.look(f"sheet-{action}")
        self.at("confirm").click()
        expect(self.at("sheet")).to_be_hidden()

    def expect_state(self, state: str) -> None:
        expect(self.at("detail")).to_have_attribute("data-state", state)

    def take_pictures(self) -> None:
        """One before and one after, through the page's camera inputs."""
        for part, after in (("before", False), ("after", True)):
            shot = {"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": camera_shot(after)}
            self.at(f"take-{part}").set_input_files([shot])
            expect(self.at(f"slots-{part}").locator("img")).to_have_count(1)

    def look(self, name: str, *, full: bool = False) -> None:
        """Keep a screenshot, and check what holds on every screen."""
        self.page.wait_for_timeout(350)  # sheets slide in; a picture of one half way says nothing
        self.page.screenshot(path=self.shots / f"{self.lang}-{name}.png", full_page=full)
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide} px"
        small = [
            target
            for target in self.page.evaluate(_TARGETS)
            if min(target["width"], target["height"]) < SMALLEST_TARGET_PX
        ]
        assert not small, f"{name}: too small for a thumb: {small}"

    def expect_language(self) -> None:
        """No word of the other language but its own name on the button that switches."""
        expect(self.page.locator("html")).to_have_attribute("lang", re.compile(f"^{self.lang}"))
        text = self.page.locator("body").inner_text().replace("中文", "")
        assert bool(_CHINESE.search(text)) is (self.lang == "zh"), text


@contextmanager
def handset(
    browser: Browser, url: str, lang: str, shots: Path, *, offline_page: bool = True
) -> Iterator[Handset]:
    """A phone that fails the test on any script error or request to a third party."""
    shots.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        locale=LOCALES[lang],
        timezone_id="Asia/Shanghai",
        has_touch=True,
        is_mobile=True,
        service_workers="allow" if offline_page else "block",
    )
    page = context.new_page()
    phone = Handset(page, context, url, lang, shots)
    page.on("pageerror", lambda error: phone.errors.append(str(error)))
    page.on("console", lambda m: phone.errors.append(m.text) if "Error:" in m.text else None)
    own = (url, "data:", f"blob:{url}")
    context.on(
        "request", lambda r: None if r.url.startswith(own) else phone.strangers.append(r.url)
    )
    yield phone
    assert not phone.errors, phone.errors
    assert not phone.strangers, phone.strangers
    context.close()
