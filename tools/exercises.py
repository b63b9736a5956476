"""Make the exercise notebooks: one a chapter to solve, and one with the solutions.

    python tools/exercises.py           write exercises/*.ipynb and exercises/solutions/*.ipynb
    python tools/exercises.py --check   fail if one of them is not what the exercises are now

All that stands in them comes from `backprop.exercises`; their cells are run here, and their text outputs
stored. Formulas are plain TeX, so they are notebooks for any Jupyter.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import nbformat
import numpy as np

from backprop import exercises, macros
from backprop.exercises import page
from backprop.live import cells
from tools.notebooks import normalised, stored_text

ROOT = Path(__file__).resolve().parent.parent

TARGET = ROOT / "exercises"
TO_DO = (
    "Work by hand or in cells of your own, type your answers into the cell below each exercise, and run it: "
    "it says what is right, and which mistake gives a wrong number. Numbers may be typed as numbers or as "
    'text (`0.25`, `1/4`, `-1e-3`). Run `exercises.named("NAME")` for fields to type into, hints one by one, '
    "and other numbers."
)
SOLVED = "Each cell holds answers that are right; the way there stands below it."


def chapters():
    """The chapters that have exercises, in their order."""
    return list(dict.fromkeys(exercise.chapter for exercise in exercises.ALL.values()))


def notebook(chapter, solved=False, notation=None):
    """The notebook of a chapter's exercises, its cells run.

    Args:
        chapter: the chapter's file, without ".ipynb".
        solved: with the answers and solutions.
        notation: a profile of the notation file; None for the one in use.
    """
    title = "".join(
        json.loads((ROOT / "chapters" / f"{chapter}.ipynb").read_text("utf-8"))["cells"][0]["source"]
    )
    title = title.lstrip("# ").splitlines()[0]
    kind = "Solutions" if solved else "Exercises"
    made = [_text("title", f"# {kind}: {title}\n\n{SOLVED if solved else TO_DO}", notation)]
    made.append(_code("setup", "import numpy as np\n\nfrom backprop import exercises"))
    for number, exercise in enumerate(exercises.of_chapter(chapter), start=1):
        made += _cells(exercise, number, solved, notation)
    namespace, count = {"__name__": "__main__"}, 0
    for cell in made:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count, cell.outputs = count, _run(cell.source, namespace, count)
    return normalised(nbformat.v4.new_notebook(cells=made))


def _cells(exercise, number, solved, notation):
    told, task = page.opened(exercise, 0), exercise.draw(0)
    level = f"*{page.LEVELS[exercise.level]} · {exercise.minutes} min*"
    lines = [f"## {number}. {exercise.title}", "", level, "", told["text"], ""]
    for step in told["steps"]:
        lines += [f"**`{step['name']}`**: {step['ask']}", ""]
        lines += [f"- **{chr(ord('A') + i)}**: {text}" for i, text in enumerate(step.get("options", []))]
        lines += [f"- `{key}`: {text}" for key, text in step.get("lines", [])]
        lines.append("")
    if not solved:
        for i, hint in enumerate(told["hints"], start=1):
            lines += [f"<details><summary>Hint {i}</summary>", "", hint, "", "</details>", ""]
    yield _text(exercise.name, "\n".join(lines), notation)
    yield _code(f"{exercise.name}-answers", _answers(exercise, task, solved))
    if solved:
        yield _text(f"{exercise.name}-solution", told["solution"], notation)


def _answers(exercise, task, solved):
    """The cell with the answers, right or still to be typed."""
    programs = [step.solution if solved else step.start for step in exercise.steps if step.kind == "program"]
    named = f'exercises.named("{exercise.name}")'
    lines = [program.strip() + "\n\n" for program in programs]
    if len(programs) == len(exercise.steps) == 1:
        name = exercise.steps[0].name
        return "\n".join([*lines, f'{named}.mark({{"{name}": {name}}})'])
    lines.append("answers = {")
    for step in exercise.steps:
        lines.append(
            f'    "{step.name}": {step.name if step.kind == "program" else _answer(step, task, solved)},'
        )
    return "\n".join([*lines, "}", f"{named}.mark(answers)"])


def _answer(step, task, solved):
    """One answer as Python: what is right, or empty with the shape asked for."""
    if step.kind == "number":
        shape = tuple(n for n in step.shape(task) if n != 1)

        def written(value):
            return f"{float(value):.{step.decimals}f}" if solved else '""'

        def listed(value, depth):
            if depth == 0:
                return written(value)
            return "[" + ", ".join(listed(entry, depth - 1) for entry in value) + "]"

        return listed(np.reshape(getattr(task, step.name), shape), len(shape))
    if not solved:
        return '""'
    right = getattr(task, step.name)
    as_text = {"choice": step.shown, "order": " ".join}.get(step.kind, str)
    return json.dumps(as_text(right))


def _run(source, namespace, count):
    """The outputs of a cell, in the form of a notebook."""
    outputs, before = [], cells.namespace
    cells.namespace = namespace

    def emit(kind, value):
        if kind == "error":
            raise RuntimeError(f"{source}\n{value}")
        if kind == "data":
            text = {"text/plain": value["text/plain"]}
            outputs.append(nbformat.v4.new_output("execute_result", text, execution_count=count))
        else:
            outputs.append(nbformat.v4.new_output("stream", name=kind, text=value))

    try:
        cells.run(source, f"cell {count}", emit)
    finally:
        cells.namespace = before
    return outputs


def _text(name, source, notation):
    plain = re.sub(r"[ \t]*\n(?:[ \t]*\n)+", "\n\n", macros.plain(source, notation)).strip()
    return nbformat.v4.new_markdown_cell(plain, id=_id(name))


def _code(name, source):
    return nbformat.v4.new_code_cell(source, id=_id(name))


def _id(name):
    return name[-64:]  # as long as an id may be


def notebooks(notation=None, of=None):
    """{page, as "exercises/05-worked-example": notebook} of all chapters, or of some."""
    return {
        f"{TARGET.name}/{folder}{chapter}": notebook(chapter, solved, notation)
        for chapter in (chapters() if of is None else of)
        for folder, solved in (("", False), ("solutions/", True))
    }


def written():
    """{path below exercises/: text} of all of them, as they are stored."""
    pages = notebooks().items()
    return {f"{page.partition('/')[2]}.ipynb": stored_text(notebook) for page, notebook in pages}


def out_of_date(target=TARGET):
    """The notebooks there that are not what the exercises are now, missing and left-over ones too."""
    should = written()
    there = {path.relative_to(target).as_posix(): path.read_text("utf-8") for path in target.rglob("*.ipynb")}
    return sorted(name for name in should.keys() | there.keys() if should.get(name) != there.get(name))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args(arguments).check:
        if wrong := out_of_date():
            sys.exit(f"out of date: {' '.join(wrong)}\nmend with: make exercises")
        return
    should = written()
    for path in TARGET.rglob("*.ipynb"):
        if path.relative_to(TARGET).as_posix() not in should:
            path.unlink()
    for name, text in should.items():
        (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
        (TARGET / name).write_text(text, encoding="utf-8")
    print(f"{len(should)} notebooks in {TARGET.name}/")


if __name__ == "__main__":
    main()
