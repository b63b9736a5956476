"""An exercise in Jupyter and in a live cell: fields, verdicts, the reader's letters."""

import re

import ipywidgets
import pytest

from backprop import exercises, letters, macros
from backprop.exercises import page
from backprop.exercises.widgets import show

from ..site.samples import SAMPLES

ALL = [*SAMPLES, *exercises.ALL.values()]
each = pytest.mark.parametrize("exercise", ALL, ids=[exercise.name for exercise in ALL])
BOOK = re.compile(r"\\(?:" + "|".join(macros.of("book")) + r")(?![A-Za-z])")
# A macro whose form is a command of the same name is plain TeX already.
PLAIN = {name for name, (_, form) in macros.of("book").items() if re.search(rf"\\{name}(?![A-Za-z])", form)}


def widgets(widget):
    """A widget and all within it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets(child)


def texts(box):
    return [
        output["data"]["text/markdown"]
        for widget in widgets(box)
        if isinstance(widget, ipywidgets.Output)
        for output in widget.outputs
    ]


def press(box, label):
    next(w for w in widgets(box) if isinstance(w, ipywidgets.Button) and w.description == label).click()


def fields(box):
    kinds = (ipywidgets.Text, ipywidgets.Textarea, ipywidgets.ToggleButtons)
    return [widget for widget in widgets(box) if isinstance(widget, kinds)]


def fill(box, exercise, seed):
    """Type the right answers."""
    task, typed = exercise.draw(seed), []
    for step in exercise.steps:
        answer = getattr(task, step.name)
        match step.kind:
            case "number":
                shape = step.shape(task)
                flat = (
                    [answer]
                    if shape == ()
                    else [entry for row in answer for entry in (row if len(shape) == 2 else [row])]
                )
                typed += [f"{float(value):.{step.decimals}f}" for value in flat]
            case "choice":
                typed.append(chr(ord("A") + answer))
            case "order":
                typed.append(" ".join(answer))
            case _:
                typed.append(answer)
    for field, value in zip(fields(box), typed, strict=True):
        field.value = value


@each
def test_right_answers_are_right_in_widgets_and_another_one_is_empty(exercise):
    box = show(exercise)
    fill(box, exercise, 0)
    press(box, "Check")
    assert len([text for text in texts(box) if text.startswith("✓")]) == len(exercise.steps)
    if exercise.varies:
        press(box, "Another one")
        assert "variant 1" in texts(box)[0] and not [text for text in texts(box) if text.startswith("✓")]
        fill(box, exercise, 1)
        press(box, "Check")
        assert len([text for text in texts(box) if text.startswith("✓")]) == len(exercise.steps)


@each
@pytest.mark.parametrize("notation", list(letters.profiles()))
def test_what_jupyter_shows_is_plain_tex_in_any_notation(exercise, notation):
    box = show(exercise, notation=notation)
    press(box, "Check")
    for text in [*texts(box), repr(exercise)]:
        assert [found for found in BOOK.findall(text) if found[1:] not in PLAIN] == []


def test_a_verdict_is_in_the_readers_letters():
    formula = next(exercise for exercise in SAMPLES if exercise.kinds == ("formula",))
    box = show(formula, notation="cmu")
    fields(box)[0].value = "2*x^2"
    press(box, "Check")
    (verdict,) = [text for text in texts(box) if text.startswith("✗")]
    assert macros.expand(r"\err{1}", macros.of("cmu")) in verdict
    fields(box)[0].value = "2 x"
    press(box, "Check")
    assert any(text.startswith("? `2 x`") for text in texts(box))


@each
def test_every_form_of_an_exercise_in_a_cell(exercise):
    bundle = exercise._repr_mimebundle_()
    assert bundle["text/plain"].startswith(exercise.title) and "macro" not in bundle["text/plain"]
    html = bundle["text/html"]
    assert f'data-exercise="{exercise.name}"' in html and html.count("data-step=") == len(exercise.steps)
    assert html.count("<div") == html.count("</div>") and html.count("<span") == html.count("</span>")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_options_and_lines_stand_in_the_text_for_those_without_widgets():
    told = {exercise.kinds[0]: repr(exercise) for exercise in SAMPLES}
    assert "    A. 64 of $" in told["choice"] and "    x: run the network again" in told["order"]


@each
def test_pieces_for_a_page_are_closed(exercise):
    pieces = list(page.parts(exercise, 0, {"eq:loss": "{eq}`eq:loss`"}))
    html = "".join(content for kind, content in pieces if kind == "html")
    for tag in ("section", "form", "fieldset", "legend", "details", "div", "span", "label", "ol", "li", "p"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>"), tag
    assert ("line", "{eq}`eq:loss`") in pieces
