"""One small set of words for three browsers: Chromium, Firefox and WebKit, which is Safari's engine.

Chromium is driven by Playwright, the distribution's Firefox by Marionette, WebKitGTK by its WebDriver.
Each `start` gives a `Browser` with one window and a fresh profile; no host but our own is reached.
"""

import contextlib
import http.server
import os
import re
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod

import pytest
from marionette_driver.marionette import Marionette
from playwright.sync_api import sync_playwright
from selenium import webdriver
from tools import browser as browser_tool

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Every host but our own is unknown; Playwright's route() would disable the HTTP cache.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SECONDS = 60  # the machine may be busy; nothing here is a measurement
# What a WebDriver calls these keys.
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "End": "\ue010",
        "Enter": "\ue007", "Space": " ", "Shift": "\ue008"}  # fmt: skip


class Browser(ABC):
    """A window of a browser."""

    name = ""
    arrows_choose = True  # in WebKitGTK an arrow key opens the list of a select
    address = None

    def __init__(self, driver, outside):
        self.driver, self.outside = driver, outside  # other hosts that a page asked for

    def visit(self, address):
        """Open an address, unless it is the one that was opened last."""
        if address != self.address:
            self.go(address)

    def go(self, address):
        """Open an address and wait until it is loaded."""
        self.address = address
        self.load(address)

    @abstractmethod
    def load(self, address):
        """Open an address and wait until it is loaded."""

    @abstractmethod
    def run(self, body, *arguments):
        """What this body of a function returns on the page, a promise awaited; its arguments are `arguments`."""

    @abstractmethod
    def press(self, selector, key):
        """Press a key on the first element, such as "Enter" or "Shift+Enter"; or type any other text."""

    @abstractmethod
    def click(self, selector):
        """Click on the first element."""

    @abstractmethod
    def choose(self, selector, value):
        """Choose an option by its text or value."""

    @abstractmethod
    def resize(self, width):
        """Make the window as wide as this, or as narrow as it can be."""

    @abstractmethod
    def picture(self, path):
        """Save what the window shows as PNG."""

    def until(self, condition, *arguments, seconds=SECONDS):
        """Wait until an expression holds on the page; its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(f"return {condition}", *arguments)):
            if time.monotonic() > end:
                foot = self.run("return document.querySelector('.bp-live-status')?.innerText ?? ''")
                raise AssertionError(f"{self.name}: in {seconds} s never {condition} {arguments}; {foot!r}")
            time.sleep(0.05)
        return value

    def text(self, selector):
        """The text content of the first element, None where there is none."""
        return self.run("return document.querySelector(arguments[0])?.textContent ?? null", selector)


class Chromium(Browser):
    """Playwright's page."""

    name = "chromium"

    @property
    def page(self):
        return self.driver

    def load(self, address):
        self.page.goto(address)

    def run(self, body, *arguments):
        return self.page.evaluate(f"list => (function () {{ {body} }})(...list)", list(arguments))

    def press(self, selector, key):
        field = self.page.locator(selector).first
        field.focus()
        if key.split("+")[0] in KEYS:
            self.page.keyboard.press(key)
        else:
            self.page.keyboard.insert_text(key)

    def click(self, selector):
        self.page.locator(selector).first.click()

    def choose(self, selector, value):
        self.page.locator(selector).first.select_option(value)

    def resize(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})

    def picture(self, path):
        self.page.screenshot(path=path)


class Driven(Browser):
    """What Marionette and WebDriver have in common: the elements."""

    def element(self, selector):
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
        return self.driver.find_element("css selector", selector)

    def press(self, selector, key):
        parts = key.split("+") if key.split("+")[0] in KEYS else [key]
        self.element(selector).send_keys("".join(KEYS.get(part, part) for part in parts))

    def click(self, selector):
        self.element(selector).click()

    def choose(self, selector, value):
        number = self.run(
            "return [...document.querySelector(arguments[0]).options]"
            ".findIndex(one => [one.value, one.text].includes(arguments[1]))",
            selector,
            value,
        )
        self.element(f"{selector} option:nth-of-type({number + 1})").click()


class Firefox(Driven):
    """Marionette's session."""

    name = "firefox"

    def load(self, address):
        self.driver.navigate(address)

    def run(self, body, *arguments):
        return self.driver.execute_script(body, script_args=list(arguments), sandbox=None)

    def resize(self, width):
        self.driver.set_window_rect(width=width, height=900)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(self.driver.screenshot(format="binary", full=False))


class WebKit(Driven):
    """WebKitGTK's session."""

    name = "webkit"
    arrows_choose = False

    def load(self, address):
        self.driver.get(address)

    def run(self, body, *arguments):
        return self.driver.execute_script(body, *arguments)

    def resize(self, width):
        self.driver.set_window_size(width, 900)

    def picture(self, path):
        self.driver.save_screenshot(path)


