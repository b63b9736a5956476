r"""Change the book in one place at a time and see whether a test turns red.

    python tools/mutate.py [--seed S] [--number N] [--kind KIND ...]

Kinds of places: `formula` (labelled ones), `theorem` (formulas of statements), `translation` (formulas of
the notation file), `number` (of the text), `src`. Of each kind N places are drawn; a change is a sign, a
transpose, an index, a factor, an order or a digit. The tests that belong to a place run in this process,
until one fails. What stayed green is listed, and is to be explained in tools/survivors.txt if no test
could tell it from what was there.
"""

import argparse
import ast
import importlib
import inspect
import itertools
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)] * (str(ROOT) not in sys.path)
SURVIVORS = ROOT / "tools" / "survivors.txt"
# Modules of the package whose lines are changed, and beside their own unit tests those that run for them.
MODULES = {
    "network": ["claims/test_four_equations.py", "claims/test_notation_chapter.py"],
    "activations": ["claims/test_flow.py", "unit/test_losses.py"],
    "losses": ["claims/test_four_equations.py"],
    "initialise": ["claims/test_flow.py"],
    "layers": ["claims/test_implementation.py"],
    "complexity": ["claims/test_complexity.py"],
    "checkpoint": ["claims/test_complexity.py"],
    "chain_rule": ["claims/test_chain_rule.py"],
    "graph": ["claims/test_graph.py"],
    "control": ["claims/test_history.py"],
    "training": ["claims/test_training.py"],
    "flow": ["claims/test_flow.py"],
}  # fmt: skip
LONGEST = 60  # seconds for one change


@dataclass
class Mutant:
    """One change: what it is, how to make it, how to take it back, and the tests that should see it."""

    kind: str
    place: str
    before: str
    after: str
    make: object
    undo: object
    tests: object

    def __str__(self):
        return f"{self.kind} {self.place}: {self.before!r} -> {self.after!r}"


