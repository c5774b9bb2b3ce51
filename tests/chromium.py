"""A real Chromium: pages as people have them before their eyes, kept in build/screenshots, and what axe finds in them."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 360, "height": 740}
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """The browser that is installed on this machine; it fetches nothing, and neither does the driver."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.skip("needs a Chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, **settings):
    """A page of its own; what it asks of the network, and what goes wrong in it, fails the test.

    `settings` are Playwright's: viewport, color_scheme, java_script_enabled ...
    """
    context = browser.new_context(**settings)
    page = context.new_page()
    wrong = []
    page.on("request", lambda request: request.url.startswith(own_address(address)) or wrong.append(request.url))
    page.on("console", lambda message: message.type in ("error", "warning") and wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        page.goto(str(address))
        yield page
        assert wrong == []
    finally:
        context.close()


def own_address(address):
    """What all that a page may ask for begins with: the page of a file asks for nothing else, a server's for its own."""
    return address if address.startswith("file:") else "/".join(address.split("/")[:3])


def screenshot(page, name, **settings):
    """Keep how a page looks."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **settings)


def hindrances(page):
    """What axe finds that keeps people from reading a page: the serious and the critical, with where it is."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        (one["id"], node["target"], node["failureSummary"])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
