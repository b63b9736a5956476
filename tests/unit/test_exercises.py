"""Every exercise: reference answers pass, each known mistake is recognised, nothing typed raises."""

import re
import time
import types

import numpy as np
import pytest
from extensions.exercises import places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop import exercises
from backprop.exercises import Choice, Exercise, Formula, Number, Option, Order, Program, Slip, page, typed
from backprop.exercises.exercise import Mark

from ..claims.labels import ROOT, labels_in_chapters

ALL = list(exercises.ALL.values())
ids = [exercise.name for exercise in ALL]
each = pytest.mark.parametrize("exercise", ALL, ids=ids)
SEEDS = range(25)  # 200 in `make test-live`
MANY = pytest.param(range(200), marks=pytest.mark.live, id="200 seeds")


def shown(step, value):
    """An answer as a reader would type it: the places asked for."""
    if step.kind == "number":
        return [f"{v:.{step.decimals}f}" for v in np.ravel(value)]
    return value


def reference(exercise, task):
    return {step.name: shown(step, getattr(task, step.name)) for step in exercise.steps}


# The engine


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.25", 0.25), (" -1e-3 ", -0.001), ("−0.5", -0.5), ("1/4", 0.25), ("-3 / 8", -0.375), (".5", 0.5), ("5.", 5),
     ("2.5·10^-3", 0.0025), ("2*10**2", 200), ("+7", 7), (3, 3), (np.float64(0.1), 0.1)],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(text, value):
    assert typed.number(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "message"),
    [("0,5", "as a point: 0.5"), ("1e", "expected an exponent"), ("", "nothing is typed"), ("1/0", "divides by 0"),
     ("1 2", "got several"), ("half", "expected a number such as"), ("1e999", "too large"), ("2**9", "expected a number"),
     ("nan", "expected a number"), ("__import__('os')", "expected a number"), ("1/1e-400", "divides by 0")],
)  # fmt: skip
def test_what_cannot_be_read_is_explained(text, message):
    with pytest.raises(typed.Unreadable, match=message):
        typed.number(text)


def test_fields_have_the_shape_asked_for():
    values, problems = typed.array(["1", "2", "x", ""], (2, 2))
    assert values[0].tolist() == [1, 2] and np.isnan(values[1]).all() and set(problems) == {2, 3}
    assert typed.array("1, 2; 3 4", (2, 2))[0].tolist() == [[1, 2], [3, 4]]
    with pytest.raises(typed.Unreadable, match=r"expected 4 numbers \(2 rows, 2 columns\), got 3"):
        typed.array("1 2 3", (2, 2))
    with pytest.raises(typed.Unreadable, match="expected one number, got 2"):
        typed.array(["1", "2"], ())


def two_steps(**changes):
    """y = 2 x, then z = y + 1, with x drawn from the seed."""
    facts = {
        "name": "doubling", "title": "Doubling", "chapter": "05-worked-example", "trains": ("eq:loss",), "level": 1,
        "minutes": 1, "task": lambda rng: {"x": float(rng.integers(2, 9))}, "text": lambda t: f"x is {t.x}",
        "steps": (
            Number("y", "twice x", lambda t: 2 * t.x, (Slip("squared", lambda t: t.x**2, "You squared.", ("eq:loss",)),), 2),
            Number("z", "one more", lambda t: t.y + 1, (Slip("one less", lambda t: t.y - 1, "You subtracted."),), 2),
        ),
        "hints": ("Add x to itself.", lambda t: f"{t.x} + {t.x}"), "solution": lambda t: f"{t.y}, {t.z}",
    }  # fmt: skip
    return Exercise(**(facts | changes))


def test_errors_are_carried_forward():
    marks = two_steps().mark({"y": "100", "z": "101"}, seed=1)
    assert (marks["y"].state, marks["z"].state) == ("wrong", "carried")
    assert not marks["z"].right
    marks = two_steps().mark({"y": "100", "z": "99"}, seed=1)
    assert (marks["z"].state, marks["z"].slips) == ("slip", ("one less",))
    assert "own earlier" in marks["z"].message


def test_a_slip_is_named_and_a_degenerate_draw_is_drawn_again():
    exercise = two_steps(task=lambda rng: {"x": float(rng.integers(1, 4))})  # 2 · 2 is 2², too
    for seed in range(40):
        task = exercise.draw(seed)
        assert task.x != 2
        mark = exercise.mark({"y": str(task.x**2)}, seed)["y"]
        assert (mark.state, mark.slips, mark.see) == ("slip", ("squared",), ("eq:loss",))
    with pytest.raises(ValueError, match="no usable task in 200 draws for seed 3"):
        two_steps(task=lambda rng: {"x": 2.0}).draw(3)
    with pytest.raises(ValueError, match="doubling: step y has the name of something else"):
        two_steps(task=lambda rng: {"x": 3.0, "y": 1.0}).draw(0)
    with pytest.raises(ValueError, match=r"seed: expected a whole number >= 0, got -1"):
        exercise.draw(-1)
    with pytest.raises(ValueError, match=r"expected steps among \['y', 'z'\], got \['w'\]"):
        exercise.mark({"w": 1})