# Changes of a piece of TeX: (pattern, replacement); each place where a pattern fits is one change.
CHANGES = [
    (r"(?<=[\w})\]|. ]) ?\+(?= ?[\\\w({])", "-"),
    (r"(?<=[\w})\]|. ]) ?-(?= ?[\\\w({])", "+"),
    (r"\^(?:\{\\T\}|\\T)(?![A-Za-z])", ""),
    (r"\^(?:\{(?:T|\\top)\}|T)(?![A-Za-z])", ""),
    (r"\+ ?1(?=[\]})])", ""),
    (r"-1(?=[\]})])", ""),
    (r"(?<=\{)l(?=\})", "l+1"),
    (r"(?<=\{)j(?=\})|(?<=_)j", "k"),
    (r"(?<=\{)k(?=\})|(?<=_)k", "j"),
    (r"(?<=_)i(?![A-Za-z])", "j"),
    (r"(?<![<>:])=(?!=)", "= 2"),
    (r"(?<![<>:])=(?!=)", "= 7 +"),
    (r"(?<![<>:])=(?!=| *[&-]? *0)", "= -"),
    (r"\\le(?![a-z])", r"\\ge"),
    (r"\\ge(?![a-z])", r"\\le"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\\frac{\2}{\1}"),
    (r"\\sum", r"\\prod"),
    (r"\\tfrac12", r"\\tfrac13"),
    (r"\^2", "^3"),
    (r"\\had(?![a-z])", "+"),
    (r"'(?=\()", ""),
    (r"\\sin(?![a-z])", r"\\cos"),
    (r"\\max(?![a-z])", r"\\min"),
]  # fmt: skip
DIGIT = re.compile(r"(?<!\\\\\[)\d")


def changed(tex):
    """[(before, after)] of all single changes of a piece of TeX."""
    found = []
    for pattern, replacement in CHANGES:
        for match in re.finditer(pattern, tex):
            new = tex[: match.start()] + match.expand(replacement) + tex[match.end() :]
            found.append((match[0], new))
    for match in DIGIT.finditer(tex):
        new = str((int(match[0]) + 1) % 10)
        found.append((match[0], tex[: match.start()] + new + tex[match.end() :]))
    return found


# The text


def _page_mutant(kind, label, path, text, start, end, tests):
    from tests.claims import labels
    from tests.claims.printed import page

    old = text[start:end]

    def put(piece):
        found = labels.pages()
        at = next(i for i, (p, _) in enumerate(found) if p == path)
        found[at] = (path, text[:start] + piece + text[end:])
        page.equations.cache_clear()
        page.statements.cache_clear()

    for before, new in changed(old):
        yield Mutant(
            kind, label, before, new.strip()[:200], lambda new=new: put(new), lambda: put(old), tests
        )


def formulas():
    """Changes of labelled formulas."""
    from tests.claims import labels
    from tests.claims.printed.page import DISPLAY

    for path, text in labels.pages():
        for match in DISPLAY.finditer(text):
            if match[2]:
                name = labels.name_of_test(match[2])
                yield from _page_mutant(
                    "formula",
                    match[2],
                    path,
                    text,
                    *match.span(1),
                    lambda item, name=name: item.originalname == name,
                )


def theorems():
    """Changes of the formulas in the statements of theorems."""
    from tests.claims import labels
    from tests.claims.printed.page import DISPLAY, INLINE, says_something

    for path, text in labels.pages():
        for block in labels.PROVED.finditer(text):
            start = block.end()
            end = start + re.search(rf"^{block[1]}[ \t]*$", text[start:], re.M).start()
            name = labels.name_of_test(block[2])
            body = DISPLAY.sub(lambda m: " " * len(m[0]), text[start:end])
            for match in INLINE.finditer(body):
                if says_something(match[1]):
                    a, b = match.span(1)
                    yield from _page_mutant(
                        "theorem", block[2], path, text, start + a, start + b,
                        lambda item, name=name: item.originalname == name,
                    )  # fmt: skip


def translations():
    """Changes of the formulas of other texts in the notation file."""
    from tests.claims.printed.tex import NOTATION

    for name, formula in NOTATION["formulas"].items():
        for text, translation in formula["others"].items():
            old = translation["form"]
            for before, new in changed(old):
                yield Mutant(
                    "translation", f"{name} of {text}", before, new,
                    lambda t=translation, new=new: t.update(form=new),
                    lambda t=translation, old=old: t.update(form=old),
                    lambda item: item.path.stem == "test_printed_profiles",
                )  # fmt: skip


def prose_numbers():
    """Changes of one digit of a number in the text that has to be bound."""
    from tests.notebooks import numbers

    for path in numbers.chapters():
        owed = {printed for _, printed in numbers.unbound(path)}
        for cell in numbers.cells_of(path):
            if cell.cell_type != "markdown":
                continue
            old = cell.source
            for printed in dict.fromkeys(name.removeprefix("- ") for name, _, _ in numbers.numbers(old)):
                if printed in owed or any(printed in names for names, _ in numbers.ALLOWED.findall(old)):
                    continue
                sign, digits = re.match(r"([-−]?)(.*?)%?$", printed).groups()
                for match in re.finditer(rf"(?<![\d.]){sign}{re.escape(digits)}(?![\d.]\d|\d)", old):
                    for digit in DIGIT.finditer(digits):
                        at = match.start() + len(sign) + digit.start()
                        new = old[:at] + str((int(digit[0]) + 1) % 10) + old[at + 1 :]
                        if numbers.numbers(new) == numbers.numbers(old):  # a link, or code
                            continue
                        yield Mutant(
                            "number", path.stem, printed, old[max(0, at - 40) : at] + new[at : at + 12],
                            lambda c=cell, new=new: c.update(source=new),
                            lambda c=cell, old=old: c.update(source=old),
                            lambda item, page=path.stem: item.name.endswith(f"[{page}]"),
                        )  # fmt: skip


# The package


class _Change(ast.NodeTransformer):
    """Changes the n-th place of a function that can be changed; `what` says how."""

    def __init__(self, number):
        self.number, self.count, self.what = number, -1, None

    def _here(self, what):
        self.count += 1
        if self.count == self.number:
            self.what = what
            return True
        return False

    def visit_Raise(self, node):
        return node  # what an error says is not arithmetic

    def visit_JoinedStr(self, node):
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        text = ast.unparse(node)
        swaps = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
        lists = isinstance(node.left, ast.List | ast.Constant) and not isinstance(node.op, ast.Sub)
        if type(node.op) in swaps and not lists and self._here((text, "other sign")):
            node.op = swaps[type(node.op)]()
        if isinstance(node.op, ast.MatMult) and self._here((text, "other order")):
            node.left, node.right = node.right, node.left
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if node.attr == "T" and self._here((ast.unparse(node), "no transpose")):
            return node.value
        return node

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            if self._here((ast.unparse(node), "no sign")):
                return node.operand
        return node

    def visit_Constant(self, node):
        number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        if number and self._here((repr(node.value), "one more")):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node


def _functions(module):
    """(name, function) of the module's own functions, methods and properties."""
    for name, value in vars(module).items():
        if inspect.isclass(value) and value.__module__ == module.__name__:
            for part, member in vars(value).items():
                function = member.fget if isinstance(member, property) else member
                if inspect.isfunction(function) and not part.startswith("__"):
                    yield f"{name}.{part}", function
        elif inspect.isfunction(value) and value.__module__ == module.__name__:
            yield name, value


def source():
    """Changes in functions of the package that compute."""
    for name, more in MODULES.items():
        module = importlib.import_module(f"backprop.{name}")
        files = [f"unit/test_{name}.py", *more]
        for where, function in _functions(module):
            try:
                text = inspect.cleandoc("\n" + inspect.getsource(function))
                tree = ast.parse(text)
            except (OSError, SyntaxError):
                continue
            (made,) = tree.body
            if not isinstance(made, ast.FunctionDef) or function.__code__.co_freevars or function.__closure__:
                continue
            made.decorator_list = []
            if (
                made.body
                and isinstance(made.body[0], ast.Expr)
                and isinstance(made.body[0].value, ast.Constant)
            ):
                made.body = made.body[1:] or [ast.Pass()]
            made.args.defaults, made.args.kw_defaults = [], [None] * len(made.args.kwonlyargs)
            for number in itertools.count():
                change = _Change(number)
                new = ast.fix_missing_locations(change.visit(ast.parse(ast.unparse(tree))))
                if change.what is None:
                    break
                scope = {}
                exec(compile(new, f"<{name}>", "exec"), dict(vars(module)), scope)
                code, old = scope[made.name].__code__, function.__code__

                def put(code, function=function):
                    function.__code__ = code

                yield Mutant(
                    "src", f"{name}.{where}", *change.what, lambda put=put, code=code: put(code),
                    lambda put=put, old=old: put(old),
                    lambda item, files=files: any(item.path.as_posix().endswith(f"tests/{f}") for f in files),
                )  # fmt: skip


KINDS = {
    "formula": formulas,
    "theorem": theorems,
    "translation": translations,
    "number": prose_numbers,
    "src": source,
}


class Run:
    """A pytest plugin: collects the tests once, then runs those of each change."""

    def __init__(self, seed, number, kinds):
        self.rng, self.number, self.kinds = random.Random(seed), number, kinds
        self.survived, self.counts, self.seconds, self.last = [], Counter(), Counter(), {}

    def pytest_runtestloop(self, session):
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        for kind in self.kinds:
            self.rng.seed(f"{kind} {self.rng.random()}")
            every = list(KINDS[kind]())
            for mutant in self.rng.sample(every, min(self.number, len(every))):
                self.judge(mutant, session.items)
        return True

    def judge(self, mutant, items):
        """Whether a test turns red; those that saw the last change of this place come first."""
        chosen = [item for item in items if mutant.tests(item)]
        chosen.sort(key=lambda item: (item.nodeid != self.last.get(mutant.place), self.seconds[item.nodeid]))
        start, killed = time.perf_counter(), False
        mutant.make()
        try:
            for item in chosen:
                begun = time.perf_counter()
                killed = self.red(item)
                self.seconds[item.nodeid] = time.perf_counter() - begun
                if killed:
                    self.last[mutant.place] = item.nodeid
                if killed or time.perf_counter() - start > LONGEST:
                    break
        finally:
            mutant.undo()
        self.counts[mutant.kind, killed] += 1
        if not killed and str(mutant) not in known():
            self.survived.append(mutant)
            print(f"green  {mutant}", flush=True)

    def red(self, item):
        item._initrequest()
        return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def known():
    """The changes that no test could tell, as `tools/survivors.txt` lists them: change, tab, reason."""
    if not SURVIVORS.exists():
        return {}
    lines = SURVIVORS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if "\t" in line and not line.startswith("#"))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, default=100, help="changes of each kind (default: 100)")
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument(
        "--quick", action="store_true", help="fail if anything stays green: the sample of make test"
    )
    options = parser.parse_args(arguments)
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutate", max_examples=20, phases=[Phase.explicit, Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck), database=None,
    )  # fmt: skip
    settings.load_profile("mutate")
    files = {"tests/claims", "tests/notebooks/test_numbers.py"}
    if "src" in options.kind:
        files |= {
            f"tests/unit/test_{name}.py" for name in MODULES if (ROOT / f"tests/unit/test_{name}.py").exists()
        }
    run = Run(options.seed, options.number, options.kind)
    code = pytest.main(
        [
            "-q",
            "-o",
            "addopts=",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "--rootdir",
            str(ROOT),
            *sorted(str(ROOT / f) for f in files),
        ],
        plugins=[run],
    )
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return int(code)
    print(f"seed {options.seed}")
    for kind in options.kind:
        killed, green = run.counts[kind, True], run.counts[kind, False]
        if killed + green:
            share = 100 * killed / (killed + green)
            print(f"{kind:12} {killed} of {killed + green} turned a test red, {share:.0f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
