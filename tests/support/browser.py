"""A real Chromium, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
# Quiet and without a sandbox, which a container does not allow; linli.test is a name that is not
# localhost, as a hub without https has in a county.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP linli.test 127.0.0.1",
)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser until the block ends; a machine without one cannot say that the pages work.

    Hold it in a fixture of a module, not of the session: while it runs, Playwright's event loop
    runs in this thread, and no other test can start one.
    """
    assert CHROMIUM.exists(), "chromium is missing: apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
