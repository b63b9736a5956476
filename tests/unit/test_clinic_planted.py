"""Each bug of the clinic, planted into a copy of src, makes the test fail that its entry names."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from backprop.clinic import BUGS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "backprop"
FAILED = 1  # pytest's exit code for failing tests; errors of usage or collection have others
ENTRIES = tomllib.loads((SOURCE / "data" / "bugs.toml").read_text(encoding="utf-8"))["bugs"]

# A process of its own, since only the copy may be imported. It loads what takes long once; then, for each
# line of folder, log and tests, a child of it imports the package from that folder and runs the tests.
RUN = """
import importlib, os, sys
import hypothesis, mpmath, numpy, pytest
for line in sys.stdin:
    source, log, *tests = line.rstrip("\\n").split("\\t")
    if os.fork() == 0:
        sys.stdout = sys.stderr = open(log, "w")
        sys.path.insert(0, source)
        import backprop
        assert backprop.__file__.startswith(source), backprop.__file__
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *tests])
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


@pytest.fixture(scope="module")
def runner():
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", RUN]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def run(runner, tmp_path):
    """Run tests on a copy of the package that has the bug of a name in it, or none: (exit code, output)."""

    def run(tests, name=None):
        shutil.copytree(SOURCE, tmp_path / "backprop", ignore=shutil.ignore_patterns("__pycache__"))
        if name:
            file = tmp_path / "backprop" / f"{BUGS[name].file}.py"
            file.write_text(BUGS[name].wrong_source(file.read_text(encoding="utf-8")), encoding="utf-8")
        log = tmp_path / "log"
        runner.stdin.write("\t".join(map(str, [tmp_path, log, *tests])) + "\n")
        runner.stdin.flush()
        return int(runner.stdout.readline()), log.read_text()

    return run


def test_each_entry_names_a_test():
    assert [name for name, entry in ENTRIES.items() if "::test_" not in entry.get("test", "")] == []


def test_without_a_bug_the_named_tests_pass(run):
    code, output = run(sorted({entry["test"] for entry in ENTRIES.values()}))
    assert code == 0, output


@pytest.mark.parametrize("name", BUGS)
def test_each_bug_is_caught(run, name):
    code, output = run([ENTRIES[name]["test"]], name)
    assert code == FAILED, output
    assert "1 failed" in output
