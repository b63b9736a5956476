"""Live pages: demos and code cells run in the reader's browser, from the built site alone.

`make test` runs each demo once and two chapters; `make test-live` every page and every chapter.
"""

import functools
import gzip
import json
import re
import threading
from http.server import ThreadingHTTPServer
from urllib.parse import urlsplit

import nbformat
import pytest

from backprop import demos
from backprop.demos.session import Session

from .conftest import BUILT, Quiet

ROOT = BUILT.parents[1]
CHAPTER = "chapters/05-worked-example.html"
WAIT = 60_000  # ms: the machine may be busy; nothing here is a measurement
MOST_BYTES = 9_000_000
PAGE_BYTES = 700_000


class Host(Quiet):
    """A file server that counts what it sends."""

    def send_head(self):
        file = super().send_head()
        if hasattr(file, "fileno"):
            path = urlsplit(self.path).path
            self.server.sent.append((path, (file.seek(0, 2), file.seek(0))[0]))
        return file

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


def pages_with_demos():
    """(page, demo) for each demo of each page."""
    found = []
    for path in sorted(BUILT.rglob("*.html")):
        names = dict.fromkeys(re.findall(r'data-demo="([\w-]+)"', path.read_text(encoding="utf-8")))
        found += [(path.relative_to(BUILT).as_posix(), name) for name in names]
    return found


def once_each(pairs):
    """Every demo where it stands first; the others only in the complete matrix."""
    seen = set()
    for page, name in pairs:
        marks = [pytest.mark.live] if name in seen else []
        seen.add(name)
        yield pytest.param(page, name, marks=marks, id=f"{page}-{name}")


def chapters():
    """Every chapter's notebook; those that `make test` leaves out are marked."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        marks = [] if path.stem in ("05-worked-example", "09-complexity") else [pytest.mark.live]
        yield pytest.param(path, marks=marks, id=path.stem)


def shows(page, demo, view):
    """Wait until the demo shows this view: its words, and its numbers to 1e-9.

    Numbers that a cancellation makes uncertain may differ by what the view says.
    """
    figure = page.locator(f"figure[data-demo={demo}]").first
    page.wait_for_function(
        "name => document.querySelector(`figure[data-demo=${name}] .bp-words`).ariaBusy === 'false'",
        arg=demo,
        timeout=WAIT,
    )
    assert figure.locator(".bp-status").text_content() == ""
    assert figure.locator(".bp-try").is_visible()
    words = figure.locator(".bp-words").text_content()
    if any(noise > 1e-12 for noise in view.noise.values()):
        assert masked(words) == masked(view.text)
    else:
        assert words == view.text
    numbers = figure.evaluate("figure => figure.numbers")
    assert set(numbers) == set(view.numbers)
    for name, expected in view.numbers.items():
        expected, unsure = float(expected), 1e-9 + 2 * view.noise.get(name, 0)
        assert numbers[name] == pytest.approx(expected, rel=1e-9, abs=unsure, nan_ok=True), name


def masked(words):
    """The words without their numbers in scientific notation, and what these decide."""
    return re.sub(r"\d\.\de[-+]\d+ *(passes|fails)?", "#", words)


def run_all(page):
    """Make the cells live and run them; wait until all have run."""
    page.get_by_role("button", name="Run this page live").click()
    page.get_by_role("button", name="Run all").click()
    finished(page)


def finished(page):
    page.wait_for_timeout(100)
    page.wait_for_function("!('running' in document.querySelector('.bp-live-bar').dataset)", timeout=WAIT)


def go_live(page):
    page.get_by_role("button", name="Run this page live").click()
    page.locator(".cm-content").first.wait_for()


def printed(page):
    """The text of each cell's output on the page, by the cell's place in the notebook."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('[id^=code-cell-]')].map(cell => [
          cell.id.split('-').pop(),
          [...cell.querySelectorAll('.cell_output > *')]
            .map(part => part.dataset.text ?? part.textContent).filter(text => text).join('\\n')]))"""
    )


def stored(cell):
    """The text of a notebook cell's stored output."""
    parts = [out.text if out.output_type == "stream" else out.data["text/plain"] for out in cell.outputs]
    return "\n".join(parts)


