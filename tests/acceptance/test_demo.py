"""`attune demo` as a process of its own, and a visitor with a real browser who lives a week in it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.browser import chromium, opened
from tests.acceptance.process import Installation, Running

pytestmark = [pytest.mark.process, pytest.mark.browser]

SCREENSHOT = Path(__file__).parents[2] / "docs" / "images" / "demo.png"


# For this module only: Playwright's loop would disturb asyncio tests that run after it.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def demo(empty: Installation) -> Iterator[Running]:
    """The demo, beside settings of a real installation that must not matter to it."""
    empty.environment |= {
        "ATTUNE_DATABASE_URL": f"sqlite:///{empty.home}/real.db",
        "ATTUNE_NOTIFIERS__TWILIO__ACCOUNT_SID": "AC",
    }
    with empty.running("demo", "--port", "0") as demo:
        yield demo
    assert list(empty.home.iterdir()) == []


def bubbles(page: Page, number: int) -> Locator:
    return page.get_by_test_id(f"phone-{number}").get_by_test_id("bubble")


def assert_accessible(page: Page) -> None:
    # What is still fading in has less contrast than it will have.
    page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished)).then(() => null)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_week_in_a_minute(demo: Running, browser: Browser) -> None:
    with opened(browser, demo.url, 1440, 900) as watched:
        page = watched.page
        # Both have been asked, have said yes, and were welcomed.
        for number in (0, 1):
            expect(bubbles(page, number)).to_have_count(3)
            expect(page.get_by_test_id(f"phone-{number}")).to_contain_text("Welcome to Attune")
        expect(page.get_by_test_id("decisions").locator("li")).to_have_count(0)
        assert_accessible(page)

        due = page.get_by_test_id("due").inner_text()
        page.get_by_test_id("next").click()
        expect(page.get_by_test_id("clock")).to_have_text(due)
        for number in (0, 1):
            expect(bubbles(page, number)).to_have_count(4)
            expect(bubbles(page, number).last).to_be_in_viewport()
        expect(page.get_by_test_id("decisions").locator("li")).to_have_count(2)
        expect(page.get_by_test_id("decisions")).to_contain_text("Due, and not done yet.")

        page.get_by_test_id("reply-0").fill("done")
        page.get_by_test_id("send-0").click()
        expect(bubbles(page, 0)).to_have_count(6)
        expect(bubbles(page, 0).nth(4)).to_contain_text("understood: done")
        expect(page.get_by_test_id("reply-0")).to_have_value("")
        expect(page.get_by_test_id("streak-0")).to_contain_text("1 day practised")
        expect(page.get_by_test_id("streak-1")).not_to_contain_text("1 day practised")
        page.get_by_test_id("quick-1").get_by_role("button", name="👍").click()
        expect(bubbles(page, 1)).to_have_count(6)
        expect(page.get_by_test_id("streak-1")).to_contain_text("1 day practised")

        live_a_week(page)
        assert page.get_by_test_id("streak-0").inner_text() != page.get_by_test_id("streak-1").inner_text()
        expect(page.get_by_test_id("phone-0")).to_contain_text("Weekly check-in")
        expect(page.get_by_test_id("decisions")).to_contain_text("quiet")
        expect(page.get_by_test_id("error")).to_be_empty()
        assert_accessible(page)
        if os.environ.get("SCREENSHOT"):
            page.mouse.move(0, 0)
            page.screenshot(path=SCREENSHOT, animations="disabled")
        # The page is still open, and asks once a second.
        demo.stop(signal.SIGINT)
        demo.assert_silent_about("+1202", "wonderful")
        assert watched.complaints == []
        assert {url.split("/phone")[0].split("/static")[0] for url in watched.requests} == {
            demo.url.removesuffix("/phone")
        }


ALEX: tuple[list[str], ...] = (
    ["done"],
    ["1", "2"],
    ["1", "1"],
    ["done"],
    ["4 3 5", "1"],
    ["👍", "2"],
    ["done"],
)
SAM: tuple[list[str], ...] = (["done"], [], ["skip"], ["pause 2 days"], [], ["1"], ["streak"])
"""What the two say on each day of a week."""


def live_a_week(page: Page) -> None:
    """Step seven days and answer on each."""
    for texts in zip(ALEX, SAM, strict=True):
        before = page.get_by_test_id("clock").inner_text()
        page.get_by_test_id("day").click()
        expect(page.get_by_test_id("clock")).not_to_have_text(before)
        expect(page.get_by_test_id("day")).to_be_enabled()
        for number, said in enumerate(texts):
            for text in said:
                say(page, number, text)


def say(page: Page, number: int, text: str) -> None:
    count = bubbles(page, number).count()
    page.get_by_test_id(f"reply-{number}").fill(text)
    page.get_by_test_id(f"send-{number}").click()
    expect(bubbles(page, number)).to_have_count(count + 2)


def test_on_a_small_screen_and_it_says_when_it_has_ended(demo: Running, browser: Browser) -> None:
    with opened(browser, demo.url, 390, 844, has_touch=True, is_mobile=True) as watched:
        page = watched.page
        expect(page.get_by_test_id("phone-0")).to_be_visible()
        expect(page.get_by_test_id("phone-1")).to_be_hidden()
        page.get_by_test_id("next").tap()
        expect(bubbles(page, 0)).to_have_count(4)
        expect(page.get_by_role("button", name="Sam, new message")).to_be_visible()
        assert_accessible(page)
        page.get_by_test_id("tab-1").tap()
        expect(page.get_by_test_id("phone-0")).to_be_hidden()
        expect(bubbles(page, 1).last).to_be_in_viewport()
        page.get_by_test_id("reply-1").fill("<b>we did it</b>")
        page.get_by_test_id("send-1").tap()
        expect(bubbles(page, 1)).to_have_count(6)
        expect(bubbles(page, 1).nth(4)).to_contain_text("<b>we did it</b>")
        assert page.locator(".bubble b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        page.get_by_test_id("tab-why").tap()
        expect(page.get_by_test_id("decisions").locator("li")).to_have_count(2)
        expect(page.get_by_test_id("decisions")).to_be_visible()
        assert_accessible(page)
        assert watched.complaints == []
        demo.stop(signal.SIGTERM)
        expect(page.get_by_test_id("error")).to_contain_text("Attune has stopped")
        assert [text for text in watched.complaints if "ERR_CONNECTION_REFUSED" not in text] == []
