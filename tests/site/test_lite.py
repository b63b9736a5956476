"""JupyterLite on the built site: chapters run whole, without a network, at the root and under a sub-path."""

import functools
import http.server
import threading

import nbformat
import pytest
from playwright.sync_api import expect
from tools import notebooks

from backprop import demos

from .conftest import BUILT, ROOT, Quiet

CONTENTS = BUILT / "lite" / "files"
CHAPTERS = sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))
# Two chapters whole, each at another address, belong to every test; all at both to `make test-live`.
WITH_DEMO = "05-worked-example"
ALWAYS = {(WITH_DEMO, "/book"), ("02-notation", "")}
IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
# Runs all cells of the open notebook from nothing; the notebook and what each cell answered.
RUN_ALL = """async () => {
  const app = window.jupyterapp;
  await app.commands.execute('notebook:clear-all-cell-outputs');
  await app.commands.execute('notebook:run-all-cells');
  return app.shell.currentWidget.content.model.toJSON();
}"""
# Scrolls the notebook to the cell whose code ends in these words: only cells in view are drawn.
SHOW = """words => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const at = notebook.widgets.findIndex((cell) => cell.model.sharedModel.source.trimEnd().endsWith(words));
  notebook.activeCellIndex = at;
  return notebook.scrollToItem(at, 'start');
}"""


class UnderPath(Quiet):
    """Serves the site below a path, and nothing beside it."""

    prefix = ""

    def translate_path(self, path):
        if not path.startswith(self.prefix + "/"):
            return str(BUILT / "nothing-here")
        return super().translate_path(path[len(self.prefix) :])


@pytest.fixture(scope="module")
def served():
    """served(path): the address of the built site below this path."""
    servers = []

    def serve(path):
        if not (BUILT / "lite" / "index.html").exists():
            pytest.fail("JupyterLite is not built: run `make site` without LIVE=0")
        handler = type("Handler", (UnderPath,), {"prefix": path})
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(handler, directory=str(BUILT))
        )
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}{path}"

    yield serve
    for server in servers:
        server.shutdown()


@pytest.fixture
def lab(chromium):
    """lab(address, notebook): JupyterLite with this notebook open and its kernel ready."""
    contexts = []

    def open_it(address, notebook):
        context = chromium.new_context(viewport={"width": 1280, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.outside = []
        origin = "/".join(address.split("/")[:3])
        page.on(
            "request",
            lambda r: r.url.startswith((origin, "data:", "blob:")) or page.outside.append(r.url),
        )
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"{address}/lite/lab/index.html?path=chapters/{notebook}.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        page.wait_for_function(IDLE, timeout=240_000)
        return page

    yield open_it
    for context in contexts:
        context.close()


def answers(notebook):
    """The text that each code cell answered."""
    normal = notebooks.normalised(nbformat.from_dict(notebook))
    texts = []
    for cell in normal.cells:
        if cell.cell_type == "code":
            parts = [
                output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
            ]
            assert all(output.output_type != "error" for output in cell.outputs), cell.outputs
            texts.append((cell.source, "".join("".join(part) for part in parts)))
    return texts


MATRIX = [
    pytest.param(
        chapter,
        path,
        marks=() if (chapter, path) in ALWAYS else pytest.mark.live,
        id=f"{chapter}-{path.strip('/') or 'root'}",
    )
    for path in ("", "/book")
    for chapter in CHAPTERS
]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_it_holds_the_reader_notebook_of_every_chapter(chapter):
    mine = nbformat.read(CONTENTS / "chapters" / f"{chapter}.ipynb", 4)
    stored = nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", 4)
    assert [c.source for c in mine.cells if c.cell_type == "code"] == [
        c.source for c in stored.cells if c.cell_type == "code"
    ]
    assert mine.metadata.kernelspec.name == "python"


@pytest.mark.parametrize("chapter, path", MATRIX)
def test_a_chapter_runs_whole(served, lab, chapter, path):
    """Every cell answers what is stored, in the browser's Python, with its own numpy and matplotlib."""
    page = lab(served(path), chapter)
    ran = page.evaluate(RUN_ALL)
    stored = nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", 4)
    assert answers(ran) == answers(stored)
    data = [output.get("data", {}) for cell in ran["cells"] for output in cell.get("outputs", ())]
    figures = [kinds for kinds in data if "".join(kinds.get("text/plain", "")).startswith("<Figure")]
    assert all("image/png" in kinds for kinds in figures)
    if chapter == WITH_DEMO:
        the_demo_moves(page)
    assert page.outside == [] and page.errors == []


def the_demo_moves(page):
    """The same demo as in JupyterLab and on the page, by keyboard."""
    page.evaluate(SHOW, "demos.tiny_network")
    box = page.locator(".jp-OutputArea .widget-vbox", has_text=demos.tiny_network.title).first
    words = box.locator("pre")
    words.wait_for()
    box.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowLeft")
    expected = demos.tiny_network.view(x1=0.9).text.splitlines()[0]
    expect(words).to_contain_text(expected)
