"""The ipywidgets front end: an `Exercise` with its fields in JupyterLab, Notebook, JupyterLite or Binder."""

import ipywidgets
import numpy as np

from .. import macros
from . import page


def show(exercise, seed=0, notation=None):
    """An ipywidgets box with a task, its fields and verdicts, hints, solution, and a button for new numbers.

    Args:
        exercise: an `Exercise`.
        seed: the variant to begin with.
        notation: a profile of data/notation.toml; None for the one in use.
    """
    return _Box(exercise, seed, notation).widget


class _Box:
    def __init__(self, exercise, seed, notation):
        self.exercise, self.seed, self.notation = exercise, seed, notation
        self.widget = ipywidgets.VBox()
        self.open(seed)

    def open(self, seed):
        """Show the variant of a seed, its fields empty."""
        told, task = page.opened(self.exercise, seed), self.exercise.draw(seed)
        self.seed, self.readers, self.verdicts = seed, {}, {}
        title = f"**{self.exercise.title}**" + (f" (variant {seed})" if seed else "")
        rows = [self.markdown(f"{title}\n\n{told['text']}")]
        for step, its in zip(self.exercise.steps, told["steps"], strict=True):
            field, self.readers[step.name] = self.field(step, its, task)
            self.verdicts[step.name] = ipywidgets.Output()
            rows += [self.markdown(its["ask"]), field, self.verdicts[step.name]]
        buttons = [_button("Check", self.check)]
        if self.exercise.varies:
            buttons.append(_button("Another one", lambda: self.open(self.seed + 1)))
        titles = [*(f"Hint {i + 1}" for i in range(len(told["hints"]))), "Solution"]
        texts = [self.markdown(text) for text in (*told["hints"], told["solution"])]
        folds = ipywidgets.Accordion(texts, titles=titles, selected_index=None)
        self.widget.children = [*rows, ipywidgets.HBox(buttons), folds]

    def check(self):
        """Mark what stands in the fields."""
        answers = {name: read() for name, read in self.readers.items()}
        for name, mark in self.exercise.mark(answers, self.seed).items():
            self.verdicts[name].outputs = self.output(mark.told)

    def field(self, step, told, task):
        """(widget, function that reads it) for a step."""
        wide = {"width": "min(100%, 28rem)"}
        match step.kind:
            case "number":
                shape = step.shape(task)
                rows, columns = (shape or (1,))[0], shape[1] if len(shape) == 2 else 1
                fields = [ipywidgets.Text(layout={"width": "8rem"}) for _ in range(rows * columns)]
                lines = [ipywidgets.HBox(fields[i * columns : (i + 1) * columns]) for i in range(rows)]
                return ipywidgets.VBox(lines), lambda: np.array([f.value for f in fields], dtype=object)
            case "choice":
                letters = [chr(ord("A") + i) for i in range(len(told["options"]))]
                listed = "\n".join(f"- **{a}**: {t}" for a, t in zip(letters, told["options"], strict=True))
                field = ipywidgets.ToggleButtons(options=letters, value=None, style={"button_width": "3rem"})
                return ipywidgets.VBox([self.markdown(listed), field]), lambda: field.value or ""
            case "order":
                listed = "\n".join(f"- `{key}`: {text}" for key, text in told["lines"])
                field = ipywidgets.Text(placeholder="the names in order, between spaces", layout=wide)
                return ipywidgets.VBox([self.markdown(listed), field]), lambda: field.value
            case "program":
                lines = step.start.count("\n") + 4
                field = ipywidgets.Textarea(step.start, rows=lines, layout={"width": "100%"})
                field.add_class("jp-CodeCell")
                return field, lambda: field.value
        field = ipywidgets.Text(layout=wide)
        return field, lambda: field.value

    def markdown(self, text):
        """Markdown of the book as a widget: Jupyter sets it, once its formulas are plain TeX."""
        return ipywidgets.Output(outputs=self.output(text))

    def output(self, text):
        """The same as the outputs of a widget that is there already."""
        plain = macros.plain(text, self.notation)
        data = {"text/markdown": plain, "text/plain": plain}
        return ({"output_type": "display_data", "data": data, "metadata": {}},)


def _button(label, act):
    button = ipywidgets.Button(description=label)
    button.on_click(lambda _: act())
    return button
