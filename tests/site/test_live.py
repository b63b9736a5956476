"""Live pages: what they fetch, keep and say, and what they do when something breaks.

That demos and cells answer right, in three engines, is tested in test_engines.py.
"""

import functools
import json
import re
import threading
from http.server import ThreadingHTTPServer

import pytest

from backprop import demos
from backprop.live.session import Session

from . import engines
from .conftest import BUILT, Counting

CHAPTER = "chapters/05-worked-example.html"
WAIT = 60_000  # ms: the machine may be busy; nothing here is a measurement
MOST_BYTES = 9_000_000


class Host(Counting):
    """A file server that counts what it sends, and sends the file `server.cut` in part."""

    def copyfile(self, source, outputfile):
        if self.server.cut and self.server.cut in self.path:
            outputfile.write(source.read(1000))
        else:
            super().copyfile(source, outputfile)


@pytest.fixture
def host(tmp_path):
    """host(prefix): a server of the built site under a path, with `address`, `sent` and `stop`."""
    servers = []

    def serve(prefix=""):
        (tmp_path / "book").symlink_to(BUILT)
        folder = tmp_path if prefix else BUILT
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=str(folder)))
        server.cut, server.sent, server.address = "", [], f"http://127.0.0.1:{server.server_port}{prefix}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def shows(page, demo, view):
    """Wait until the demo shows this view."""
    engines.shows(engines.Chromium(page, []), demo, view)


def run_all(page):
    """Make the cells live and run them; wait until all have run."""
    page.get_by_role("button", name="Run this page live").click()
    page.get_by_role("button", name="Run all").click()
    finished(page)


def finished(page):
    engines.finished(engines.Chromium(page, []))


def go_live(page):
    page.get_by_role("button", name="Run this page live").click()
    page.locator(".cm-content").first.wait_for()


def write(page, number, source):
    """Type over the code of the visible cell of this number."""
    editor = page.locator(".cm-content").nth(number)
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    return page.locator(".cell:has(.cm-content)").nth(number)


