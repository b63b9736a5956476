"""Binder's environment, made the way repo2docker makes it, without its container."""

from .conftest import ROOT, run


def test_binder_runs_every_chapter(clone, environment):
    assert (clone / "binder" / "runtime.txt").read_text().strip() == "python-3.11"
    run(environment / "pip", "install", "--quiet", "-r", "binder/requirements.txt", folder=clone)
    run("sh", "binder/postBuild", folder=clone, path=environment)
    imported = run(environment / "python", "-c", "import backprop; print(backprop.__file__)", folder=clone)
    assert imported.strip().startswith(str(clone))
    chapters = sorted((clone / "chapters").glob("*.ipynb"))
    assert chapters
    # The launch menu opens the reader notebooks, which postBuild makes.
    assert {path.name for path in chapters} <= {
        path.name for path in (clone / "reader" / "chapters").iterdir()
    }
    run(environment / "python", "tools/notebooks.py", "run", *chapters, folder=clone)
    for chapter in chapters:
        original = ROOT / "chapters" / chapter.name
        assert chapter.read_text(encoding="utf-8") == original.read_text(encoding="utf-8")
