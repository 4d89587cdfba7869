"""The fixtures themselves: a page comes up, is watched, and is kept where a test fails."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import ModelSite, Site, Visit, faults

pytestmark = pytest.mark.slow

DEAD = "http://127.0.0.1:9/"


def test_page_comes_up_and_asks_nobody_else(page: Page, visit: Visit, site: Site) -> None:
    expect(page.locator("textarea").first).to_be_editable()
    assert site.process.poll() is None
    assert visit.requests
    assert visit.outside == []


def test_visitor_has_the_screen_and_the_language_asked_for(visit: Visit, site: Site) -> None:
    page = visit(site.url, width=390, dark=True, language="en-US")
    assert page.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]
    assert page.evaluate("navigator.language") == "en-US"
    assert page.locator("html").get_attribute("lang") == "en"


def test_request_to_another_server_is_stopped_and_seen(page: Page, visit: Visit) -> None:
    page.evaluate("url => fetch(url).catch(() => null)", DEAD)
    # The page's content security policy keeps it in the browser, which complains.
    assert visit.outside == []
    assert [complaint for complaint in visit.complaints if DEAD in complaint]
    visit.complaints.clear()


def test_uncaught_exception_is_seen(page: Page, visit: Visit) -> None:
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('oops') })")
    assert any("oops" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


def test_fault_of_accessibility_is_seen(page: Page) -> None:
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any(line.startswith("button-name (critical)") for line in faults(page))


def test_failed_test_leaves_pictures_and_traces(page: Page, visit: Visit, tmp_path: Path) -> None:
    assert page.url
    assert [file.name for file in visit.keep(tmp_path)] == ["page-1.png", "trace-1.zip"]
    assert all(file.stat().st_size > 1000 for file in tmp_path.iterdir())


def test_model_is_what_the_test_says(site_with_model: ModelSite, visit: Visit) -> None:
    assert visit(site_with_model.url).url == site_with_model.url
    assert site_with_model.model.mode == "good"
