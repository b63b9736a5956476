"""The demo in JupyterLab: widgets show up, follow the keyboard, and reset."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import TimeoutError, expect

from backprop import demos

from .samples import SAMPLES


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with the notebook demo.ipynb, and beside it exercises.ipynb."""
    folder = tmp_path_factory.mktemp("lab")
    samples = Path(__file__).with_name("samples.py").read_text(encoding="utf-8")
    sources = {
        "demo": "from backprop import demos\n\ndemos.tiny_network",
        "exercises": f"{samples}\nregister()",
    }
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name, source in sources.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)], metadata=kernel)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
         "--IdentityProvider.token=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
         "--LabApp.news_url=", f"--ServerApp.root_dir={folder}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/lab/tree/demo.ipynb?reset"  # not what another run has left open
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


def run(page):
    """Run the first cell until its widgets are there; the cell and the first box."""
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
    return cell, box


def test_an_exercise_of_each_kind_in_jupyterlab(lab, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 3000}).new_page()
    page.goto(lab.replace("demo.ipynb", "exercises.ipynb"))
    cell, _ = run(page)
    shown = cell.locator(".jp-Cell-outputArea > .jp-OutputArea-child")
    expect(shown).to_have_count(len(SAMPLES))
    for i, exercise in enumerate(SAMPLES):
        (step,), box = exercise.steps, shown.nth(i)
        answer = getattr(exercise.draw(0), step.name)
        match step.kind:
            case "number":
                for field, value in zip(box.locator("input").all(), np.ravel(answer), strict=True):
                    field.fill(f"{value:.2f}")
            case "choice":
                box.get_by_role("button", name="AB"[answer], exact=True).press("Enter")
            case "program":
                box.locator("textarea").fill(answer)
            case _:
                box.locator("input").fill(" ".join(answer) if step.kind == "order" else answer)
        box.get_by_role("button", name="Check").press("Enter")
        box.get_by_text("✓ Right").first.wait_for()
        box.get_by_role("button", name="Another one").press("Enter")
        box.get_by_text("variant 1").wait_for()
        expect(box.get_by_text("✓ Right")).to_have_count(0)
    assert cell.locator("mjx-container").count() > len(SAMPLES)
    assert cell.locator("mjx-merror, [data-mjx-error]").count() == 0


def test_the_demo_moves_in_jupyterlab(lab, chromium):
    page = chromium.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    page.goto(lab)
    _, box = run(page)
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
