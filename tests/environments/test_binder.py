"""Binder's environment, made the way repo2docker makes it, without its container."""

import sys

from .conftest import ROOT, run


def test_binder_has_our_pins(clone):
    """Those on which nbval runs every chapter; `make` installs them with their hashes, as Binder does."""
    assert (clone / "binder" / "runtime.txt").read_text().strip() == "python-3.11"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "-r", "binder/requirements.txt"]
    out = run(*command, folder=clone)
    assert "already satisfied" in out and "Would install" not in out


def test_binder_runs_what_post_build_made(clone, with_ours):
    run("sh", "binder/postBuild", folder=clone, path=with_ours)
    imported = run(with_ours / "python", "-c", "import backprop; print(backprop.__file__)", folder=clone)
    assert imported.strip().startswith(str(clone))
    # The launch menu opens the reader notebooks.
    chapters = {path.name for path in (clone / "chapters").glob("*.ipynb")}
    made = clone / "reader" / "chapters"
    assert chapters and chapters <= {path.name for path in made.iterdir()}
    chapter = "05-worked-example.ipynb"
    run(
        with_ours / "python", "tools/notebooks.py", "run", f"chapters/{chapter}", made / chapter, folder=clone
    )
    original = ROOT / "chapters" / chapter
    assert (clone / "chapters" / chapter).read_text("utf-8") == original.read_text("utf-8")
