"""How long JupyterLite takes from opening a notebook to the picture of a demo.

    python benchmarks/lite.py [REPEATS]

The notebook has one cell, which shows the demo `tiny_network`; it runs as soon as it is open. "cold"
is a browser that never saw the site, "cached" the same one opening the notebook again. For
comparison with the live page (benchmarks/live.py, which calls `measure`), on the same machine.
"""

import functools
import http.server
import json
import statistics
import sys
import threading
import time

import nbformat
from playwright.sync_api import sync_playwright
from tests.site.conftest import BUILT, FLAGS, Quiet
from tools import browser as browser_tool

NOTEBOOK = "chapters/05-worked-example.ipynb"
RUN = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
}"""
OPEN = "() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 0"


def _one_cell():
    cell = nbformat.v4.new_code_cell("from backprop import demos\n\ndemos.tiny_network", id="demo")
    kernel = {"kernelspec": {"name": "python", "display_name": "Python"}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata=kernel)).encode()


class OneCell(Quiet):
    """Serves the site, with a notebook of one cell in the place of a chapter."""

    def do_GET(self):
        """As a file server answers, but for the one notebook."""
        if self.path.split("?")[0] != f"/lite/files/{NOTEBOOK}":
            return super().do_GET()
        body = _one_cell()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _open(page, address):
    """Seconds from opening the notebook to the demo's picture."""
    start = time.perf_counter()
    page.goto(f"{address}/lite/lab/index.html?path={NOTEBOOK}")
    page.wait_for_function(OPEN, timeout=300_000)
    page.evaluate(RUN)
    page.locator(".jp-OutputArea .widget-vbox svg").first.wait_for(timeout=300_000)
    return time.perf_counter() - start


def measure(repeats=5):
    """{"cold": seconds, "cached": seconds}, each a list with one entry a repeat."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(OneCell, directory=str(BUILT))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    seconds = {"cold": [], "cached": []}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_tool.find(), args=FLAGS)
        for _ in range(repeats):
            context = chromium.new_context(viewport={"width": 1280, "height": 1000})
            for state in ("cold", "cached"):
                page = context.new_page()
                seconds[state].append(_open(page, address))
                page.close()
            context.close()
        chromium.close()
    server.shutdown()
    return seconds


if __name__ == "__main__":
    found = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    print(json.dumps({state: round(statistics.median(times), 2) for state, times in found.items()}))
