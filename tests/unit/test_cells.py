"""Cells run in the reader's browser as Jupyter runs them: what they print, show and raise."""

import builtins
import sys
import types

import pytest

from backprop.live import cells


@pytest.fixture
def run(monkeypatch):
    """run(source): what a cell emits; names stay from cell to cell."""
    # What `prepare` changes for a whole process is put back: other tests start processes.
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr(builtins, "display", None, raising=False)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    cells.namespace.clear()
    cells.namespace["__name__"] = "__main__"

    def run_it(source, name="cell 1"):
        emitted = []
        run_it.good = cells.run(source, name, lambda kind, value: emitted.append((kind, value)))
        return emitted

    return run_it


def test_what_is_printed_comes_line_by_line(run):
    assert run("print('a')\nprint('b', end='')") == [("stdout", "a\n"), ("stdout", "b")]
    assert run("import sys; print('no', file=sys.stderr)") == [("stderr", "no\n")]
    assert run.good


def test_the_last_expression_is_shown_after_what_was_printed(run):
    assert run("print('x', end='')\n6 * 7") == [("stdout", "x"), ("data", {"text/plain": "42"})]
    assert run("_ + 1") == [("data", {"text/plain": "43"})]
    assert run("6 * 7;") == [] and run("None") == [] and run("x = 1") == [] and run("") == []


def test_names_stay_from_cell_to_cell(run):
    run("def double(x):\n    return 2 * x", "cell 1")
    assert run("double(4)", "cell 2") == [("data", {"text/plain": "8"})]


def test_an_error_is_told_from_the_cell_on_with_its_lines(run):
    run("def broken(x):\n    return 1 / x", "cell 1")
    [(kind, told)] = run("x = 0\nbroken(x)", "cell 2")
    assert kind == "error" and not run.good
    assert told.splitlines()[:3] == [
        "Traceback (most recent call last):",
        '  File "cell 2", line 2, in <module>',
        "    broken(x)",
    ]
    assert 'File "cell 1", line 2, in broken' in told and "return 1 / x" in told
    assert told.rstrip().endswith("ZeroDivisionError: division by zero") and "cells.py" not in told
    assert run("1 + 1") == [("data", {"text/plain": "2"})] and run.good


@pytest.mark.parametrize("source, error", [("1 +", "SyntaxError"), ("raise SystemExit", "SystemExit")])
def test_no_cell_ends_python(run, source, error):
    [(kind, told)] = run(source)
    assert kind == "error" and error in told and "cells.py" not in told


def test_what_was_printed_before_an_error_comes_first(run):
    assert [kind for kind, _ in run("print('so far', end='')\n1 / 0")] == ["stdout", "error"]


def test_every_form_of_a_value_is_passed_on(run):
    source = """
class Rich:
    def __repr__(self): return "words"
    def _repr_svg_(self): return "<svg/>"
    def _repr_html_(self): return "<b>"
    def _repr_png_(self): return bytes([1, 2])
class Bundled:
    def __repr__(self): return "words"
    def _repr_mimebundle_(self, include=None, exclude=None): return {"text/html": "<i>", "x/widget": {}}
display(Rich())
Bundled()
"""
    cells.prepare({}, None)
    rich, bundled = run(source)
    assert rich == (
        "data",
        {"text/plain": "words", "image/svg+xml": "<svg/>", "text/html": "<b>", "image/png": "AQI="},
    )
    assert bundled == ("data", {"text/plain": "words", "text/html": "<i>"})


def test_a_figure_is_shown_once_with_its_text(run):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.close("all")
    [(kind, data)] = run("import matplotlib.pyplot as plt\nfig, axes = plt.subplots(figsize=(2, 1))")
    assert kind == "data" and data["text/plain"] == "<Figure size 200x100 with 1 Axes>"
    assert data["image/png"].startswith("iVBOR")
    assert run("1") == [("data", {"text/plain": "1"})] and pyplot.get_fignums() == []


def test_a_package_is_fetched_when_it_is_first_imported(run):
    asked = []

    def fetch(package):
        asked.append(package)
        sys.modules["made_up_now"] = types.ModuleType("made_up_now")

    finder = cells.Fetched({"made_up": "made-up-package"}, fetch)
    assert finder.find_spec("made_up.part", path=[]) is None and asked == []
    assert finder.find_spec("other") is None and asked == []
    finder.find_spec("made_up")
    finder.find_spec("made_up")
    assert asked == ["made-up-package"]
    del sys.modules["made_up_now"]
