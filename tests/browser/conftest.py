"""A small demonstration site and a real browser, once for the run.

Sockets are off in every other test; here they are on, for 127.0.0.1 only in effect: the site binds nothing
else, and the browser is told to fetch nothing by itself.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = PROJECT / "screenshots"
PEOPLE = 400
PASSWORD = "commonweal-demo"
HERE = ("http://127.0.0.1:", "http://localhost:")  # this machine; a passkey belongs to a name
SIGNED_IN: dict[tuple[str, str], list[Any]] = {}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder opens pages, so it may open sockets."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.enable_socket)


@dataclass
class Site:
    """A running demonstration: where it answers, and what `commonweal demo` said of it."""

    url: str
    home: Path
    demo: dict[str, Any]

    @property
    def truth(self) -> Path:
        return Path(self.demo["truth"])

    def runs(self, *words: str) -> str:
        """What `commonweal WORDS` prints, run on this site's home while it serves."""
        done = subprocess.run(
            [*_command(), *words], env=_environment(self.home), capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """`commonweal demo` in a home of its own, then `commonweal serve` on a free port."""
    if not AXE.exists():
        pytest.fail("front-end packages are missing; run `make setup`", pytrace=False)
    ready = os.environ.get("COMMONWEAL_BROWSER_HOME")  # a home made before, while working on a page
    home = Path(ready) if ready else Path(tempfile.mkdtemp(prefix="commonweal-browser-"))
    env = _environment(home)
    # The printed result is kept beside the home, so that a ready home can be used again.
    kept = home / "demo.json"
    if not kept.exists():
        made = subprocess.run(
            [*_command(), "demo", "--people", str(PEOPLE), "--seed", "1", "--no-serve", "--json"],
            env=env,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        if made.returncode:
            pytest.fail(f"`commonweal demo` failed:\n{made.stderr[-4000:]}", pytrace=False)
        kept.write_text(made.stdout)
    port = _free_port()
    log = (home / "serve.log").open("w")
    server = subprocess.Popen(
        [*_command(), "serve", "--port", str(port), "--workers", "1"], env=env, stdout=log, stderr=log
    )
    try:
        site = Site(f"http://127.0.0.1:{port}", home, json.loads(kept.read_text()))
        _await(site.url, server, home / "serve.log")
        yield site
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(90)
        log.close()
        if not ready:
            shutil.rmtree(home, ignore_errors=True)


def _environment(home: Path) -> dict[str, str]:
    """The environment of a command on this home, whatever other tests have set."""
    env = {key: value for key, value in os.environ.items() if key not in {"COMMONWEAL_DB_ROLE", "COMMONWEAL_DB_NAME"}}
    return env | {"COMMONWEAL_HOME": str(home), "COMMONWEAL_PROJECT": str(PROJECT)}


def _command() -> list[str]:
    # Not `python -c`: DuckDB takes a main module without a file for somebody typing, and draws them progress bars.
    return [sys.executable, "-m", "commonweal.cli.main"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait up to three minutes for the first answer: the machine may be at other work too."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends:
        if server.poll() is not None:
            pytest.fail(f"`commonweal serve` ended at once:\n{log.read_text()[-4000:]}", pytrace=False)
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the site did not answer within three minutes:\n{log.read_text()[-4000:]}", pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail(
            "no Chromium was found; on Debian or Ubuntu run `sudo apt-get install chromium`, "
            "or run `.ci/run`, which does",
            pytrace=False,
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody at a browser. ``faults`` collects what the page complained of."""

    page: Page
    site: Site
    faults: list[str] = field(default_factory=list)

    def opens(self, path: str) -> int:
        """Go to an address of the site; returns the status of the answer."""
        answer = self.page.goto(self.site.url + path)
        assert answer is not None
        return answer.status

    def signs_in(self, username: str) -> "Visitor":
        """Sign in by the page, once for each user name; later visitors carry the first one's cookies."""
        kept = SIGNED_IN.get((self.site.url, username))
        if kept:
            self.page.context.add_cookies(kept)
            return self
        self.signs_in_by_the_page(username)
        SIGNED_IN[self.site.url, username] = list(self.page.context.cookies())
        return self

    def signs_in_by_the_page(self, username: str) -> "Visitor":
        """Type user name and password."""
        self.opens("/sign-in")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()
        return self

    def finds(self, nhs_number: str) -> None:
        """Search by NHS number, and stay on the results."""
        self.opens("/people")
        self.page.get_by_label("NHS number").fill(nhs_number)
        self.page.get_by_role("button", name="Find", exact=True).click()
        self.page.locator("#results").wait_for()

    def opens_record(self, nhs_number: str) -> None:
        """Search by NHS number and open the one record found."""
        self.finds(nhs_number)
        self.page.get_by_role("table").get_by_role("link").first.click()
        self.page.locator(".cw-banner").wait_for()

    def sees_no_barrier(self, name: str) -> None:
        """axe-core finds nothing against WCAG 2.2 AA, the page does not scroll sideways at 320 pixels, and
        nothing was refused by the content policy. Leaves wide and narrow screenshots to look at.
        """
        SCREENSHOTS.mkdir(exist_ok=True)
        size = self.page.viewport_size
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        found = self.axe()
        assert not found, f"{name}: " + "; ".join(found)
        self.page.set_viewport_size({"width": 320, "height": 640})
        self.page.screenshot(path=SCREENSHOTS / f"{name}-320.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        offenders = self.page.evaluate(_WIDE) if wide > 320 else []
        assert wide <= 320, f"{name}: the page is {wide} pixels wide at 320: {offenders}"
        found = self.axe(colours=False)  # colours are the same at any width, and the slowest thing to check
        assert not found, f"{name} at 320 pixels: " + "; ".join(found)
        if size:
            self.page.set_viewport_size(size)
        assert not self.faults, f"{name}: {self.faults}"

    def axe(self, colours: bool = True) -> list[str]:
        """Each violation with the first element it concerns. Runs through the debugger, past the content policy."""
        self.page.evaluate(AXE.read_text())
        result = self.page.evaluate(
            "colours => axe.run(document, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: colours}},"
            " runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})",
            colours,
        )
        return [
            f"{rule['id']} ({rule['help']}): {rule['nodes'][0]['html'][:99]} {rule['nodes'][0]['failureSummary'][:200]}"
            for rule in result["violations"]
        ]


_WIDE = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > 321
  && !e.closest('.cw-scroll, .cw-chart')).slice(0, 5).map(e => e.tagName + '.' + e.className)"""


@pytest.fixture
def visitor(site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a browser profile of their own; options go to the browser context."""
    contexts: list[BrowserContext] = []

    def arrives(**options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        visitor = Visitor(context.new_page(), site)
        visitor.page.on("pageerror", lambda error: visitor.faults.append(f"script error: {error}"))
        visitor.page.on(
            "console",
            lambda message: visitor.faults.append(message.text) if "Content Security Policy" in message.text else None,
        )
        visitor.page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((*HERE, "data:", "about:", "blob:"))
                else visitor.faults.append(f"asked another host: {request.url}")
            ),
        )
        return visitor

    yield arrives
    for context in contexts:
        context.close()
