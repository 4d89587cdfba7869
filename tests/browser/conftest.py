"""`assistant web` in a process of its own, and a real Chromium that visits it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from model_server import KEY, ModelServer, serving
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

SCRIPT = Path(sys.executable).with_name("assistant")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",  # root has no sandbox; only our own page is visited
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
SECONDS_TO_START = 60
MILLISECONDS_TO_WAIT = 20_000


# Used by itself, so that no server is started for a browser that is not there.
@pytest.fixture(scope="session", autouse=True)
def executable() -> str:
    """The browser of this system. Where there is none, these tests are skipped; in CI they fail."""
    found = next(filter(None, map(shutil.which, BROWSERS)), "")
    if not found:
        missing = f"none of {', '.join(BROWSERS)} is installed (Debian: apt install chromium fonts-noto-cjk)"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return found


# Of a module, not of the session: while Playwright runs, no asynchronous test can run in the same process.
@pytest.fixture(scope="module")
def chromium(executable: str) -> Iterator[Browser]:
    expect.set_options(timeout=MILLISECONDS_TO_WAIT)  # its own five seconds are few where two share a core
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=executable, args=FLAGS) as browser:
        yield browser


# --- The server ---


@dataclass(frozen=True)
class Site:
    """A running `assistant web`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(frozen=True)
class ModelSite(Site):
    """One that asks a model; `model.mode` is the key of `model_server.MODES` that the next request meets."""

    model: ModelServer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def web(folder: Path, *arguments: str, **env: str) -> Iterator[Site]:
    """Run `assistant web` until the block ends; raises AssertionError with its log where it does not come up."""
    port = free_port()
    site_url = f"http://127.0.0.1:{port}/"
    log = folder / "web.log"
    command = [str(SCRIPT), "web", "--port", str(port), *arguments]
    with log.open("wb") as output, started(command, output, os.environ | env) as process:
        deadline = time.monotonic() + SECONDS_TO_START
        while not answers(site_url):
            assert process.poll() is None, f"it ended with code {process.returncode}:\n{log.read_text('utf-8')}"
            assert time.monotonic() < deadline, f"no page in {SECONDS_TO_START} s:\n{log.read_text('utf-8')}"
            time.sleep(0.1)
        yield Site(site_url, process, log)


@contextmanager
def started(command: list[str], output: IO[bytes], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=env) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The bundled speech, answered offline."""
    with web(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def running_model_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelSite]:
    """The bundled speech, answered by the model server of the tests."""
    with serving() as model:
        settings = {
            "ASSISTANT_MODEL": "openai:told",
            "ASSISTANT_BASE_URL": model.url,
            "ASSISTANT_API_KEY": KEY,
            "ASSISTANT_MAX_RETRIES": "0",
        }
        with web(tmp_path_factory.mktemp("model-site"), **settings) as running:
            yield ModelSite(running.url, running.process, running.log, model)


@pytest.fixture
def site_with_model(running_model_site: ModelSite) -> ModelSite:
    """The same, and the model is a good one again."""
    running_model_site.model.mode = "good"
    running_model_site.model.requests.clear()
    running_model_site.model.gone.clear()
    return running_model_site


# --- The visitors ---


class Visit:
    """Opens pages, each for a visitor of its own, and notes what they ask for and what they complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.contexts: list[BrowserContext] = []
        self.origins: list[str] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        """Errors on the console and exceptions nobody caught. A test that provokes one clears them."""

    def __call__(
        self, url: str, *, width: int = 1280, height: int = 800, dark: bool = False, language: str = "zh-CN"
    ) -> Page:
        """Return the page of a new visitor, ready to be asked."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale=language,
            permissions=["clipboard-read", "clipboard-write"],
            accept_downloads=True,
        )
        context.set_default_timeout(MILLISECONDS_TO_WAIT)
        context.tracing.start(screenshots=True, snapshots=True)
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.contexts.append(context)
        self.origins.append("/".join(url.split("/")[:3]) + "/")
        page = context.new_page()
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.goto(url)
        page.wait_for_selector("textarea:not([disabled])")
        return page

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")

    @property
    def outside(self) -> list[str]:
        """What was asked of anyone but the servers visited."""
        return [url for url in self.requests if not url.startswith((*self.origins, "data:", "blob:", "about:"))]

    def keep(self, folder: Path) -> list[Path]:
        """Write a screenshot of every open page and the trace of every visitor; return the files."""
        files = []
        for number, context in enumerate(self.contexts, 1):
            for page in context.pages:
                files.append(folder / f"page-{number}.png")
                page.screenshot(path=files[-1])
            files.append(folder / f"trace-{number}.zip")
            context.tracing.stop(path=files[-1])
        return files


VISIT = pytest.StashKey[tuple[Visit, Path]]()


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    """Opens pages. Afterwards nothing may have been asked of another server and no page may have complained."""
    visit = Visit(chromium)
    request.node.stash[VISIT] = visit, tmp_path
    yield visit
    for context in visit.contexts:
        context.close()
    assert visit.outside == []
    assert visit.complaints == []


@pytest.fixture
def page(visit: Visit, site: Site) -> Page:
    """The page on a wide screen, light, in Chinese, answered offline."""
    return visit(site.url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the browser showed when a test failed; `playwright show-trace` opens a trace."""
    report = yield
    if call.when == "call" and report.failed and VISIT in item.stash:
        visit, folder = item.stash[VISIT]
        report.sections.append(("Browser", "\n".join(map(str, visit.keep(folder)))))
    return report


def faults(page: Page) -> list[str]:
    """Return the serious and critical faults that axe finds on the page as it stands, a line each."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{fault['id']} ({fault['impact']}): {node['target']} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
