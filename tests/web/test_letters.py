"""A person's own pages in a real browser: without scripts, by tapping, on a small screen."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from service import links
from service.web.app import create_app
from tests.acceptance.browser import chromium, opened
from tests.web.conftest import SQLITE
from tests.web.serving import Web, serving
from tests.world import World

pytestmark = [pytest.mark.browser, SQLITE]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    with serving(create_app(world.site)) as web:
        yield web


def test_a_question_is_answered_by_a_tap(world: World, web: Web, browser: Browser) -> None:
    alex = world.enrol("Alex")
    world.run()
    path = "/r/" + links.sign(world.site, links.REPLY, world.nudges(alex)[0].id)
    with opened(browser, web.url + path, 390, 844, java_script_enabled=False, has_touch=True) as watched:
        page = watched.page
        expect(page.get_by_role("heading")).to_have_text("Would you like these messages?")
        page.get_by_role("button", name="YES").tap()
        expect(page.get_by_role("status")).to_contain_text("Welcome to Attune")
        page.get_by_label("Anything else?").fill("habits")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("on your list yet")
        assert watched.complaints == []


def test_all_messages_are_ended_by_a_tap(world: World, web: Web, browser: Browser) -> None:
    alex = world.join("Alex")
    address = world.address("Alex")
    assert address is not None
    path = "/u/" + links.sign(world.site, links.UNSUBSCRIBE, address.id)
    with opened(browser, web.url + path, 390, 844, java_script_enabled=False, has_touch=True) as watched:
        assert world.person(alex).stopped_at is None
        watched.page.get_by_role("button", name="Stop all messages").tap()
        expect(watched.page.get_by_role("heading")).to_have_text("All messages are stopped")
        assert watched.complaints == []
    assert world.person(alex).stopped_at is not None


def test_the_pages_are_accessible(world: World, web: Web, browser: Browser) -> None:
    alex = world.enrol("Alex")
    world.run()
    address = world.address("Alex")
    assert address is not None
    reply = "/r/" + links.sign(world.site, links.REPLY, world.nudges(alex)[0].id)
    for path in (reply, "/u/" + links.sign(world.site, links.UNSUBSCRIBE, address.id), "/r/gone"):
        with opened(browser, web.url + path, 390, 844) as watched:
            found = Axe().run(watched.page)
            assert found.violations_count == 0, found.generate_report()
            assert watched.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
            assert [text for text in watched.complaints if "404" not in text] == []
