"""The docs lead somewhere: links, pictures, anchors, and the same in both languages."""

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, headings, links, pages, prose

PAGES = pages()


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_the_pages_are_found() -> None:
    found = {named(page) for page in PAGES}
    assert {"README.md", "README.zh-CN.md", "docs/architecture.md", "CONTRIBUTING.md"} <= found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_pictures_resolve(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{named(page)}: {link}: no such file"
        assert file.is_relative_to(ROOT), f"{named(page)}: {link}: outside the project"
        if anchor:
            assert anchor in anchors(file), f"{named(page)}: {link}: no such heading"


@pytest.mark.parametrize("page", [p for p in PAGES if ".zh-CN" in p.name], ids=named)
def test_a_translation_has_the_shape_of_its_original(page: Path) -> None:
    original = page.with_name(page.name.replace(".zh-CN", ""))
    assert [h.level for h in headings(page)] == [h.level for h in headings(original)]
    assert len(links(page)) == len(links(original))
    for marker in ("```", "\n|", "\n- ", "\n1. "):
        ours, theirs = page.read_text("utf-8"), original.read_text("utf-8")
        assert ours.count(marker) == theirs.count(marker), f"{named(page)}: {marker!r}"


def test_everything_a_user_reads_has_a_translation() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs" / "guides").glob("*.md")]:
        other = page if ".zh-CN" in page.name else page.with_name(f"{page.stem}.zh-CN.md")
        assert other.exists(), named(page)


@pytest.mark.parametrize("index", ["README.md", "README.zh-CN.md"])
def test_every_page_is_in_the_index(index: str) -> None:
    folder, chinese = ROOT / "docs", ".zh-CN" in index
    listed = {(folder / link).resolve() for link in links(folder / index)}
    for page in (*folder.glob("*.md"), *(folder / "guides").glob("*.md")):
        if page.name.startswith("README") or ".zh-CN" in page.name:
            continue
        translated = page.with_name(f"{page.stem}.zh-CN.md")
        wanted = translated if chinese and translated.exists() else page
        assert wanted in listed, f"docs/{index}: {named(wanted)}"


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(links(folder / "README.md"))
    for page in folder.glob("[0-9]*.md"):
        assert page.name in listed, page.name
        assert headings(page)[0].text.startswith(page.name[:4])
        assert "Status: " in prose(page)
