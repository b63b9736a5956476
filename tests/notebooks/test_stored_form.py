"""What a stored notebook must look like, so that nbval has something to compare."""

import json
import re
import statistics

import nbformat
import pytest
from tools import notebooks

CHAPTERS = [path for path in notebooks.notebooks() if path.parent.name == "chapters"]
LONGEST, MEDIAN = 15, 4


def problems(notebook):
    """What would make nbval pass without checking anything; an empty list for a good notebook."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = []
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        found.append(
            f"execution counts are {[cell.execution_count for cell in code]}, expected 1..{len(code)}"
        )
    if not any(cell.outputs for cell in code):
        found.append("no output is stored: nothing would be compared")
    for cell in code:
        source, tags = cell.source, cell.metadata.get("tags", [])
        if "NBVAL" in source.upper() and ("IGNORE" in source or "SKIP" in source):
            found.append(f"cell {cell.execution_count} switches its comparison off")
        if {"nbval-ignore-output", "nbval-skip", "raises-exception"} & set(tags):
            found.append(f"cell {cell.execution_count} switches its comparison off by a tag")
        for output in cell.outputs:
            if output.output_type in ("display_data", "execute_result") and not output.data.get("text/plain"):
                found.append(f"cell {cell.execution_count} has an output without text")
            if output.output_type == "error":
                found.append(f"cell {cell.execution_count} stores an error")
            if output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {cell.execution_count} wrote to stderr")
        if source.rstrip().endswith(";"):
            found.append(f"cell {cell.execution_count} ends in a semicolon: nbval and it disagree")
    return found


def test_there_are_chapters():
    assert CHAPTERS


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda path: path.stem)
def test_counts_and_outputs_are_there(path):
    assert problems(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize("path", notebooks.notebooks(), ids=lambda path: path.stem)
def test_it_is_in_normal_form(path):
    text = path.read_text(encoding="utf-8")
    assert notebooks.stored_text(notebooks.normalised(nbformat.reads(text, as_version=4))) == text


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_cells_are_short(path):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    lengths = [len(cell.source.splitlines()) for cell in cells]
    assert max(lengths) <= LONGEST
    assert statistics.median(lengths) <= MEDIAN


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_figures_have_an_alternative_text(path):
    """A matplotlib figure gets its file name as alt text unless the cell's metadata holds one."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and any("<Figure" in json.dumps(output) for output in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) > 40, f"cell {cell.execution_count}: {cell.source}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_numbers_in_the_text_stand_in_an_output(path):
    """A number with three or more decimals in prose must be computed in the same chapter."""
    cells = nbformat.read(path, as_version=4).cells
    prose = " ".join(cell.source for cell in cells if cell.cell_type == "markdown").replace("−", "-")
    code = [cell for cell in cells if cell.cell_type == "code"]
    computed = " ".join(cell.source + json.dumps(cell.outputs, ensure_ascii=False) for cell in code)
    quoted = set(re.findall(r"(?<![\d.])\d+\.\d{3,}", prose))
    assert sorted(number for number in quoted if number not in computed) == []


def example():
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {"state": {}}, "author": "x"})
    figure = nbformat.v4.new_output(
        "display_data",
        {"image/png": "AAAA", "text/plain": "<Figure size 640x340 with 1 Axes>"},
        metadata={"a": 1},
    )
    widget = nbformat.v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "7"}}
    )
    result = nbformat.v4.new_output(
        "execute_result", {"text/plain": "2", "text/html": "<b>2</b>"}, execution_count=9
    )
    cell = nbformat.v4.new_code_cell(
        "1 + 1", execution_count=9, outputs=[figure, widget, result],
        metadata={"tags": ["hide-input"], "collapsed": True, "ExecuteTime": {}},
    )  # fmt: skip
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title"), cell, nbformat.v4.new_code_cell("never run")]
    return notebook


def test_the_normaliser_keeps_text_tags_and_ids_and_drops_pictures():
    given, result = example(), notebooks.normalised(example_with_ids := example())
    assert [cell.id for cell in result.cells] == [cell.id for cell in example_with_ids.cells]
    assert [cell.source for cell in result.cells] == [cell.source for cell in given.cells]
    cell = result.cells[1]
    assert cell.metadata == {"tags": ["hide-input"]} and cell.execution_count == 1
    assert [list(output.data) for output in cell.outputs] == [["text/plain"], ["text/plain"]]
    assert cell.outputs[1].execution_count == 1 and cell.outputs[0].metadata == {}
    assert result.cells[2].execution_count is None
    assert set(result.metadata) == {"kernelspec", "language_info"}


def test_text_that_came_in_pieces_is_stored_in_one():
    new = nbformat.v4
    stream = lambda name, text: new.new_output("stream", name=name, text=text)
    pieces = [stream("stdout", "A"), stream("stdout", " 1\n"), stream("stderr", "x"), stream("stdout", "B")]
    cell = new.new_code_cell("f()", outputs=pieces, execution_count=3)
    result = notebooks.normalised(new.new_notebook(cells=[cell])).cells[0]
    assert [(o.name, o.text) for o in result.outputs] == [
        ("stdout", "A 1\n"),
        ("stderr", "x"),
        ("stdout", "B"),
    ]


def test_the_normaliser_is_idempotent():
    once = notebooks.stored_text(notebooks.normalised(example()))
    twice = notebooks.stored_text(notebooks.normalised(nbformat.reads(once, as_version=4)))
    assert once == twice


def test_check_fails_on_another_form_and_normalise_mends_it(tmp_path):
    path = tmp_path / "n.ipynb"
    nbformat.write(example(), path)
    with pytest.raises(SystemExit, match=r"not in stored form: .*n\.ipynb"):
        notebooks.main(["check", str(path)])
    notebooks.main(["normalise", str(path)])
    notebooks.main(["check", str(path)])


def test_a_stripped_notebook_is_noticed():
    notebook = nbformat.read(CHAPTERS[0], as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert "no output is stored: nothing would be compared" in problems(notebook)
    assert any("execution counts" in problem for problem in problems(notebook))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda cell: cell.update(source="# NBVAL_IGNORE_OUTPUT\n" + cell.source),
            "switches its comparison off",
        ),
        (lambda cell: cell.metadata.update(tags=["nbval-skip"]), "off by a tag"),
        (lambda cell: cell.update(source=cell.source + ";"), "semicolon"),
        (
            lambda cell: cell.update(outputs=[nbformat.v4.new_output("stream", name="stderr", text="!")]),
            "stderr",
        ),
        (lambda cell: cell.update(outputs=[nbformat.v4.new_output("display_data", {})]), "without text"),
    ],
)
def test_each_way_to_hide_an_output_is_noticed(change, problem):
    notebook = nbformat.read(CHAPTERS[0], as_version=4)
    change(next(cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs))
    assert any(problem in found for found in problems(notebook))
