"""A real Chromium, and all that goes wrong in a page of it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=30_000)  # a busy machine is no fault


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; without one the test is skipped, unless REQUIRE_BROWSER=1."""
    program = os.environ.get("BROWSER_EXECUTABLE") or shutil.which("chromium")
    if program is None:
        missing = "No Chromium: install Debian's chromium, or set BROWSER_EXECUTABLE."
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, what its scripts complained of, and what it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@contextmanager
def opened(browser: Browser, url: str, width: int, height: int, **more: bool) -> Iterator[Watched]:
    """Open a page in a window of its own; `more` as for a context of Playwright's."""
    context = browser.new_context(viewport={"width": width, "height": height}, **more)  # type: ignore[arg-type]
    watched = Watched(context.new_page())
    watched.page.on("console", watched.hear)
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.goto(url)
    yield watched
    context.close()
