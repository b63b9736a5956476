"""A copy of the sources and an empty virtual environment to try them in."""

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = shutil.ignore_patterns(
    ".git", ".venv*", "_build", "node_modules", "__pycache__", ".*_cache", ".hypothesis"
)


@pytest.fixture
def clone(tmp_path):
    """A copy of the sources, as Binder gets them."""
    shutil.copytree(ROOT, tmp_path / "book", ignore=SKIPPED)
    return tmp_path / "book"


@pytest.fixture
def environment(tmp_path):
    """The programs of a new, empty virtual environment."""
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv" / "bin"


@pytest.fixture
def with_ours(environment):
    """The same, with our packages in it at our versions, but for what is installed there itself.

    The book's own package is not among them: paths in our environment's path files do not count.
    """
    (folder,) = environment.parent.glob("lib/python*/site-packages")
    (folder / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return environment


def run(*command, folder, path=None, **variables):
    """Run a command; its output is in the message when it fails."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))}
    if path:
        clean["PATH"] = f"{path}{os.pathsep}{clean['PATH']}"
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout
