"""What an exercise is: a task drawn from a seed, steps with answers, and the mistakes that we can compute.

The right answer and each known mistake (`Slip`) are functions of the task. So a wrong answer is compared
with what every mistake would have given, and the reader is told which one it was.
"""

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from .. import graph, macros
from . import typed

ATTEMPTS = 200  # draws until a task is not degenerate
POINTS = 12  # at which two formulas are compared
AGREEMENT = 1e-9  # relative; formulas that differ by more are different
RIGHT = ("right", "rounding")
NEAR = 3.5  # units of the last place: what rounding on the way may cost


@dataclass(frozen=True)
class Mark:
    """The verdict on one step.

    Attributes:
        state: "right"; "rounding", right but for lost digits; "carried", right for the reader's own
            earlier answers; "slip", a known mistake; "wrong"; "unreadable"; "empty".
        message: what is said, in Markdown with the book's macros.
        slips: names of the mistakes that give exactly this answer.
        see: labels of the places that explain it.
        fields: {index: sentence} for fields of their own.
    """

    state: str
    message: str
    slips: tuple = ()
    see: tuple = ()
    fields: dict = field(default_factory=dict)

    @property
    def right(self):
        """Whether the step is solved."""
        return self.state in RIGHT

    @property
    def told(self):
        """The message with its sign, and what is said of single fields."""
        fields = [f"entry {i + 1}: {text}" for i, text in self.fields.items()]
        return " ".join([f"{SIGNS[self.state]} {self.message}".strip(), *fields])


class Marks(dict):
    """{name of a step: `Mark`}, which a notebook shows as sentences in the notation in use."""

    def __repr__(self):
        return macros.plain("\n".join(f"{name}: {mark.told}" for name, mark in self.items()))

    def _repr_markdown_(self):
        return macros.plain("\n".join(f"- `{name}`: {mark.told}" for name, mark in self.items()))


# What stands before a verdict.
SIGNS = {
    "right": "✓",
    "rounding": "✓",
    "carried": "→",
    "slip": "✗",
    "wrong": "✗",
    "unreadable": "?",
    "empty": "",
}


@dataclass(frozen=True)
class Slip:
    """A known mistake: what it is called, what it makes of the task, why it is wrong, where that is told.

    Attributes:
        name: short, unique in its step.
        answer: task ↦ the answer of a reader who makes it, in the form of the step's own answer; None
            where the mistake changes nothing in this task.
        because: Markdown: what went wrong, and what to do instead.
        see: labels of the book, such as "eq:delta-hidden".
    """

    name: str
    answer: Callable
    because: str
    see: tuple = ()


def _mark_slips(found, carried=False):
    own = "For your own earlier numbers: " if carried else ""
    message = own + " Or: ".join(slip.because for slip in found)
    see = tuple(dict.fromkeys(label for slip in found for label in slip.see))
    return Mark("slip", message, tuple(slip.name for slip in found), see)


@dataclass(frozen=True)
class Number:
    """A number, a vector or a matrix to compute, right to `decimals` places.

    Attributes:
        name: under which later steps find the answer in the task.
        ask: Markdown, what is asked for.
        answer: task ↦ array or float.
        slips: the known mistakes.
        decimals: places after the point that are asked for.
    """

    name: str
    ask: str
    answer: Callable
    slips: tuple = ()
    decimals: int = 4
    kind = "number"

    @property
    def unit(self):
        """One unit of the last place asked for; a tenth for whole numbers: 203 is not 202, rounded."""
        return 10.0 ** -(self.decimals or 1)

    def shape(self, task):
        """The shape of the answer."""
        return np.shape(self.answer(task))

    def far(self, one, other):
        """The largest difference of two answers, in units of the last place; inf for other shapes."""
        one, other = np.asarray(one, float), np.asarray(other, float)
        if one.shape != other.shape:
            return np.inf
        return float(np.max(abs(one - other), initial=0.0)) / self.unit

    def distinct(self, task):
        """Whether no mistake looks like the right answer or like another mistake in this task."""
        answers = [self.answer(task), *(slip.answer(task) for slip in self.slips)]
        answers = [np.asarray(a, float) for a in answers if a is not None]
        finite = all(np.isfinite(a).all() for a in answers)
        pairs = [(p, q) for i, p in enumerate(answers) for q in answers[:i]]
        return finite and all(self.far(p, q) > 2 * NEAR for p, q in pairs)

    def mark(self, task, given, carried=None):
        """The `Mark` of an answer.

        Args:
            task: the task, with the right earlier answers.
            given: what was typed, as `typed.array` takes it.
            carried: the task with the reader's own earlier answers, where they differ.
        """
        right = np.asarray(self.answer(task), float)
        try:
            values, problems = typed.array(given, right.shape)
        except typed.Unreadable as problem:
            return Mark("unreadable", _sentence(problem))
        if problems:
            if all(problem == typed.BLANK for problem in problems.values()):
                if len(problems) == right.size:
                    return Mark("empty", "Nothing is typed yet.")
                return Mark("unreadable", "Some fields are still empty.", fields=_sentences(problems))
            return Mark("unreadable", "Some fields can't be read.", fields=_sentences(problems))
        far = self.far(values, right)
        if far <= 1.01:
            return Mark("right", "Right.")
        found = [slip for slip in self.slips if self._is(slip, task, values)]
        if far <= NEAR and not found:
            return Mark(
                "rounding", f"Right up to rounding: it is {self.shown(right)}. Carry two more digits."
            )
        if found:
            return _mark_slips(found)
        if carried is not None:
            if self.far(values, self.answer(carried)) <= NEAR:
                return Mark(
                    "carried",
                    "Right for your own earlier numbers, and the step is right. Only an earlier one is not.",
                )
            found = [slip for slip in self.slips if self._is(slip, carried, values)]
            if found:
                return _mark_slips(found, carried=True)
        return Mark("wrong", self._wrong(values, right))

    def _is(self, slip, task, values):
        answer = slip.answer(task)
        return answer is not None and self.far(values, answer) <= NEAR

    def _wrong(self, values, right):
        """What can be said of a number that no known mistake gives: sign, factor, place."""
        if right.ndim == 2 and right.shape[0] == right.shape[1] and self.far(values.T, right) <= NEAR:
            return "This is the transpose of the right answer: rows and columns are exchanged."
        if self.far(-values, right) <= NEAR:
            return "The size is right, the sign is not."
        good = abs(values - right) <= NEAR * self.unit
        if right.size > 1 and good.any():
            places = ", ".join(str(i + 1) for i in np.flatnonzero(~good.ravel()))
            return f"Not yet: {int(good.sum())} of {right.size} entries are right, not number {places}."
        sure = abs(right) > 50 * self.unit
        if sure.any() and (abs(values[sure]) > 0).all():
            ratios = (values[sure] / right[sure]).ravel()
            if np.ptp(ratios) <= 0.02 * abs(ratios).max() and self.far(values / ratios.mean(), right) <= NEAR:
                return f"Not yet: your answer is {ratios.mean():.3g} times the right one."
        return "Not yet. No mistake that we know gives these numbers: take a hint."

    def shown(self, value):
        """An answer as TeX, with the places asked for."""
        return tex(value, self.decimals)


@dataclass(frozen=True)
class Formula:
    """A formula to type, as `graph.expression` reads it; equal formulas are equal, however written.

    Attributes:
        name, ask: as in `Number`.
        answer: task ↦ text of a right formula.
        variables: {name: (least, greatest)}, the domain on which formulas are compared.
        slips: mistakes; their answer is a text too.
    """

    name: str
    ask: str
    answer: Callable
    variables: dict
    slips: tuple = ()
    kind = "formula"

    def shape(self, task):
        """One field."""
        return ()

    def points(self):
        """Where formulas are compared: {name: value} for some fixed random points of the domain."""
        rng = np.random.default_rng(20)
        return [
            {name: float(rng.uniform(*span)) for name, span in self.variables.items()} for _ in range(POINTS)
        ]

    def values(self, text):
        """The formula at these points.

        Raises:
            ValueError: if it can't be read or has no value there; the message names the place.
        """
        free = sorted(name for name in self.variables if name in _names(text))
        return np.array(_values(text, tuple(tuple((name, p[name]) for name in free) for p in self.points())))

    def same(self, one, other):
        """Whether two texts are one function."""
        p, q = self.values(one), self.values(other)
        return bool((abs(p - q) <= AGREEMENT * np.maximum(1, np.maximum(abs(p), abs(q)))).all())

    def distinct(self, task):
        """Whether right formula and mistakes are different functions."""
        texts = [self.answer(task), *(slip.answer(task) for slip in self.slips)]
        texts = [text for text in texts if text is not None]
        return not any(self.same(p, q) for i, p in enumerate(texts) for q in texts[:i])

    def mark(self, task, given, carried=None):
        """The `Mark` of a typed formula."""
        text = str(given).strip()
        if not text:
            return Mark("empty", "Nothing is typed yet.")
        try:
            self.values(text)
        except (ValueError, TypeError) as problem:
            return Mark("unreadable", f"`{text[:60]}`: {_sentence(problem)}")
        if self.same(text, self.answer(task)):
            return Mark("right", "Right, and compared at random points: it is the same function.")
        found = [s for s in self.slips if s.answer(task) is not None and self.same(text, s.answer(task))]
        if found:
            return _mark_slips(found)
        p, q = self.values(text), self.values(self.answer(task))
        if self.same(f"-({text})", self.answer(task)):
            return Mark("wrong", "Right but for the sign.")
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = p / q
        if np.isfinite(ratio).all() and np.ptp(ratio) < 1e-9 * abs(ratio).max():
            return Mark("wrong", f"Your formula is {ratio[0]:.4g} times the right one, at every point.")
        at = int(np.argmax(abs(p - q)))
        where = ", ".join(f"{name} = {value:.3f}" for name, value in self.points()[at].items())
        return Mark(
            "wrong", f"Not yet: at {where} your formula gives {p[at]:.6g}, the right one {q[at]:.6g}."
        )

    def shown(self, value):
        """A formula as code."""
        return f"`{value}`"


@dataclass(frozen=True)
class Option:
    """One possible answer of a `Choice`.

    Attributes:
        text: Markdown, or task ↦ Markdown.
        value: task ↦ what one finds by computing as this option says; right where it equals the truth.
        because: Markdown: why it is right, or which misconception it is.
        see: labels.
    """

    text: str | Callable
    value: Callable
    because: str
    see: tuple = ()


@dataclass(frozen=True)
class Choice:
    """One right option among misconceptions; which one is right is found by computing.

    Attributes:
        name, ask: as in `Number`.
        truth: task ↦ what is true, by a computation that knows none of the options.
        options: the `Option`s.
    """

    name: str
    ask: str
    truth: Callable
    options: tuple
    kind = "choice"

    def shape(self, task):
        """One field."""
        return ()

    def texts(self, task):
        """The texts of the options."""
        return [o.text(task) if callable(o.text) else o.text for o in self.options]

    def answer(self, task):
        """The number of the right option, from 0.

        Raises:
            ValueError: if not exactly one option agrees with the truth.
        """
        truth = self.truth(task)
        right = [i for i, option in enumerate(self.options) if _equal(option.value(task), truth)]
        if len(right) != 1:
            raise ValueError(f"{self.name}: expected exactly one right option, got {len(right)}")
        return right[0]

    def distinct(self, task):
        """Whether exactly one option is right in this task."""
        truth = self.truth(task)
        return sum(_equal(option.value(task), truth) for option in self.options) == 1

    def mark(self, task, given, carried=None):
        """The `Mark` of a chosen option, given as its number from 0, or as its letter."""
        text = str(given).strip()
        if not text:
            return Mark("empty", "Nothing is chosen yet.")
        index = int(text) if text.isdecimal() else ord(text.upper()) - ord("A") if len(text) == 1 else -1
        if not 0 <= index < len(self.options):
            last = chr(ord("A") + len(self.options) - 1)
            return Mark("unreadable", f"Expected an option, A to {last}, got {text[:20]!r}.")
        option = self.options[index]
        if index == self.answer(task):
            return Mark("right", f"Right. {option.because}", see=option.see)
        return Mark("slip", option.because, (f"option {chr(ord('A') + index)}",), option.see)

    def shown(self, value):
        """The letter of an option."""
        return chr(ord("A") + int(value))