def lines(text):
    return [line.rstrip() for line in text.strip().splitlines() if line.strip()]


def write(page, number, source):
    """Type over the code of the visible cell of this number."""
    editor = page.locator(".cm-content").nth(number)
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    return page.locator(".cell:has(.cm-content)").nth(number)


@pytest.mark.parametrize("name, demo", list(once_each(pages_with_demos())))
def test_each_control_moves_by_keyboard_and_shows_what_python_computes(site, open_page, name, demo):
    page = open_page(f"{site}/{name}")
    figure = page.locator(f"figure[data-demo={demo}]").first
    letters = page.evaluate("document.documentElement.dataset.notation")
    session = Session(demos.named(demo), notation=letters)
    assert figure.locator(".bp-words").text_content() == session.view().text
    for control in session.demo.controls:
        field = figure.locator(f"[name={control.name}]")
        field.focus()
        before = session.state[control.name]
        match control:
            case demos.Slider():
                up = before + control.step <= control.maximum
                page.keyboard.press("ArrowRight" if up else "ArrowLeft")
                value = before + control.step * (1 if up else -1)
            case demos.Switch():
                page.keyboard.press("Space")
                value = not before
            case demos.Choice():
                at = control.options.index(before)
                down = at + 1 < len(control.options)
                page.keyboard.press("ArrowDown" if down else "ArrowUp")
                value = control.options[at + (1 if down else -1)]
            case demos.Text():
                page.keyboard.press("End")
                page.keyboard.type("1")
                value = before + "1"
            case demos.Button():
                page.keyboard.press("Enter")
                value = before + 1
        session.set(control.name, value)
        shows(page, demo, session.view())
    if session.demo.moves:
        for action, deed in (("advance", session.advance),) * 2 + (
            ("back", session.back),
            ("restart", session.restart),
        ):
            figure.locator(f"[data-action={action}]").focus()
            page.keyboard.press("Enter")
            deed()
            shows(page, demo, session.view())
    link = figure.locator(".bp-link").evaluate("link => link.href")
    figure.locator("[data-action=reset]").focus()
    page.keyboard.press("Enter")
    session.reset()
    shows(page, demo, session.view())
    assert page.trouble == []
    # The link leads to the state before the reset.
    query = urlsplit(link).query
    assert query and urlsplit(link).fragment == f"demo-{demo}"
    page.goto(link)
    shows(page, demo, Session(demos.named(demo), query).view())


