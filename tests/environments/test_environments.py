"""The book's environments made from nothing: the oldest versions, Node.js where there is none.

Downloads come from pip's cache where there is one.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from .conftest import ROOT, run


def test_the_oldest_versions_that_pyproject_allows(clone, with_ours):
    """numpy and matplotlib of Pyodide 0.27: every test of units and claims that uses the package."""
    project = (clone / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'dependencies = \["numpy>=([\d.]+)", "matplotlib>=([\d.]+)"\]', project)
    pins = [f"numpy=={oldest[1]}", f"matplotlib=={oldest[2]}"]
    assert pins == ["numpy==2.0.2", "matplotlib==3.8.4"]
    run(with_ours / "pip", "install", "--quiet", "--no-build-isolation", *pins, ".", folder=clone)
    versions = (
        "import numpy, matplotlib as m; print(f'numpy=={numpy.__version__} matplotlib=={m.__version__}')"
    )
    assert run(with_ours / "python", "-c", versions, folder=clone).split() == pins
    uses = re.compile(r"^ *(import|from) (numpy|matplotlib|backprop|\.)", re.M)
    files = [path for folder in ("unit", "claims") for path in (clone / "tests" / folder).glob("test_*.py")]
    # Two that use it are of another kind: Sphinx's extensions, and runs of these same tests on planted bugs.
    others = {"test_extensions.py", "test_clinic_planted.py"}
    chosen = [path for path in files if path.name not in others and uses.search(path.read_text("utf-8"))]
    assert len(chosen) > 30
    out = run(with_ours / "python", "-m", "pytest", "-q", "-p", "no:xdist", *sorted(chosen), folder=clone)
    assert " passed" in out and "failed" not in out


def test_node_from_the_package_index(clone, environment, tmp_path):
    """On a machine whose PATH has no Node.js, tools/node.py brings one and npm works with it."""
    path = tmp_path / "path"
    path.mkdir()
    for name in ("sh", "env", "uname", "dirname", "basename", "readlink", "sed"):
        if program := shutil.which(name):
            (path / name).symlink_to(program)
    out = subprocess.run(
        [environment / "python", "tools/node.py", "npm", "--version"],
        cwd=clone, env=os.environ | {"PATH": str(path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    assert re.fullmatch(r"\d+\.\d+\.\d+", out.stdout.strip().splitlines()[-1])
    assert (environment / "node").exists()


def test_an_old_python_is_refused(clone, tmp_path):
    old = tmp_path / "python3.9"
    old.write_text(
        "#!/bin/sh\n"
        f'exec "{sys.executable}" -c "import sys; sys.version_info = (3, 9); exec(sys.argv[1])" "$2"\n'
    )
    old.chmod(0o755)
    done = subprocess.run(
        ["make", f"PYTHON={old}", "site"], cwd=clone, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 and "Python 3.11 or newer is needed" in done.stderr


def test_help_lists_the_commands():
    out = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"check", "site", "serve", "test", "lint", "lock", "clean"} <= set(
        re.findall(r"^ +make (\w+)", out, re.M)
    )


def test_serve_prints_an_address_that_answers():
    """`make serve` builds first; here without that, as other tests read the pages meanwhile."""
    plan = subprocess.run(
        ["make", "-n", "serve"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert plan.index("jupyter-book build .") < plan.index("http.server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["make", "--old-file=site", "serve", f"PORT={port}"], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        address = next(line.strip() for line in server.stdout if line.startswith("http"))
        assert address == f"http://127.0.0.1:{port}/"
        for _ in range(50):
            try:
                page = urllib.request.urlopen(address, timeout=2).read().decode()
                break
            except OSError:
                time.sleep(0.2)
        assert "Backpropagation: derived, computed, checked" in page
    finally:
        os.killpg(server.pid, signal.SIGTERM)