@dataclass(frozen=True)
class Order:
    """Steps to be put in order; every order in which each step has what it needs is right.

    Attributes:
        name, ask: as in `Number`.
        lines: {key: Markdown} in one right order.
        needs: {key: keys that must come before it}.
        distractors: {key: (Markdown, why it does not belong)}.
        why: {(before, after): why}, said when this pair is the wrong way round.
    """

    name: str
    ask: str
    lines: dict
    needs: dict
    distractors: dict = field(default_factory=dict)
    why: dict = field(default_factory=dict)
    kind = "order"

    def shape(self, task):
        """One field."""
        return ()

    def shuffled(self, seed):
        """(key, text) of all lines and distractors, in an order drawn from the seed."""
        pool = list(self.lines.items()) + [(key, text) for key, (text, _) in self.distractors.items()]
        rng = np.random.default_rng([seed, 7])
        mixed = [pool[i] for i in rng.permutation(len(pool))]
        return mixed if [key for key, _ in mixed] != list(self.lines) else mixed[::-1]

    def answer(self, task):
        """One right order, as keys."""
        return list(self.lines)

    def distinct(self, task):
        """Whether what each line needs exists, and the order given is right."""
        return self.mark(task, list(self.lines)).right

    def mark(self, task, given, carried=None):
        """The `Mark` of an order, given as keys, in a list or between spaces."""
        keys = str(given).split() if isinstance(given, str) else [str(key) for key in given]
        if not keys:
            return Mark("empty", "Nothing is ordered yet.")
        known = {*self.lines, *self.distractors}
        strange = [key for key in keys if key not in known]
        if strange or len(set(keys)) < len(keys):
            return Mark("unreadable", f"Expected each line at most once, of {', '.join(sorted(known))}.")
        wrong = [key for key in keys if key in self.distractors]
        if wrong:
            text, because = self.distractors[wrong[0]]
            return Mark("slip", f"“{text}” does not belong here: {because}", tuple(wrong))
        for i, key in enumerate(keys):
            for needed in self.needs.get(key, ()):
                if needed not in keys[:i]:
                    reason = self.why.get((needed, key), "it uses what that step makes.")
                    return Mark(
                        "slip",
                        f"“{self.lines[key]}” comes before “{self.lines[needed]}”, but {reason}",
                        (f"{needed} before {key}",),
                    )
        missing = [key for key in self.lines if key not in keys]
        if missing:
            return Mark("wrong", f"Right so far; {len(missing)} of {len(self.lines)} steps are missing.")
        return Mark("right", "Right: each step has what it needs.")

    def shown(self, value):
        """The keys in order."""
        return " → ".join(value)


@dataclass(frozen=True)
class Program:
    """A function to write, run against the core.

    Attributes:
        name: of the function.
        ask: Markdown.
        start: the text that the reader begins with.
        solution: the text of a right program.
        examine: (function, rng) ↦ None if it is right, else a `Slip` or a sentence that says what is wrong.
        slips: {name: (right text, wrong text)} of changes to the solution, each a known mistake.
    """

    name: str
    ask: str
    start: str
    solution: str
    examine: Callable
    slips: dict = field(default_factory=dict)
    kind = "program"

    def shape(self, task):
        """One field."""
        return ()

    def answer(self, task):
        """The text of a right program."""
        return self.solution

    def distinct(self, task):
        """A program is the same in every task."""
        return True

    def wrong(self, name):
        """The solution with one of the known mistakes in it."""
        right, wrong = self.slips[name]
        if self.solution.count(right) != 1:
            raise ValueError(f"{self.name}: {name}: expected {right!r} exactly once in the solution")
        return self.solution.replace(right, wrong)

    def mark(self, task, given, carried=None):
        """The `Mark` of a program, a text or the function itself: run on random networks, and examined."""
        if callable(given):  # in a notebook, the function itself
            return self._tried(given, task)
        source = str(given)
        if not source.strip() or source.strip() == self.start.strip():
            return Mark("empty", "Nothing is written yet.")
        scope = {"np": np, "__name__": "exercise"}
        try:
            exec(compile(source, "your program", "exec"), scope)
        except SyntaxError as error:
            return Mark("unreadable", f"Line {error.lineno}: Python can't read this: {error.msg}.")
        except Exception as error:
            return Mark("wrong", _raised(error))
        function = scope.get(self.name)
        if not callable(function):
            return Mark("unreadable", f"Expected a function called `{self.name}`, found none.")
        return self._tried(function, task)

    def _tried(self, function, task):
        try:
            verdict = self.examine(function, np.random.default_rng(task.seed + 1))
        except Exception as error:
            return Mark("wrong", _raised(error))
        if verdict is None:
            return Mark("right", "Right on every network it was tried on.")
        if isinstance(verdict, Slip):
            return Mark("slip", verdict.because, (verdict.name,), verdict.see)
        return Mark("wrong", str(verdict))

    def shown(self, value):
        """The program as a block of code."""
        return f"\n```python\n{value.strip()}\n```\n"