def test_tasks_with_arrays_vary_with_their_numbers():
    assert two_steps(task=lambda rng: {"x": 3.0, "v": rng.normal(size=3)}).varies
    assert not two_steps(task=lambda rng: {"x": 3.0, "v": np.arange(3)}).varies


@pytest.mark.parametrize(
    ("given", "state", "words"),
    [("6.00", "right", "Right"), ("6.01", "right", "Right"), ("6.03", "rounding", "Carry two more digits"), ("-6", "wrong", "sign is not"),
     ("18", "wrong", "3 times the right one"), ("", "unreadable", "Nothing is typed"), (["6", "7"], "unreadable", "got 2"),
     ("6,0", "unreadable", "as a point: 6.0")],
)  # fmt: skip
def test_marks_of_a_number(given, state, words):
    exercise = two_steps(task=lambda rng: {"x": 3.0})
    given = given if isinstance(given, list) else [given]
    mark = exercise.mark({"y": given})["y"]
    said = mark.message + " ".join(mark.fields.values())
    assert words in said
    assert mark.state == ("empty" if given == [""] else state)


def test_marks_of_a_matrix():
    step = Number("M", "", lambda t: np.array([[1.0, 2.0], [3.0, 4.0]]))
    task = types.SimpleNamespace()
    assert "transpose" in step.mark(task, [["1", "3"], ["2", "4"]]).message
    assert "3 of 4 entries are right, not number 4" in step.mark(task, "1 2; 3 5").message
    assert step.mark(task, "1 2; 3 4").right


def test_marks_of_a_formula():
    step = Formula(
        "f",
        "",
        lambda t: "2*x*cos(x^2)",
        {"x": (0.1, 2)},
        (Slip("inner", lambda t: "cos(x^2)", "Inner derivative."),),
    )
    task = types.SimpleNamespace()
    for right in ("2*x*cos(x^2)", "cos(x*x)*x*2", "x*cos(x^2) + x*cos(x^2) + 0"):
        assert step.mark(task, right).state == "right"
    assert step.mark(task, "cos(x*x)").slips == ("inner",)
    assert step.mark(task, "-2*x*cos(x^2)").message == "Right but for the sign."
    assert "0.5 times" in step.mark(task, "x*cos(x^2)").message
    assert "your formula gives" in step.mark(task, "x").message
    for strange in ("2x", "y", "x +", "cos", "1/0", "__import__('os')", "ln(-x)"):
        assert step.mark(task, strange).state == "unreadable", strange
    assert step.mark(task, " ").state == "empty"


def test_marks_of_a_choice():
    options = (
        Option("two", lambda t: 2, "It is."),
        Option("three", lambda t: 3, "You counted twice.", ("eq:loss",)),
    )
    step = Choice("c", "", lambda t: 2, options)
    task = types.SimpleNamespace()
    assert step.mark(task, "0").right and step.mark(task, "a").right
    assert (step.mark(task, "1").state, step.mark(task, "1").see) == ("slip", ("eq:loss",))
    assert [step.mark(task, g).state for g in ("", "7", "z", "maybe")] == ["empty"] + ["unreadable"] * 3
    with pytest.raises(ValueError, match="expected exactly one right option, got 0"):
        Choice("c", "", lambda t: 9, options).answer(task)


def test_marks_of_an_order():
    step = Order(
        "o", "", {"a": "first", "b": "second", "c": "third", "d": "fourth"}, {"b": ("a",), "d": ("b", "c")},
        {"x": ("strange", "it uses what is not there.")}, {("a", "b"): "b reads a."},
    )  # fmt: skip
    task = types.SimpleNamespace()
    for right in ("a b c d", ["c", "a", "b", "d"], "a c b d"):
        assert step.mark(task, right).right, right
    assert "b reads a." in step.mark(task, "b a c d").message
    assert step.mark(task, "a b d c").slips == ("c before d",)
    assert "does not belong" in step.mark(task, "a x b").message
    assert "2 of 4 steps are missing" in step.mark(task, "a b").message
    assert [step.mark(task, g).state for g in ("", "a a", "q")] == ["empty", "unreadable", "unreadable"]
    orders = {tuple(key for key, _ in step.shuffled(seed)) for seed in range(20)}
    assert len(orders) > 10 and ("a", "b", "c", "d", "x") not in orders


def test_marks_of_a_program():
    def examine(double, rng):
        x = rng.normal(size=3)
        answer = np.asarray(double(x))
        if answer.shape == x.shape and np.allclose(answer, x * x):
            return Slip("squared", None, "You squared.")
        return None if answer.shape == x.shape and np.allclose(answer, 2 * x) else "Not twice."

    step = Program(
        "double",
        "",
        "def double(x):\n    ...",
        "def double(x):\n    return 2 * x",
        examine,
        {"squared": ("2 * x", "x * x")},
    )
    task = types.SimpleNamespace(seed=0)
    states = {
        step.solution: "right", step.wrong("squared"): "slip", "def double(x):\n    return x": "wrong", step.start: "empty",
        "def double(x)": "unreadable", "x = 1": "unreadable", "def double(x):\n    return y": "wrong", "1/0": "wrong", "": "empty",
    }  # fmt: skip
    for source, state in states.items():
        assert step.mark(task, source).state == state, source
    assert step.mark(task, "def double(x):\n    return y").message.startswith("Line 2: `NameError")


