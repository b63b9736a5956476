"""nbval on a chapter goes red when a printed digit changes, and when a formula in src does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "chapters" / "05-worked-example.ipynb"


@pytest.fixture
def copy(tmp_path):
    """A copy of the chapter, of src and of the pytest settings."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(CHAPTER, tmp_path)
    return tmp_path


def nbval(folder):
    """The finished pytest run of the copy, with the copy's own src."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    environment.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", CHAPTER.name],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_unchanged_copy_passes(copy):
    run = nbval(copy)
    assert run.returncode == 0, run.stdout


def test_a_changed_digit_fails(copy):
    path = copy / CHAPTER.name
    notebook = nbformat.read(path, as_version=4)
    (output,) = [
        o for c in notebook.cells for o in c.get("outputs", []) if o.get("text") == "delta[2] 0.125394\n"
    ]
    output.text = "delta[2] 0.125395\n"
    nbformat.write(notebook, path)
    run = nbval(copy)
    assert run.returncode == 1 and "0.125395" in run.stdout


def test_a_changed_number_in_a_picture_fails(copy):
    path = copy / CHAPTER.name
    notebook = nbformat.read(path, as_version=4)
    (output,) = [o for c in notebook.cells for o in c.get("outputs", []) if "Network 2-3-1" in str(o)]
    output.data["text/plain"] = output.data["text/plain"].replace("δ = 0.0121", "δ = 0.0122")
    nbformat.write(notebook, path)
    assert nbval(copy).returncode == 1


def test_a_changed_formula_in_src_fails(copy):
    path = copy / "src" / "backprop" / "network.py"
    text = path.read_text(encoding="utf-8")
    formula = "delta[l] @ a[l - 1].T / N"
    assert formula in text
    path.write_text(text.replace(formula, formula.replace("/ N", "* 1.001 / N")), encoding="utf-8")
    run = nbval(copy)
    assert run.returncode == 1 and "Cell" in run.stdout