class Outside(http.server.BaseHTTPRequestHandler):
    """A proxy that notes which other hosts are asked for, and reaches none."""

    def refuse(self):
        if not any(host in self.path for host in self.server.own):
            self.server.asked.append(self.path)
        self.send_error(502)

    do_GET = do_POST = do_CONNECT = do_HEAD = refuse

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def no_network(own=()):
    """A running proxy with `asked`, which leaves out hosts that the browser asks for itself."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    server.asked, server.own, server.address = [], own, f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def program(engine):
    """The path of a browser; the test is skipped where there is none, and on CI fails."""
    path = browser_tool.find(engine)
    if path is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"{engine} is not there: {browser_tool.ADVICE[engine]}")
    return path


@contextlib.contextmanager
def chromium():
    path = program("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = running.new_context(viewport={"width": 1280, "height": 900})
        outside = []
        near = ("http://127.0.0.1", "data:", "blob:", "file:")
        context.on("request", lambda r: r.url.startswith(near) or outside.append(r.url))
        yield Chromium(context.new_page(), outside)
        running.close()


@contextlib.contextmanager
def firefox(**preferences):
    path = program("firefox")
    with no_network(own=["mozilla.com", "mozilla.org", "mozilla.net", "firefox.com"]) as proxy:
        settings = {"network.proxy.type": 1, "network.proxy.no_proxies_on": "127.0.0.1"}
        for kind in ("http", "ssl"):
            settings |= {
                f"network.proxy.{kind}": "127.0.0.1",
                f"network.proxy.{kind}_port": proxy.server_port,
            }
        driver = Marionette(
            bin=path,
            headless=True,
            port=0,
            prefs=settings | preferences,
            gecko_log=os.devnull,
            app_args=["-remote-allow-system-access"],  # tests change settings
        )
        driver.start_session()
        driver.timeout.script = 300
        driver.set_window_rect(width=1280, height=1000)
        try:
            yield Firefox(driver, proxy.asked)
        finally:
            driver.quit()
            driver.cleanup()


@contextlib.contextmanager
def webkit():
    path = program("webkit")
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(no_network())
        screen = ["Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1400x1100x24"]
        display = stack.enter_context(running(screen, stdout=subprocess.PIPE)).stdout.readline()
        environment = os.environ | {
            "DISPLAY": f":{display.decode().strip()}",
            # As root, and without a graphics card.
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["dbus-run-session", "--", path, f"--port={port}"]
        stack.enter_context(running(command, env=environment))
        wait_for(port)
        options = webdriver.WebKitGTKOptions()
        options.binary_location = browser_tool.mini_browser()
        options.add_argument("--automation")
        through = {"httpProxy": proxy.address, "sslProxy": proxy.address, "noProxy": ["127.0.0.1"]}
        options.set_capability("proxy", {"proxyType": "manual", **through})
        driver = webdriver.Remote(f"http://127.0.0.1:{port}", options=options)
        driver.set_script_timeout(300)
        driver.set_window_size(1280, 1000)
        try:
            yield WebKit(driver, proxy.asked)
        finally:
            driver.quit()


@contextlib.contextmanager
def running(command, **rest):
    """A program and all that it starts, ended together."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(command, start_new_session=True, **quiet | rest)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGTERM)
        started.wait(timeout=20)


def wait_for(port):
    """Wait until a server listens."""
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


START = {"chromium": chromium, "firefox": firefox, "webkit": webkit}


def shows(browser, name, view):
    """Wait until the demo shows this view: its words, and its numbers to 1e-9.

    Numbers that a cancellation makes uncertain may differ by what the view says.
    """
    figure = f"figure[data-demo={name}]"
    browser.until("document.querySelector(arguments[0]).ariaBusy === 'false'", f"{figure} .bp-words")
    assert browser.text(f"{figure} .bp-status") == ""
    words = browser.text(f"{figure} .bp-words")
    if any(noise > 1e-12 for noise in view.noise.values()):
        assert masked(words) == masked(view.text)
    else:
        assert words == view.text
    numbers = browser.run("return document.querySelector(arguments[0]).numbers", figure)
    assert set(numbers) == set(view.numbers)
    for key, expected in view.numbers.items():
        expected, unsure = float(expected), 1e-9 + 2 * view.noise.get(key, 0)
        assert float(numbers[key]) == pytest.approx(expected, rel=1e-9, abs=unsure, nan_ok=True), key


def finished(browser):
    """Wait until no cell runs; each has the time that any wait has, not all together."""
    time.sleep(0.1)
    running = "('running' in document.querySelector('.bp-live-bar').dataset)"
    at = "[...document.querySelectorAll('.cell')].findIndex((cell) => cell.ariaBusy)"
    while browser.run(f"return {running}"):
        browser.until(f"!{running} || {at} !== arguments[0]", browser.run(f"return {at}"))


def masked(words):
    """The words without their numbers in scientific notation, and what these decide."""
    return re.sub(r"\d\.\de[-+]\d+ *(passes|fails)?", "#", words)