# Every exercise


@each
def test_what_it_says_of_itself(exercise):
    assert (ROOT / "chapters" / f"{exercise.chapter}.ipynb").exists()
    known = labels_in_chapters()
    slips = [slip for step in exercise.steps for slip in page_slips(step)]
    assert [label for slip in slips for label in slip.see if label not in known] == []
    assert {label for slip in slips for label in slip.see} <= set(places(exercise))
    assert exercise.trains and [label for label in exercise.trains if label not in known] == []
    assert exercise.level in (1, 2, 3) and 1 <= exercise.minutes <= 60 and exercise.hints
    names = [step.name for step in exercise.steps]
    assert len(set(names)) == len(names) > 0
    for step in exercise.steps:
        told = [slip.name for slip in page_slips(step)]
        assert len(set(told)) == len(told)


def page_slips(step):
    slips = getattr(step, "slips", ())
    return slips if isinstance(slips, tuple) else ()


@each
def test_a_macro_that_holds_the_error_is_not_followed_by_it(exercise):
    r"""\back{2}{1} is the whole product, W of layer 2 transposed times its error."""
    told = page.opened(exercise, 0)
    steps = [step["ask"] for step in told["steps"]]
    for text in (told["text"], *told["hints"], told["solution"], *steps):
        assert not re.search(r"\\[bB]ack\{\w+\}\{\w+\}[\s\\,]*\\[eE]rr", text)


@each
def test_the_reference_answer_passes(exercise):
    for seed in SEEDS if exercise.varies else (0,):
        task = exercise.draw(seed)
        marks = exercise.mark(reference(exercise, task), seed)
        assert {name: mark.state for name, mark in marks.items()} == dict.fromkeys(marks, "right"), seed
        assert page.handle({"exercise": exercise.name, "action": "open", "seed": seed}).keys() == {
            "text", "hints", "solution", "steps",
        }  # fmt: skip


@each
@pytest.mark.parametrize("seeds", [pytest.param(SEEDS, id="25 seeds"), MANY])
def test_each_mistake_is_recognised_by_name(exercise, seeds):
    for seed in seeds if exercise.varies else (0,):
        task = exercise.draw(seed)
        for step in exercise.steps:
            for slip in page_slips(step):
                answer = slip.answer(task)
                if answer is None:
                    continue
                mark = exercise.mark(reference(exercise, task) | {step.name: shown(step, answer)}, seed)[
                    step.name
                ]
                assert (mark.state, mark.slips) == ("slip", (slip.name,)), (seed, step.name, slip.name)
                assert mark.message


@each
def test_wrong_options_and_programs_are_told(exercise):
    task = exercise.draw(0)
    for step in exercise.steps:
        if step.kind == "choice":
            marks = [step.mark(task, str(i)) for i in range(len(step.options))]
            assert [mark.right for mark in marks].count(True) == 1 and all(mark.message for mark in marks)
        if step.kind == "program":
            for name in step.slips:
                mark = step.mark(task, step.wrong(name))
                assert (mark.state, mark.slips) == ("slip", (name,)), (name, mark.message)
        if step.kind == "order":
            assert not step.mark(task, list(step.lines)[::-1]).right


@each
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_a_reader_types_raises(exercise, data):
    words = st.one_of(st.text(max_size=12), st.lists(st.text(max_size=5), max_size=9), st.floats().map(str))
    steps = [step for step in exercise.steps if step.kind != "program"]
    answers = {step.name: data.draw(words) for step in steps}
    answer = page.handle({"exercise": exercise.name, "action": "check", "seed": 0, "answers": answers})
    assert set(answer) == {"marks", "solved"} and not (steps and answer["solved"])
    assert all(isinstance(mark, Mark) for mark in exercise.mark(answers).values())


@each
def test_a_draw_is_quick(exercise):
    """A reader waits for it: well under a second even in a browser, which is some ten times slower."""
    start = time.perf_counter()
    for seed in range(5):
        exercise.draw(seed)
    print(f"{(time.perf_counter() - start) / 5:.4f} s a draw")
    attempts = [exercise.attempts(seed) for seed in range(50)] if exercise.varies else [1]
    assert max(attempts) <= 60, attempts


def test_a_message_that_makes_no_sense_is_answered():
    assert "expected one of" in page.handle({"exercise": "none", "action": "open"})["error"]
    name = ids[0]
    assert "expected open or check" in page.handle({"exercise": name, "action": "solve"})["error"]
    assert "unexpected keyword" in page.handle({"exercise": name, "action": "open", "what": 1})["error"]
