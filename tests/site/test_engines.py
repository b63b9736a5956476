"""Live pages in three engines: Chromium, Firefox and WebKit.

`make test` tries every demo in Chromium, and in each engine one demo, one cell, one change of the
notation, and a cell of JupyterLite; `make test-live` every demo and every chapter in every engine.
"""

import contextlib
import functools
import http.server
import re
import threading
from urllib.parse import urlsplit

import nbformat
import pytest

from backprop import demos
from backprop.live import controls
from backprop.live.session import Session

from .conftest import BUILT, ROOT, Quiet
from .engines import START, finished, firefox, shows

CHAPTER = "chapters/05-worked-example.html"
GALLERY = "chapters/demos.html"
TINY = "figure[data-demo=tiny-network]"
LATER = [engine for engine in START if engine != "chromium"]
NOTE = b"<script>var trouble = []; for (const kind of ['error', 'unhandledrejection'])" \
    b" addEventListener(kind, event => trouble.push(`${event.filename ?? kind}: ${event.message ?? event.reason}`));</script>"  # fmt: skip

every_engine = pytest.mark.parametrize("browser", START, indirect=True)


class Noting(Quiet):
    """A file server that notes what is missing; pages note their own errors in `trouble`."""

    def do_GET(self):
        """As the file server answers, but for the script in a page's head."""
        path = BUILT / urlsplit(self.path).path.lstrip("/")
        if path.suffix != ".html" or not path.exists():
            return super().do_GET()
        text = path.read_bytes().replace(b"<head>", b"<head>" + NOTE, 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def copyfile(self, source, outputfile):
        if self.server.cut and self.server.cut in self.path:
            outputfile.write(source.read(1000))
        else:
            super().copyfile(source, outputfile)

    def send_error(self, code, *rest):
        self.server.missing.append((code, self.path))
        super().send_error(code, *rest)


@contextlib.contextmanager
def serving():
    """A server of the built site, with `address`, `missing`, and `cut`, the file that is sent in part."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Noting, directory=str(BUILT))
    )
    server.cut, server.missing, server.address = None, [], f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def host():
    """The server of all tests that need no other."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def running():
    """running(engine): its browser, started at the first call, ended with the last test."""
    browsers = {}
    with contextlib.ExitStack() as stack:

        def start(engine):
            if engine not in browsers:
                browsers[engine] = stack.enter_context(START[engine]())
            return browsers[engine]

        yield start


@pytest.fixture
def browser(running, request):
    """The running browser of the engine that the test names."""
    return running(request.param)


@pytest.fixture
def visit(browser, host):
    """visit(page): the browser with this page, opened anew only where another one was open."""
    before = len(host.missing)

    def visit(name):
        browser.visit(f"{host.address}/{name}")
        return browser

    yield visit
    assert host.missing[before:] == [] and browser.outside == []
    assert browser.run("return window.trouble ?? []") == []


def on_every_page():
    """Each demo of each page in each engine; what belongs to `make test-live` alone is marked.

    The page of the tests that follow comes last: there it is open, and its Python ready.
    """
    for engine in START:
        for path in sorted(
            (BUILT / "chapters").glob("*.html"), key=lambda path: (CHAPTER.endswith(path.name), path)
        ):
            page = f"chapters/{path.name}"
            names = re.findall(r'data-demo="([\w-]+)"', path.read_text(encoding="utf-8"))
            for name in dict.fromkeys(names):
                always = (page == GALLERY and engine == "chromium") or (page, name) == (
                    CHAPTER,
                    "tiny-network",
                )
                yield pytest.param(
                    engine,
                    page,
                    name,
                    marks=() if always else pytest.mark.live,
                    id=f"{engine}-{path.stem}-{name}",
                )


@pytest.mark.parametrize("browser, page, name", list(on_every_page()), indirect=["browser"])
def test_each_control_moves_by_keyboard_and_shows_what_python_computes(visit, page, name):
    browser = visit(page)
    figure = f"figure[data-demo={name}]"
    session = Session(demos.named(name), notation=browser.run("return notation.name"))
    assert browser.text(f"{figure} .bp-words") == session.view().text
    assert browser.run("return document.querySelector(arguments[0]).checkVisibility()", f"{figure} .bp-try")
    for control in session.demo.controls:
        field, before = f"{figure} [name={control.name}]", session.state[control.name]
        match control:
            case controls.Slider():
                up = before + control.step <= control.maximum
                browser.press(field, "ArrowRight" if up else "ArrowLeft")
                value = before + control.step * (1 if up else -1)
            case controls.Switch():
                browser.press(field, "Space")
                value = not before
            case controls.Choice():
                at = control.options.index(before)
                down = at + 1 < len(control.options)
                value = control.options[at + (1 if down else -1)]
                if browser.arrows_choose:
                    browser.press(field, "ArrowDown" if down else "ArrowUp")
                else:
                    browser.choose(field, value)
            case controls.Text():
                browser.press(field, "End")
                browser.press(field, "1")
                value = before + "1"
            case controls.Button():
                browser.press(field, "Enter")
                value = before + 1
        session.set(control.name, value)
        shows(browser, name, session.view())
    if session.demo.moves:
        for action, deed in (("advance", session.advance),) * 2 + (
            ("back", session.back),
            ("restart", session.restart),
        ):
            browser.press(f"{figure} [data-action={action}]", "Enter")
            deed()
            shows(browser, name, session.view())
    # The link leads to this state.
    link = urlsplit(browser.run("return document.querySelector(arguments[0]).href", f"{figure} .bp-link"))
    assert link.query and link.fragment == f"demo-{name}"
    assert Session(demos.named(name), link.query).view().text == session.view().text
    browser.press(f"{figure} [data-action=reset]", "Enter")
    session.reset()
    shows(browser, name, session.view())


def printed(browser):
    """The text of each cell's output on the page, by the cell's place in the notebook."""
    return browser.run(
        """return Object.fromEntries([...document.querySelectorAll('[id^=code-cell-]')].map(cell => [
          cell.id.split('-').pop(),
          [...cell.querySelectorAll('.cell_output > *')]
            .map(part => part.dataset.text ?? part.textContent).filter(text => text).join('\\n')]))"""
    )


def stored(cell):
    """The text of a notebook cell's stored output."""
    parts = [out.text if out.output_type == "stream" else out.data["text/plain"] for out in cell.outputs]
    return "\n".join("".join(part) for part in parts)


def lines(text):
    return [line.rstrip() for line in text.strip().splitlines() if line.strip()]


def go_live(browser):
    browser.click(".bp-live-bar button")
    browser.until("document.querySelector('.cm-content')")


@every_engine
def test_a_cell_runs(visit):
    """Those above it run first; the output is the one that is stored."""
    browser = visit(CHAPTER)
    notebook = nbformat.read((ROOT / CHAPTER).with_suffix(".ipynb"), as_version=4)
    index = [number for number, cell in enumerate(notebook.cells) if cell.get("outputs")][1]
    go_live(browser)
    browser.run("document.querySelector(arguments[0]).replaceChildren()", f"#code-cell-{index} .cell_output")
    browser.press(f"#code-cell-{index} .cm-content", "Shift+Enter")
    finished(browser)
    assert lines(printed(browser)[str(index)]) == lines(stored(notebook.cells[index])) != []


@every_engine
def test_another_notation_is_set_in_formulas_and_demo(visit):
    browser = visit(CHAPTER)
    spoken = (
        "[...document.querySelectorAll('article mjx-assistive-mml')].map(one => one.textContent).join('')"
    )
    before = browser.until(spoken)
    for name, title in (("goodfellow", "Goodfellow et al."), ("book", "This book")):
        browser.choose("#bp-notation", name)
        browser.until(
            "document.querySelector('.bp-announce').textContent === arguments[0]", f"Notation: {title}"
        )
        assert browser.text("mjx-merror") is None
        assert (browser.run(f"return {spoken}") == before) == (name == "book")
        browser.press(f"{TINY} [data-action=reset]", "Enter")
        shows(browser, "tiny-network", Session(demos.tiny_network, notation=name).view())


def chapters():
    """Every chapter's notebook in each engine; those that `make test` leaves out are marked."""
    for engine in START:
        for path in sorted((ROOT / "chapters").glob("*.ipynb")):
            always = engine == "chromium" and path.stem in ("05-worked-example", "09-complexity")
            marks = () if always else pytest.mark.live
            yield pytest.param(engine, path, marks=marks, id=f"{engine}-{path.stem}")


@pytest.mark.parametrize("browser, path", list(chapters()), indirect=["browser"])
def test_every_cell_of_a_chapter_prints_what_is_stored(browser, visit, path):
    browser.address = None  # no cell has run yet
    visit(f"chapters/{path.stem}.html")
    go_live(browser)
    browser.click(".bp-live-bar button")
    finished(browser)
    assert browser.text(".bp-error") is None
    assert "failed" not in browser.text(".bp-live-status")
    shown = printed(browser)
    notebook = nbformat.read(path, as_version=4)
    visible = [
        (str(index), cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", [])
    ]
    assert [index for index, _ in visible] == list(shown)
    for index, cell in visible:
        assert lines(shown[index]) == lines(stored(cell)), f"cell {index}: {cell.source}"
    alts = browser.run("return [...document.querySelectorAll('.cell_output img.output')].map(one => one.alt)")
    assert all(len(alt) > 40 for alt in alts)


@pytest.fixture
def new_host():
    """A server that the browsers know nothing of: neither files nor storage."""
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    "browser",
    ["chromium", "firefox", pytest.param("webkit", marks=pytest.mark.live)],
    indirect=True,
)
def test_of_half_a_file_the_page_says_so_and_the_next_touch_tries_again(browser, new_host):
    browser.go(f"{new_host.address}/{CHAPTER}")
    new_host.cut = "numpy"
    browser.press(f"{TINY} [name=x1]", "ArrowRight")
    told = "document.querySelector(arguments[0]).textContent"
    browser.until(f"/only a part of numpy.* arrived\\. The demo/.test({told})", f"{TINY} .bp-status")
    foot = browser.text(".bp-live-status")
    assert "Python could not be started: only a part of numpy" in foot and ".." not in foot
    new_host.cut = None
    browser.press(f"{TINY} [name=x1]", "ArrowRight")
    browser.until("document.querySelector(arguments[0]).textContent === ''", f"{TINY} .bp-status")
    shows(browser, "tiny-network", demos.tiny_network.view(x1=1.2))


@every_engine
def test_from_a_file_the_page_says_why_nothing_moves(browser):
    browser.go((BUILT / CHAPTER).as_uri())
    browser.until("document.querySelector('.bp-why')?.textContent.startsWith('Opened from a file')")
    assert browser.text(f"{TINY} .bp-status").startswith("Opened from a file, this page cannot run Python")
    assert browser.run("return document.querySelector(arguments[0]).checkVisibility()", ".bp-why")
    assert browser.text(f"{TINY} .bp-words") == demos.tiny_network.view().text
    assert browser.text(".bp-live-bar") is None


@pytest.mark.live
def test_in_a_private_window_of_firefox_python_runs(host):
    """WebKit's sessions here are private ones anyway."""
    with firefox(**{"browser.privatebrowsing.autostart": True}) as browser:
        browser.go(f"{host.address}/{CHAPTER}")
        with browser.driver.using_context("chrome"):
            assert browser.driver.execute_script("return PrivateBrowsingUtils.isWindowPrivate(window)")
        for value in (1.1, 1.2):
            browser.press(f"{TINY} [name=x1]", "ArrowRight")
            shows(browser, "tiny-network", demos.tiny_network.view(x1=value))
        assert browser.run("return trouble") == [] and browser.outside == []


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)
def test_where_storage_is_forbidden_python_runs(browser, host):
    """As with cookies blocked."""
    browser.driver.set_pref("network.cookie.cookieBehavior", 2)
    try:
        browser.go(f"{host.address}/{CHAPTER}")
        refused = "return (async () => caches.open('any'))().then(() => 'given', (error) => error.name)"
        assert browser.run(refused) == "SecurityError"
        browser.press(f"{TINY} [name=x1]", "ArrowRight")
        shows(browser, "tiny-network", demos.tiny_network.view(x1=1.1))
        # The theme's own scripts ask for storage without asking whether they may.
        ours = "return trouble.filter((one) => !/\\/(_static|chapters)\\//.test(one))"
        assert browser.run(ours) == []
    finally:
        browser.driver.clear_pref("network.cookie.cookieBehavior")


