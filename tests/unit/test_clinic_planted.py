"""Each bug of the clinic, planted into a copy of src, makes the test fail that its entry names."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import backprop
from backprop.clinic import BUGS

ROOT = Path(__file__).resolve().parents[2]
FAILED = 1  # pytest's exit code for failing tests; errors of usage or collection have others

# Runs in a process of its own: only the copy may be imported, and no plugin is needed.
RUN = """
import sys, pytest, backprop
assert backprop.__file__.startswith(sys.argv[1]), backprop.__file__
sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *sys.argv[2:]]))
"""


def run(source, tests):
    environment = {**os.environ, "PYTHONPATH": str(source), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [sys.executable, "-c", RUN, str(source), *tests],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def source(tmp_path):
    """A copy of the package, in a folder that can stand on PYTHONPATH."""
    shutil.copytree(
        Path(backprop.__file__).parent, tmp_path / "backprop", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_without_a_bug_the_named_tests_pass(source):
    result = run(source, sorted({bug.test for bug in BUGS.values()}))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", BUGS)
def test_each_bug_is_caught(source, name):
    bug = BUGS[name]
    file = source / "backprop" / f"{bug.file}.py"
    file.write_text(bug.wrong_source(file.read_text(encoding="utf-8")), encoding="utf-8")
    result = run(source, [bug.test])
    assert result.returncode == FAILED, result.stdout + result.stderr
    assert "1 failed" in result.stdout
