"""A technician draws: the real program, real footage, a real browser."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.settings import load_configuration
from tests.edge_agent.zones_page.conftest import zones_page

SHOTS = os.environ.get("LINLI_SHOTS", "")
"""A folder for pictures of the page, for the eye."""


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


@pytest.fixture
def page(chromium: Browser, site: Path, shared: Path) -> Iterator[Page]:
    """The page, open, with its picture."""
    with zones_page(site, shared, "--lang", "en") as address:
        page = chromium.new_page(viewport={"width": 1440, "height": 860})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        expect(page.locator("#live.on")).to_be_visible(timeout=60_000)
        yield page
        assert errors == []
        page.close()


def click(page: Page, *points: tuple[float, float]) -> None:
    """Click at fractions of the picture."""
    box = page.locator("#canvas").bounding_box()
    assert box
    for x, y in points:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def pixel(page: Page, x: float, y: float) -> list[int]:
    """Red, green and blue of the picture itself at fractions of it."""
    script = """([x, y]) => { const image = document.getElementById("image");
        const c = document.createElement("canvas"); c.width = image.naturalWidth;
        c.height = image.naturalHeight; const g = c.getContext("2d"); g.drawImage(image, 0, 0);
        return [...g.getImageData(x * c.width, y * c.height, 1, 1).data].slice(0, 3); }"""
    found: list[int] = page.evaluate(script, [x, y])
    return found


def test_the_picture_is_masked_and_shows_boxes_ids_motion_and_zones(page: Page) -> None:
    assert max(pixel(page, 0.1, 0.1)) < 20
    assert max(pixel(page, 0.5, 0.6)) > 40
    expect(page.locator(".track").first).to_be_attached(timeout=20_000)
    expect(page.locator(".tag", has_text="person").first).to_be_attached(timeout=20_000)
    expect(page.locator(".cell").first).to_be_attached(timeout=20_000)
    expect(page.locator(".shape.zones")).to_have_count(1)
    expect(page.locator(".shape.privacy")).to_have_count(1)
    shoot(page, "live")
    page.locator("#show-tracks").uncheck()
    expect(page.locator(".track")).to_have_count(0)


def test_zone_line_and_privacy_are_drawn_into_the_file(page: Page, site: Path) -> None:
    before = site.read_text(encoding="utf-8")
    page.get_by_role("button", name="Draw a zone").click()
    click(page, (0.05, 0.5), (0.3, 0.5), (0.3, 0.9))
    shoot(page, "drawing")
    page.keyboard.press("Enter")
    card = page.locator("[data-card='zones-1']")
    card.locator("[data-field='name']").fill("lawn")
    card.locator("[data-field='add']").select_option("crowd")
    card.locator("[data-field='count']").fill("6")
    page.get_by_role("button", name="Draw a line").click()
    click(page, (0.1, 0.45), (0.9, 0.45))
    page.locator("[data-field='direction']").select_option("b_to_a")
    page.get_by_role("button", name="Draw a privacy area").click()
    click(page, (0.8, 0.05), (0.95, 0.05), (0.95, 0.2), (0.8, 0.05))
    expect(page.locator("#state")).to_have_text("Unsaved changes")
    shoot(page, "unsaved")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#message")).to_contain_text("Saved")
    shoot(page, "saved")
    camera = load_configuration(site).settings.cameras[0]
    assert [zone.name for zone in camera.zones] == ["courtyard", "lawn"]
    assert [b.type for b in camera.zones[1].behaviours] == ["intrusion", "crowd"]
    drawn = [number for point in camera.zones[1].polygon for number in point]
    assert drawn == pytest.approx([0.05, 0.5, 0.3, 0.5, 0.3, 0.9], abs=5e-3)
    assert camera.lines[0].direction == "b_to_a"
    assert len(camera.privacy) == 2
    text = site.read_text(encoding="utf-8")
    assert "# measured with the neighbours" in text
    assert "# the first of May" in text
    assert site.with_name("edge.yaml.before-zones").read_text(encoding="utf-8") == before
    # what was drawn as private is black from now on
    page.wait_for_timeout(500)  # an answer under way
    expect(page.locator("#live.on")).to_be_visible(timeout=60_000)
    assert max(pixel(page, 0.92, 0.08)) < 20


def _middle(page: Page, what: str) -> tuple[float, float]:
    """Where ``what`` is on the page; each new picture draws the handles anew, so it may be gone."""
    deadline = time.monotonic() + 20
    while (box := page.locator(what).bounding_box()) is None:
        assert time.monotonic() < deadline, f"{what} is not drawn"
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_point_is_dragged_added_and_removed(page: Page, site: Path) -> None:
    page.locator("[data-card='zones-0'] > button").click()
    box = page.locator("#canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.8 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.9 * box["height"], steps=5)
    page.mouse.up()
    page.mouse.move(*_middle(page, "[data-mid='3']"))
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    expect(page.locator(".handle[data-vertex]")).to_have_count(5)
    page.keyboard.press("Delete")
    expect(page.locator(".handle[data-vertex]")).to_have_count(4)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#message")).to_contain_text("Saved")
    polygon = load_configuration(site).settings.cameras[0].zones[0].polygon
    assert polygon[2] == pytest.approx((0.9, 0.9), abs=5e-3)
    assert len(polygon) == 4


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(page: Page, site: Path) -> None:
    before = site.read_bytes()
    page.locator("[data-card='zones-0'] > button").click()
    page.locator("[data-field='dwell']").fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#message")).to_contain_text("Not saved")
    field = page.locator(".field.bad", has=page.locator("[data-field='dwell']"))
    expect(field).to_contain_text("did you mean 5s?")
    shoot(page, "wrong")
    page.get_by_role("button", name="中文").click()
    expect(field).to_contain_text("应为带单位的时长")
    expect(field).to_contain_text("（是否想写 5s？）")
    expect(page.locator("#message")).to_have_text("未保存，请改正标红处。")
    shoot(page, "wrong-zh")
    assert site.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_not_overwritten(page: Page, site: Path) -> None:
    site.write_text(site.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    page.locator("[data-card='zones-0'] > button").click()
    page.locator("[data-field='title']").fill("院子")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#message")).to_contain_text("Somebody else changed the file")
    assert "院子" not in site.read_text(encoding="utf-8")


def test_the_page_speaks_both_languages(page: Page) -> None:
    expect(page.locator("#save")).to_have_text("Save")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#save")).to_have_text("保存")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.locator("[data-card='zones-0'] > button").click()
    shoot(page, "zh")


def test_the_address_opens_once(page: Page, chromium: Browser, site: Path, shared: Path) -> None:
    with zones_page(site, shared) as address:
        first, second = chromium.new_context(), chromium.new_context()
        assert first.new_page().goto(address).status == 200  # type: ignore[union-attr]
        again = second.new_page().goto(address)
        assert again
        assert again.status == 403
        assert "token" not in first.pages[0].url
        first.close()
        second.close()