def _raised(error):
    """An exception of the reader's own program, with the line where it happened."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == "your program"]
    where = f"Line {frames[-1].lineno}: " if frames else ""
    told = f"{type(error).__name__}: {error}".replace("`", "'")
    return f"{where}`{told}`"


@dataclass(frozen=True)
class Exercise:
    """One exercise; page, notebook, solutions, exam and key are derived from it.

    Attributes:
        name: identifier, also in links.
        title: what it is called.
        chapter: the chapter's file, without ".ipynb".
        trains: labels of the formulas that it trains.
        level: 1 (apply), 2 (combine) or 3 (find out).
        minutes: how long it takes by hand.
        task: rng ↦ dict of what is given.
        text: task ↦ Markdown with the book's macros: what is given and asked for.
        steps: `Number`, `Formula`, `Choice`, `Order` or `Program`; later ones may use earlier answers.
        hints: Markdown, or task ↦ Markdown, from a nudge to nearly all.
        solution: task ↦ Markdown with the variant's own numbers.
        section: label of the section that it belongs beside; "" for the end of the chapter.
    """

    name: str
    title: str
    chapter: str
    trains: tuple
    level: int
    minutes: int
    text: Callable
    steps: tuple
    hints: tuple
    solution: Callable
    task: Callable = lambda rng: {}
    section: str = ""

    @property
    def kinds(self):
        """The kinds of its steps."""
        return tuple(dict.fromkeys(step.kind for step in self.steps))

    @property
    def varies(self):
        """Whether another seed gives another task."""
        return self.draw(0).given != self.draw(1).given

    def draw(self, seed):
        """The task of a seed: what is given, and the answer of each step under its name.

        A draw in which something degenerates is drawn again: a mistake that changes nothing or two
        mistakes that look alike, numbers that are not finite.

        Raises:
            ValueError: for a seed that is no whole number >= 0, or if no draw is usable.
        """
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise ValueError(f"seed: expected a whole number >= 0, got {seed!r}")
        task = self._draw(seed)[0]
        if task is None:
            raise ValueError(f"{self.name}: no usable task in {ATTEMPTS} draws for seed {seed}")
        return task

    def attempts(self, seed):
        """How many draws a seed takes until nothing degenerates."""
        return self._draw(seed)[1]

    def _draw(self, seed):
        for attempt in range(ATTEMPTS):
            given = self.task(np.random.default_rng([int(seed), attempt]))
            task = SimpleNamespace(seed=int(seed), given=_Same(given), **given)
            if self._solve(task):
                return task, attempt + 1
        return None, ATTEMPTS

    def _solve(self, task):
        """Put the answers into the task; whether all mistakes can be told apart."""
        for step in self.steps:
            if not step.distinct(task):
                return False
            answer = step.answer(task)
            if step.name in task.given and not _equal(task.given[step.name], answer):
                raise ValueError(
                    f"{self.name}: step {step.name} has the name of something else that is given"
                )
            setattr(task, step.name, answer)
        return True

    def mark(self, answers, seed=0):
        """Mark a reader's answers.

        Args:
            answers: {name of a step: what was typed}; steps that are left out are empty.
            seed: of the task.

        Returns:
            `Marks`, {name of a step: `Mark`}, in order.

        Raises:
            ValueError: for a step that the exercise does not have, and as `draw`.
        """
        unknown = sorted(set(answers) - {step.name for step in self.steps})
        if unknown:
            raise ValueError(
                f"{self.name}: expected steps among {[s.name for s in self.steps]}, got {unknown}"
            )
        task = self.draw(seed)
        carried, off, marks = SimpleNamespace(**vars(task)), False, Marks()
        for step in self.steps:
            if step.name not in answers:
                marks[step.name] = Mark("empty", "Nothing is typed yet.")
                continue
            marks[step.name] = mark = step.mark(task, answers[step.name], carried if off else None)
            if step.kind == "number" and mark.state not in ("empty", "unreadable"):
                values, _ = typed.array(answers[step.name], step.shape(task))
                if not mark.right:
                    off = True
                setattr(carried, step.name, values if not mark.right else getattr(task, step.name))
        return marks

    def hint(self, task, i):
        """Hint i, from 0, as Markdown."""
        return self.hints[i](task) if callable(self.hints[i]) else self.hints[i]

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The first variant as text and HTML, and widgets where ipywidgets is installed."""
        from ..live.demo import WIDGET_VIEW
        from .page import static_html

        bundle = {"text/plain": repr(self), "text/html": static_html(self)}
        try:
            from .widgets import show
        except ImportError:
            return bundle
        return bundle | {WIDGET_VIEW: show(self)._repr_mimebundle_()[WIDGET_VIEW]}

    def __repr__(self):
        from .page import opened

        told = opened(self, 0)
        lines = [f"{self.title} ({self.name}, level {self.level}, {self.minutes} min)", told["text"]]
        for step in told["steps"]:
            lines.append(f"  {step['name']}: {step['ask']}")
            lines += [f"    {chr(ord('A') + i)}. {text}" for i, text in enumerate(step.get("options", []))]
            lines += [f"    {key}: {text}" for key, text in step.get("lines", [])]
        return macros.plain("\n".join(lines))


