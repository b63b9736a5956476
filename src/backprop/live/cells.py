"""Runs the cells of a page in the reader's browser as Jupyter does, without IPython.

One namespace; the last expression is shown; what a cell prints, shows or raises goes to `emit` as
(kind, value): ("stdout", text), ("stderr", text), ("data", {mime type: content}), ("error", text).
"""

import ast
import base64
import builtins
import contextlib
import importlib.machinery
import io
import linecache
import logging
import os
import sys
import traceback
import warnings

REPRESENTATIONS = {
    "text/html": "_repr_html_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "text/latex": "_repr_latex_",
}
namespace = {"__name__": "__main__"}
_emit = None


class Stream(io.TextIOBase):
    """Passes whole lines on, so that a long cell shows what it prints as it goes."""

    def __init__(self, kind):
        self.kind, self.line = kind, ""

    def writable(self):
        return True

    def write(self, text):
        self.line += text
        if "\n" in text:
            whole, self.line = self.line.rsplit("\n", 1)
            _emit(self.kind, whole + "\n")
        return len(text)

    def flush(self):
        if self.line:
            _emit(self.kind, self.line)
            self.line = ""


def run(source, name, emit):
    """Run one cell, whose lines tracebacks call `name`; True unless it raised."""
    global _emit
    _emit = emit
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    out, err = Stream("stdout"), Stream("stderr")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            tree = ast.parse(source, name)
            last = tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";")
            shown = ast.Expression(tree.body.pop().value) if last else None
            exec(compile(tree, name, "exec"), namespace)
            if shown is not None:
                value = eval(compile(shown, name, "eval"), namespace)
                if value is not None:
                    namespace["_"] = value
                    out.flush()
                    display(value)
            out.flush()
            show()
            return True
        except BaseException as error:  # also SystemExit: a cell must not end Python
            out.flush()
            emit("error", readable(error, name))
            return False
        finally:
            err.flush()


def readable(error, name):
    """The traceback from the cell on, without what called the cell."""
    told = traceback.TracebackException.from_exception(error)
    own = [frame.filename == name for frame in told.stack]
    told.stack[:] = told.stack[own.index(True) :] if True in own else []
    return "".join(told.format())


def bundle(value):
    """A value as {mime type: content}, in every form it offers."""
    data = {"text/plain": repr(value)}
    if isinstance(value, type):
        return data
    if hasattr(value, "_repr_mimebundle_"):
        data |= value._repr_mimebundle_()
    for mime, method in REPRESENTATIONS.items():
        content = getattr(value, method, lambda: None)() if mime not in data else None
        if content is not None:
            data[mime] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return {mime: content for mime, content in data.items() if isinstance(content, str)}


def display(*values):
    """Show values, as in Jupyter."""
    for value in values:
        sys.stdout.flush()
        if type(value).__module__ == "matplotlib.figure":
            _emit("data", picture(value))
        else:
            _emit("data", bundle(value))


def picture(figure):
    """A Matplotlib figure as Jupyter's inline backend would show it."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure.savefig(content, format="png", bbox_inches="tight")
    return {"text/plain": repr(figure), "image/png": base64.b64encode(content.getvalue()).decode()}


def show(*_, **__):
    """`plt.show()`: every open figure is shown, then closed."""
    if "matplotlib.pyplot" in sys.modules:
        pyplot = sys.modules["matplotlib.pyplot"]
        sys.stdout.flush()
        for number in pyplot.get_fignums():
            _emit("data", picture(pyplot.figure(number)))
        pyplot.close("all")


class Fetched:
    """Fetches a package when it is first imported; `packages` maps a module to `fetch`'s argument."""

    def __init__(self, packages, fetch):
        self.packages, self.fetch = packages, fetch

    def find_spec(self, name, path=None, target=None):
        if path is None and name in self.packages:
            self.fetch(self.packages.pop(name))
            importlib.invalidate_caches()
            return importlib.machinery.PathFinder.find_spec(name)
        return None


def prepare(packages, fetch):
    """What a page's Python has before its first cell."""
    # Its first import here finds no list of fonts and would say so in the first figure's output.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    os.environ["MPLBACKEND"] = "module://backprop.live.figures"
    builtins.display = display
    sys.meta_path.append(Fetched(packages, fetch))
