"""The built site on a loopback server, and a browser that reaches nothing else."""

import functools
import http.server
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from .engines import FLAGS, program

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "_build" / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, *_):
        pass


class Counting(Quiet):
    """A file server that notes in `server.sent` what it sends: the path and the number of bytes."""

    def send_head(self):
        file = super().send_head()
        if hasattr(file, "fileno"):
            path = urlsplit(self.path).path
            self.server.sent.append((path, (file.seek(0, 2), file.seek(0))[0]))
        return file


@pytest.fixture(scope="session")
def site_server():
    """The server of the built site, with `address` and `sent`."""
    if not (BUILT / "index.html").exists():
        pytest.fail("the site is not built: run `make site` (`make test` does)")
    handler = functools.partial(Counting, directory=str(BUILT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.sent, server.address = [], f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def site(site_server):
    """The address of the built site."""
    return site_server.address


@pytest.fixture(scope="session")
def chromium():
    """A running browser."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program("chromium"), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_page(chromium):
    """open_page(address, width, dark): a page that remembers everything that went wrong on it."""
    contexts = []

    def open_it(address, width=1280, dark=False):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.trouble = []
        origin = "/".join(address.split("/")[:3])
        page.on("console", lambda m: m.type == "error" and page.trouble.append(f"console: {m.text}"))
        page.on("pageerror", lambda e: page.trouble.append(f"script error: {e}"))
        page.on("response", lambda r: r.status >= 400 and page.trouble.append(f"{r.status}: {r.url}"))
        page.on(
            "request",
            lambda r: (
                not r.url.startswith((origin, "data:", "blob:"))
                and page.trouble.append(f"request to outside: {r.url}")
            ),
        )
        page.goto(address)
        page.wait_for_function(
            "!document.querySelector('script[src*=mathjax]') || window.MathJax?.startup?.promise"
        )
        page.evaluate("window.MathJax?.startup?.promise")
        page.wait_for_load_state("networkidle")
        return page

    yield open_it
    for context in contexts:
        context.close()