@pytest.fixture(scope="module")
def live(site, chromium):
    """One page with one Python, for tests that need no fresh one."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.trouble = []
    page.on("pageerror", lambda error: page.trouble.append(str(error)))
    page.goto(f"{site}/{CHAPTER}")
    yield page
    context.close()


def test_a_demo_opens_in_the_state_of_a_link(live, site):
    session = Session(demos.tiny_network)
    session.set("x1", -0.5)
    live.goto(f"{site}/{CHAPTER}?{session.query}#demo-tiny-network")
    shows(live, "tiny-network", session.view())


def test_a_part_of_the_picture_sets_its_control(live):
    page = live
    figure = page.locator("figure[data-demo=tiny-network]")
    figure.locator('[data-control=edge][data-value="w11"]').focus()
    page.keyboard.press("Enter")
    shows(page, "tiny-network", demos.tiny_network.view(x1=-0.5, edge="w11"))
    assert figure.locator("select[name=edge]").input_value() == "w11"
    assert page.evaluate("document.activeElement.dataset.value") == "w11"
    figure.locator('[data-control=edge][data-value="w_out"]').click()
    shows(page, "tiny-network", demos.tiny_network.view(x1=-0.5, edge="w_out"))


LISTEN = """() => {
  const post = Worker.prototype.postMessage;
  window.asked = [];
  Worker.prototype.postMessage = function (data) { window.asked.push(data.message?.action); post.call(this, data); };
}"""


def test_only_the_latest_position_of_a_drag_counts(live):
    live.evaluate(LISTEN)
    live.locator("figure[data-demo=tiny-network]").evaluate(
        """figure => {
          const field = figure.querySelector('[name=x1]');
          for (let n = 0; n < 20; n++) {
            field.value = n / 10 - 1;
            field.dispatchEvent(new Event('input', { bubbles: true }));
          }
        }"""
    )
    shows(live, "tiny-network", demos.tiny_network.view(x1=0.9, edge="w_out"))
    assert live.evaluate("asked") == ["set"]


def test_other_letters_redraw_the_demos_where_they_stand(live):
    live.evaluate("window.asked = []")
    for steps in (1, 2):
        live.locator("figure[data-demo=stepper] [data-action=advance]").click()
        shows(live, "stepper", demos.stepper.view(steps=steps))
    for name in ("cmu", "book"):
        live.evaluate("name => notation.choose(name)", name)
        live.wait_for_function("letters => asked.filter((one) => one === 'letters').length === letters",
                               arg=2 if name == "cmu" else 4, timeout=WAIT)  # fmt: skip
        shows(live, "stepper", demos.stepper.view(steps=2, notation=name))
        shows(live, "tiny-network", demos.tiny_network.view(x1=0.9, edge="w_out", notation=name))
    # Of two demos that Python knows; the others have not been touched.
    assert live.evaluate("asked") == ["open", "advance", "advance", *["letters"] * 4]
    assert live.trouble == []


def test_a_demo_that_computes_too_long_can_be_stopped(site, open_page):
    """With all of its Python; the next touch finds it where the picture stands."""
    page = open_page(f"{site}/chapters/demos.html?width=24&steps=20000#demo-playground")
    figure = page.locator("figure[data-demo=playground]")
    page.evaluate(LISTEN)
    page.wait_for_function("window.asked.includes('open')", timeout=WAIT)
    figure.locator("[data-action=stop]").click()
    page.wait_for_function(
        "document.querySelector('[data-demo=playground] .bp-status').textContent.startsWith('Stopped.')"
    )
    figure.locator("[data-action=advance]").click()
    page.wait_for_function("window.asked.includes('advance')", timeout=WAIT)
    shows(page, "playground", demos.named("playground").view(steps=1))


def test_a_wrong_cell_shows_its_error_and_the_next_one_works(live):
    page = live
    go_live(page)
    wrong = write(page, 1, "def broken(x):\n    return 1 / x\n\nbroken(0)")
    page.keyboard.press("Shift+Enter")
    error = wrong.locator(".bp-error")
    error.wait_for(timeout=WAIT)
    told = error.inner_text()
    assert told.startswith("Traceback") and "ZeroDivisionError: division by zero" in told
    assert "line 4, in <module>\n    broken(0)" in told and "return 1 / x" in told
    assert "exec(" not in told and "pyodide" not in told
    right = write(page, 2, "print('before')\n6 * 7")
    page.keyboard.press("Shift+Enter")
    right.locator("[data-text='42']").wait_for(timeout=WAIT)
    assert right.locator("[data-stream=stdout]").inner_text().strip() == "before"
    # Shift+Enter went on to the next cell.
    assert page.locator(".cm-editor").nth(3).evaluate("e => e.contains(document.activeElement)")


def test_stop_ends_an_endless_loop_and_the_page_goes_on(live):
    page = live
    page.goto(page.url.split("?")[0])
    go_live(page)
    cell = write(page, 0, "print('going')\nwhile True:\n    pass")
    page.keyboard.press("Shift+Enter")
    cell.locator("[data-stream=stdout]").wait_for(timeout=WAIT)
    page.locator(".bp-live-bar").get_by_role("button", name="Stop").click()
    finished(page)
    cell = write(page, 0, "print('alive')")
    page.keyboard.press("Shift+Enter")
    cell.get_by_text("alive", exact=True).last.wait_for(timeout=WAIT)
    # A demo on the same Python goes on from where it was.
    page.locator("figure[data-demo=tiny-network] [name=x1]").focus()
    page.keyboard.press("ArrowRight")
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.1))


def fits_and_is_labelled(page):
    """A page on which all has run."""
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('article :is(button, input, select, .cm-content)')]
          .filter(e => !(e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.title).trim())
          .map(e => e.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("figure[data-demo] .bp-words").first.get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("prefix", ["", "/book"])
def test_a_page_goes_live_with_little_is_whole_and_needs_no_network_again(host, open_page, prefix):
    server = host(prefix)
    page = open_page(f"{server.address}/{CHAPTER}")
    assert not any("/pyodide/" in path for path, _ in server.sent)
    before = len(server.sent)
    field = page.locator("figure[data-demo=tiny-network] [name=x1]")
    field.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text(re.compile(r"fetched \d+\.\d of \d+\.\d MB")).wait_for(timeout=WAIT)
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.1))
    fetched = [(path, size) for path, size in server.sent[before:] if re.search("/(pyodide|live)/", path)]
    assert sum(size for _, size in fetched) <= MOST_BYTES, fetched
    assert not any(re.search("ipython|matplotlib|ipywidgets", path) for path, _ in fetched)
    run_all(page)
    fits_and_is_labelled(page)
    page.wait_for_function("navigator.serviceWorker.ready")
    page.wait_for_function(
        "async () => (await (await caches.open('backprop-pages')).keys()).some(({ url }) => url.includes('/live/cells-'))",
        timeout=WAIT,
    )
    page.wait_for_timeout(1000)
    sent = len(server.sent)
    server.shutdown()
    server.server_close()
    page.reload()
    assert page.locator("article h1").inner_text().startswith("A worked example")
    page.wait_for_function("window.MathJax?.startup?.promise")
    field.focus()
    page.keyboard.press("ArrowRight")
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.1))
    run_all(page)
    assert page.locator(".bp-error").count() == 0
    assert page.locator(".cell_output img.output").count() > 0  # Matplotlib too
    assert len(server.sent) == sent


def test_python_is_fetched_ahead_only_for_one_who_reads_on(host, open_page):
    server = host()
    page = open_page(f"{server.address}/{CHAPTER}")
    assert page.evaluate("navigator.connection.effectiveType") == "4g"
    page.wait_for_timeout(500)
    assert not any("/pyodide/" in path for path, _ in server.sent)
    page.locator("figure[data-demo=tiny-network]").scroll_into_view_if_needed()
    page.locator("figure[data-demo=tiny-network][data-live]").wait_for(timeout=WAIT)
    shows(page, "tiny-network", demos.tiny_network.view())


def test_without_webassembly_the_page_says_so_and_stays_whole(site, chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script("delete window.WebAssembly")
    page.goto(f"{site}/{CHAPTER}")
    figure = page.locator("figure[data-demo=tiny-network]")
    figure.get_by_text("This browser cannot run Python").wait_for()
    assert page.locator(".bp-why").inner_text().startswith("This browser cannot run Python")
    assert figure.locator(".bp-words").text_content() == demos.tiny_network.view().text
    assert figure.locator("svg").is_visible() and figure.locator("[name=x1]").is_disabled()
    assert page.get_by_role("button", name="Run this page live").count() == 0
    context.close()


def test_when_python_cannot_be_fetched_the_demo_says_so(host, open_page):
    server = host()
    page = open_page(f"{server.address}/{CHAPTER}")
    server.shutdown()
    server.server_close()
    page.locator("figure[data-demo=tiny-network] [name=x1]").focus()
    page.keyboard.press("ArrowRight")
    page.locator("figure[data-demo=tiny-network] .bp-status").get_by_text(
        "shows what it showed last"
    ).wait_for()


def test_without_its_program_the_page_says_so_and_is_whole_when_reloaded(host, open_page):
    server = host()
    server.cut = "/live/page-"
    page = open_page(f"{server.address}/{CHAPTER}")
    page.locator(".bp-why", has_text="could not be fetched. Reload the page to try again.").wait_for()
    figure = page.locator("figure[data-demo=tiny-network]")
    assert "could not be fetched" in figure.locator(".bp-status").inner_text()
    server.cut = ""
    page.reload()
    page.get_by_role("button", name="Run this page live").wait_for()
    assert page.locator(".bp-why").count() == 0 and figure.locator("[name=x1]").is_enabled()


@pytest.mark.parametrize("file", ["pyodide.asm.wasm", "pyodide.asm.js"])
def test_when_the_connection_breaks_off_the_next_touch_tries_again(host, open_page, file):
    server = host()
    page = open_page(f"{server.address}/{CHAPTER}")
    server.cut = file
    figure = page.locator("figure[data-demo=tiny-network]")
    figure.locator("[name=x1]").focus()
    page.keyboard.press("ArrowRight")
    figure.get_by_text("shows what it showed last").wait_for(timeout=WAIT)
    assert "could not be started" in page.locator(".bp-live-status").inner_text()
    server.cut = ""
    page.keyboard.press("ArrowRight")
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.2))


def test_the_listing_of_files_is_what_the_site_holds():
    listing = json.loads((BUILT / "pyodide" / "files.json").read_text(encoding="utf-8"))
    for name, file in listing.items():
        assert (BUILT / "pyodide" / name).stat().st_size == file["bytes"], name
