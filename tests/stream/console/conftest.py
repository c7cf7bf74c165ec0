"""One browser for all tests of the page; each begins without cookies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.broker.chromium import Chromium, find_chromium
from tests.broker.packages import NoPackages
from tests.leaving import leave_out
from tests.stream.console.webdriver import Browser, browse, driving


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """Chromium; where it cannot be had, the test is left out, loudly."""
    try:
        return find_chromium()
    except NoPackages as error:
        leave_out(f"no Chromium: {error}")


@pytest.fixture(scope="session")
def window(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("chromium")
    with driving(chromium, folder) as driver:
        browser = browse(driver, chromium, folder / "profile")
        yield browser
        browser.close()


@pytest.fixture
def browser(window: Browser) -> Browser:
    window.open("about:blank")
    window.command("Network.clearBrowserCookies")
    window.prefer("light")
    window.logs("browser")
    window.logs("performance")
    return window
