"""The front end for pages: the fields of an exercise as HTML, and the messages of the page's script.

`fields_html` is drawn when the site is built; `handle` answers in the reader's browser.
"""

from html import escape

from . import named


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
                        "message": mark.message,
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