def test_a_part_of_the_picture_sets_its_control(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
    figure = page.locator("figure[data-demo=tiny-network]")
    figure.locator('[data-control=edge][data-value="w11"]').focus()
    page.keyboard.press("Enter")
    shows(page, "tiny-network", demos.tiny_network.view(edge="w11"))
    assert figure.locator("select[name=edge]").input_value() == "w11"
    assert page.evaluate("document.activeElement.dataset.value") == "w11"
    figure.locator('[data-control=edge][data-value="w_out"]').click()
    shows(page, "tiny-network", demos.tiny_network.view(edge="w_out"))


def test_only_the_latest_position_of_a_drag_counts(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
    figure = page.locator("figure[data-demo=tiny-network]")
    figure.evaluate(
        """figure => {
          const field = figure.querySelector('[name=x1]'), post = Worker.prototype.postMessage;
          window.asked = [];
          Worker.prototype.postMessage = function (data) { window.asked.push(data); post.call(this, data); };
          for (let n = 0; n < 20; n++) {
            field.value = n / 10 - 1;
            field.dispatchEvent(new Event('input', { bubbles: true }));
          }
        }"""
    )
    shows(page, "tiny-network", demos.tiny_network.view(x1=0.9))
    asked = page.evaluate("window.asked.map(({ message }) => message.action)")
    assert asked == ["open", "set"]


LISTEN = """() => {
  const post = Worker.prototype.postMessage;
  window.asked = [];
  Worker.prototype.postMessage = function (data) { window.asked.push(data.message.action); post.call(this, data); };
}"""


def test_other_letters_redraw_a_demo_where_it_stands(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
    page.evaluate(LISTEN)
    for steps in (1, 2):
        page.locator("figure[data-demo=stepper] [data-action=advance]").click()
        shows(page, "stepper", demos.stepper.view(steps=steps))
    page.evaluate("notation.choose('cmu')")
    page.wait_for_function("window.asked.includes('letters')", timeout=WAIT)
    shows(page, "stepper", demos.stepper.view(steps=2, notation="cmu"))
    assert page.evaluate("window.asked") == ["open", "advance", "advance", "letters"]
    assert page.trouble == []


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


@pytest.mark.parametrize("path", list(chapters()))
def test_every_cell_of_a_chapter_prints_what_is_stored(site, open_page, path):
    page = open_page(f"{site}/chapters/{path.stem}.html")
    run_all(page)
    assert page.locator(".bp-error").all_text_contents() == []
    assert "failed" not in page.locator(".bp-live-status").inner_text()
    shown = printed(page)
    notebook = nbformat.read(path, as_version=4)
    visible = [
        (str(index), cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "remove-cell" not in cell.metadata.get("tags", [])
    ]
    assert [index for index, _ in visible] == list(shown)
    for index, cell in visible:
        assert lines(shown[index]) == lines(stored(cell)), f"cell {index}: {cell.source}"
    figures = page.locator(".cell_output img.output")
    assert all(len(alt) > 40 for alt in figures.evaluate_all("all => all.map(image => image.alt)"))
    assert page.trouble == []


def test_a_wrong_cell_shows_its_error_and_the_next_one_works(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
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


def test_stop_ends_an_endless_loop_and_the_page_goes_on(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
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


@pytest.mark.parametrize("prefix", ["", "/book"])
def test_the_second_visit_needs_no_network(host, open_page, prefix):
    server = host(prefix)
    page = open_page(f"{server.address}/{CHAPTER}")
    assert not any("/pyodide/" in path for path, _ in server.sent)
    field = page.locator("figure[data-demo=tiny-network] [name=x1]")
    field.focus()
    page.keyboard.press("ArrowRight")
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.1))
    run_all(page)
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


def test_what_going_live_fetches(host, open_page):
    server = host()
    page = open_page(f"{server.address}/{CHAPTER}")
    before = len(server.sent)
    page.locator("figure[data-demo=tiny-network] [name=x1]").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text(re.compile(r"fetched \d+\.\d of \d+\.\d MB")).wait_for(timeout=WAIT)
    shows(page, "tiny-network", demos.tiny_network.view(x1=1.1))
    fetched = [(path, size) for path, size in server.sent[before:] if re.search("/(pyodide|live)/", path)]
    assert sum(size for _, size in fetched) <= MOST_BYTES, fetched
    assert not any(re.search("ipython|matplotlib|ipywidgets", path) for path, _ in fetched)


@pytest.mark.parametrize(
    "name", ["index.html", CHAPTER, *dict.fromkeys(page for page, _ in pages_with_demos())]
)
def test_what_a_page_weighs(host, open_page, name):
    """As a host sends it that compresses what is not compressed yet."""
    server = host()
    open_page(f"{server.address}/{name}")
    weight = 0
    for path, size in server.sent:
        content = (BUILT / path.lstrip("/")).read_bytes()
        weight += min(size, len(gzip.compress(content, 6)))
    assert weight <= PAGE_BYTES


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


@pytest.mark.parametrize("file", ["pyodide.asm.wasm", "numpy"])
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


@pytest.mark.parametrize("width, dark", [(1280, False), (390, True)])
def test_a_live_page_fits_and_is_labelled(site, open_page, width, dark):
    page = open_page(f"{site}/{CHAPTER}", width=width, dark=dark)
    run_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('article :is(button, input, select, .cm-content)')]
          .filter(e => !(e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.title).trim())
          .map(e => e.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("figure[data-demo] .bp-words").first.get_attribute("aria-live") == "polite"


def test_the_listing_of_files_is_what_the_site_holds():
    listing = json.loads((BUILT / "pyodide" / "files.json").read_text(encoding="utf-8"))
    for name, file in listing.items():
        assert (BUILT / "pyodide" / name).stat().st_size == file["bytes"], name