@pytest.mark.parametrize("browser", ["chromium"], indirect=True)
def test_where_storage_is_full_python_runs(browser, new_host):
    browser.go(f"{new_host.address}/{CHAPTER}")
    session = browser.page.context.new_cdp_session(browser.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": new_host.address, "quotaSize": 1000})
    try:
        browser.press(f"{TINY} [name=x1]", "ArrowRight")
        shows(browser, "tiny-network", demos.tiny_network.view(x1=1.1))
        kept = (
            "return caches.open('backprop-pyodide').then((cache) => cache.keys()).then((all) => all.length)"
        )
        assert browser.run(kept) == 0
        assert browser.run("return trouble") == []
    finally:
        session.send("Storage.overrideQuotaForOrigin", {"origin": new_host.address})


@pytest.mark.parametrize("browser", LATER, indirect=True)
def test_a_cell_of_jupyterlite_runs(browser, host):
    """In Chromium whole chapters do: test_lite.py."""
    browser.go(f"{host.address}/lite/lab/index.html?path={CHAPTER.replace('.html', '.ipynb')}")
    session = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
    browser.until(f"{session}?.kernel?.status === 'idle'", seconds=240)
    ran = browser.run(
        """return (async () => {
          const app = window.jupyterapp, { content } = app.shell.currentWidget;
          await app.commands.execute('notebook:clear-all-cell-outputs');
          for (let index = 0, left = 3; left; index++) {
            if (content.widgets[index].model.type !== 'code') continue;
            content.activeCellIndex = index;
            content.deselectAll();
            await app.commands.execute('notebook:run-cell');
            left -= 1;
          }
          return content.model.toJSON();
        })()"""
    )
    notebook = nbformat.read((ROOT / CHAPTER).with_suffix(".ipynb"), as_version=4)
    answers, expected = (
        [stored(cell) for cell in cells if cell.cell_type == "code"][:3]
        for cells in (nbformat.from_dict(ran).cells, notebook.cells)
    )
    assert answers == expected and "".join(answers)
    assert browser.outside == []
