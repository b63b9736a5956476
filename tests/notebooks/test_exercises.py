"""The exercise notebooks are what the exercises are now; to compare them, all their cells are run."""

import nbformat
import pytest
from tools import exercises as tool

from backprop import exercises

from ..site.samples import SAMPLES

STUDENT = sorted(tool.TARGET.glob("*.ipynb"))


def test_every_chapter_with_exercises_has_both_notebooks_and_they_are_up_to_date():
    assert STUDENT
    assert tool.out_of_date() == [], "mend with: make exercises"


@pytest.fixture
def sampled(monkeypatch):
    """Only the samples are there, one of each kind."""
    monkeypatch.setattr(exercises, "ALL", {exercise.name: exercise for exercise in SAMPLES})
    return SAMPLES


def test_unsolved_it_runs_and_solved_it_is_right(sampled):
    for solved in (False, True):
        notebook = tool.notebook("05-worked-example", solved)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        said = [cell.outputs[0].data["text/plain"] for cell in code[1:]]
        assert len(said) == len(sampled) and all(("✓" in text) == solved for text in said), said
        text = "\n".join(cell.source for cell in notebook.cells)
        assert ("Hint 1" in text) != solved and ("It is B" in text) == solved
        assert r"\err" not in text and r"\W" not in text


def test_a_left_over_or_changed_notebook_is_out_of_date(tmp_path, sampled):
    for name, text in tool.written().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert tool.out_of_date(tmp_path) == []
    (tmp_path / "left.ipynb").write_text("{}", encoding="utf-8")
    path = tmp_path / "solutions" / "05-worked-example.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("✓", "✗"), encoding="utf-8")
    assert tool.out_of_date(tmp_path) == ["left.ipynb", "solutions/05-worked-example.ipynb"]


def test_the_letters_of_another_course(sampled):
    notebook = tool.notebook("05-worked-example", notation="cmu")
    assert nbformat.validate(notebook) is None
    assert "o^{(1)}" in "\n".join(cell.source for cell in notebook.cells)