class _Same(dict):
    """What is given, comparable although it holds arrays."""

    def __eq__(self, other):
        return set(self) == set(other) and all(_equal(self[key], other[key]) for key in self)

    def __ne__(self, other):  # a dict has its own
        return not self == other

    __hash__ = None


def _equal(one, other):
    if isinstance(one, str | bool | type(None)) or isinstance(other, str | bool | type(None)):
        return type(one) is type(other) and one == other
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        same = type(one) is type(other) and len(one) == len(other)
        return same and all(_equal(p, q) for p, q in zip(one, other, strict=True))
    if hasattr(one, "W"):  # a network
        return one is other or (
            hasattr(other, "W") and _equal(one.W[1:], other.W[1:]) and _equal(one.b[1:], other.b[1:])
        )
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return False
    return (
        bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))
        if one.dtype.kind in "biuf"
        else bool((one == other).all())
    )


@lru_cache(256)
def _values(text, points):
    """A formula at points, each a tuple of (name, value); the same few texts are compared again and again."""
    return [graph.expression(text, **dict(point)).value for point in points]


def _names(text):
    return set(re.findall(r"[^\W\d]\w*", text))


def _sentence(problem):
    text = str(problem)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _sentences(problems):
    return {i: _sentence(problem) for i, problem in problems.items()}


def tex(value, decimals=4):
    """A number, vector or matrix as TeX with fixed decimals: 0.2500, or a bmatrix.

    Whole numbers are written without a point if `decimals` is 0.
    """
    value = np.asarray(value, float)

    def one(number):
        return f"{round(float(number), decimals) + 0.0:.{decimals}f}"

    if value.ndim == 0:
        return one(value)
    rows = value.reshape(-1, 1) if value.ndim == 1 else value
    body = r" \\ ".join(" & ".join(map(one, row)) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
