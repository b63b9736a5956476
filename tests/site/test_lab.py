"""The demo in JupyterLab: widgets show up, follow the keyboard, and reset."""

import re
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from playwright.sync_api import TimeoutError, expect

from backprop import demos


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with one notebook, demo.ipynb."""
    folder = tmp_path_factory.mktemp("lab")
    cell = nbformat.v4.new_code_cell("from backprop import demos\n\ndemos.tiny_network")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), folder / "demo.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
         "--IdentityProvider.token=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
         "--LabApp.news_url=", f"--ServerApp.root_dir={folder}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/lab/tree/demo.ipynb"
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=2)
            break
        except OSError:
            time.sleep(0.5)
    yield address
    server.terminate()
    server.wait(timeout=20)


def shown(text, words):
    """Whether the trace in the widget is this text."""
    return re.sub(r"\s+", " ", words).strip() == re.sub(r"\s+", " ", text).strip()


def test_the_demo_moves_in_jupyterlab(lab, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    page.goto(lab)
    # JupyterLab drops a cell that is run before its notebook is ready, and says nothing: run it again.
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=120_000)
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    box = cell.locator(".jp-OutputArea .widget-vbox").first
    for _ in range(4):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        try:
            box.wait_for(timeout=30_000)
            break
        except TimeoutError:
            continue
    # A number in place of the star: no run is left that would replace the widget.
    expect(cell.locator(".jp-InputPrompt"), cell.inner_text()).to_have_text(
        re.compile(r"\[\d+\]:"), timeout=60_000
    )
    box.wait_for()
    words = box.locator("pre")
    words.wait_for()
    assert shown(demos.tiny_network.view().text, words.inner_text())
    assert box.locator("svg.bp-svg").is_visible()

    handle = box.locator(".noUi-handle, .jupyter-widgets [role=slider]").first
    handle.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    state = demos.tiny_network.view(x1=0.7).text
    page.wait_for_function("text => document.querySelector('.widget-vbox pre').innerText.includes(text)",
                           arg=state.splitlines()[0])  # fmt: skip
    assert shown(state, words.inner_text())

    box.locator("input[type=checkbox]").uncheck()
    page.wait_for_function("!document.querySelector('.widget-vbox pre').innerText.includes('∂')")
    box.get_by_role("button", name="Reset").click()
    page.wait_for_function("document.querySelector('.widget-vbox pre').innerText.includes('∂')")
    page.wait_for_timeout(300)
    assert shown(demos.tiny_network.view().text, words.inner_text())

    page.context.close()
