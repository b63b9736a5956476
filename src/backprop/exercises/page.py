"""The front end for pages: an exercise as HTML, and the messages of the page's script.

`parts` is drawn when the site is built; `handle` answers in the reader's browser.
"""

from html import escape

from .. import macros
from . import named
from .exercise import SIGNS

LEVELS = {1: "apply", 2: "combine", 3: "find out"}


def parts(exercise, seed=0, places=None):
    """An exercise for a page, piece by piece, its hints and its solution folded.

    Args:
        exercise: an `Exercise`.
        seed: the variant.
        places: {label: Markdown of a link to it}; the script shows those that a verdict names.

    Yields:
        (kind, content): "html", or what still has to be turned into HTML: "text", Markdown of the book,
        and "line", the same for one line.
    """
    told, name = opened(exercise, seed), escape(exercise.name)
    yield (
        "html",
        (
            f'<section class="bp-exercise" id="practice-{name}" data-exercise="{name}" data-seed="{seed}" '
            f'data-chapter="{escape(exercise.chapter)}" aria-labelledby="{name}-title">'
            f'<p class="bp-exercise-title"><span id="{name}-title">'
        ),
    )
    yield "line", exercise.title
    yield (
        "html",
        (
            f'</span> <span class="bp-level">{LEVELS[exercise.level]} · {exercise.minutes} min</span></p>'
            '<div class="bp-task">'
        ),
    )
    yield "text", told["text"]
    yield "html", '</div><form autocomplete="off" novalidate>'
    for step in told["steps"]:
        yield from _fieldset(step)
    another = '<button type="button" data-action="another" disabled>Another one</button> '
    stop = '<button type="button" data-action="stop" hidden>Stop</button> '
    yield (
        "html",
        (
            '<p class="bp-actions"><button type="submit" disabled>Check</button> '
            f"{another if exercise.varies else ''}{stop if 'program' in exercise.kinds else ''}"
            '<span class="bp-status" role="status"></span></p></form>'
        ),
    )
    folds = [(f"Hint {i}", "bp-hint", hint) for i, hint in enumerate(told["hints"], start=1)]
    for summary, kind, text in [*folds, ("Solution", "bp-solution", told["solution"])]:
        yield "html", f'<details class="bp-fold {kind}"><summary>{summary}</summary><div>'
        yield "text", text
        yield "html", "</div></details>"
    yield "html", '<div class="bp-places" hidden>'
    for label, link in (places or {}).items():
        yield "html", f'<span data-label="{escape(label)}">'
        yield "line", link
        yield "html", "</span>"
    yield "html", "</div></section>"


def _fieldset(step):
    """The fields of one step between what it asks and the place for the verdict."""
    name = escape(step["name"])
    yield "html", f'<fieldset data-step="{name}" data-kind="{step["kind"]}" disabled><legend>'
    yield "line", step["ask"]
    yield "html", "</legend>"
    if "options" in step:
        for i, text in enumerate(step["options"]):
            yield "html", f'<label class="bp-option"><input type="radio" name="{name}" value="{i}"><span>'
            yield "line", text
            yield "html", "</span></label>"
    elif "lines" in step:
        yield "html", '<ol class="bp-lines">'
        for key, text in step["lines"]:
            yield "html", f'<li data-key="{escape(key)}"><span>'
            yield "line", text
            yield "html", "</span></li>"
        yield "html", "</ol>"
    else:
        yield "html", step["html"]
    yield "html", '<div class="bp-mark" role="status"></div></fieldset>'


def static_html(exercise, seed=0):
    """The same as one piece of HTML: plain text, with the Markdown for the page's script at hand."""

    def one(kind, content):
        if kind == "html":
            return content
        tag = "span" if kind == "line" else 'div style="white-space: pre-line"'
        return f'<{tag} data-markdown="{escape(content)}">{escape(macros.plain(content))}</{tag[:4].strip()}>'

    return "".join(one(*piece) for piece in parts(exercise, seed))


def fields_html(step, task, seed=0):
    """The fields of one step, waiting for the page's script; ask and verdict stand around them."""
    name = escape(step.name)
    match step.kind:
        case "number":
            return _grid(name, step.shape(task))
        case "formula":
            return (
                f'<input type="text" name="{name}" maxlength="200" spellcheck="false" autocapitalize="off" '
                'autocomplete="off" aria-label="your formula">'
            )
        case "program":
            rows = max(8, step.start.count("\n") + 4)
            return (
                f'<textarea name="{name}" rows="{rows}" spellcheck="false" autocapitalize="off" '
                f'aria-label="your program">{escape(step.start)}</textarea>'
            )
        case _:
            raise ValueError(f"step {step.name}: expected number, formula or program, got {step.kind}")


def _grid(name, shape):
    rows, columns = (shape or (1,))[0], shape[1] if len(shape) == 2 else 1

    def one(i, j):
        where = f"row {i + 1}, column {j + 1}" if columns > 1 else f"entry {i + 1}"
        label = "your number" if shape == () else where
        return (
            f'<input type="text" inputmode="text" name="{name}" size="9" maxlength="40" spellcheck="false" '
            f'autocomplete="off" aria-label="{label}">'
        )

    body = "".join(
        f'<span class="bp-row">{"".join(one(i, j) for j in range(columns))}</span>' for i in range(rows)
    )
    return f'<span class="bp-grid">{body}</span>'


def handle(message):
    """Answer one message of the page.

    Args:
        message: a dict with `exercise`, its name, `seed`, and `action`: "open", or "check" with
            `answers`, {step: what was typed}.

    Returns:
        For "open" a dict with text, hints and solution (Markdown) and steps (dicts with name, kind, ask
        and html, or options, or lines). For "check" a dict with marks, {step: dict}, and solved. Or a
        dict with error, a sentence.
    """
    try:
        return _answer(**message)
    except (ValueError, TypeError) as error:
        return {"error": str(error)}


def _answer(exercise, action, seed=0, answers=None):
    it = named(exercise)
    match action:
        case "open":
            return opened(it, seed)
        case "check":
            marks = it.mark(answers or {}, seed)
            return {
                "marks": {
                    name: {
                        "state": mark.state,
                        "message": f"{SIGNS[mark.state]} {mark.message}".strip(),
                        "see": list(mark.see),
                        "fields": {str(i): text for i, text in mark.fields.items()},
                        "slips": list(mark.slips),
                        "right": mark.right,
                    }
                    for name, mark in marks.items()
                },
                "solved": all(mark.right for mark in marks.values()),
            }
        case _:
            raise ValueError(f"action: expected open or check, got {action!r}")


def opened(exercise, seed):
    """What stands on the page for a seed, as a dict; see `handle`."""
    task = exercise.draw(seed)
    return {
        "text": exercise.text(task),
        "hints": [exercise.hint(task, i) for i in range(len(exercise.hints))],
        "solution": exercise.solution(task),
        "steps": [_step(step, task, seed) for step in exercise.steps],
    }


def _step(step, task, seed):
    told = {"name": step.name, "kind": step.kind, "ask": step.ask}
    match step.kind:
        case "choice":
            return told | {"options": step.texts(task)}
        case "order":
            return told | {"lines": [list(pair) for pair in step.shuffled(seed)]}
        case _:
            return told | {"html": fields_html(step, task, seed)}
