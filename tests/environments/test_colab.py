"""What Colab opens: the first cell brings the package, and the workflow's branch holds what it names."""

import subprocess
import zipfile

import nbformat
from tools import colab, pyodide, reader

from .conftest import ROOT, run


def test_the_first_cell_installs_the_package(environment, tmp_path):
    """With the wheel's address on this machine, as nothing here reaches Colab's."""
    wheel = pyodide.our_wheel()
    with zipfile.ZipFile(wheel) as archive:
        assert {name.split("/")[0].split("-")[0] for name in archive.namelist()} == {"backprop"}
    book = reader.Book(ROOT, wheel=wheel.resolve().as_uri())
    first, *_ = book.reader("chapters/05-worked-example").cells
    program = first.source + "\nimport backprop\nprint(backprop.__version__, backprop.__file__)\n"
    out = run(environment / "python", "-c", program, folder=tmp_path)
    assert str(environment.parent) in out
    # Run again, it finds the package and asks for nothing.
    again = first.source.replace(".whl", "-is-gone.whl")
    run(environment / "python", "-c", again, folder=tmp_path)


def test_the_folder_holds_what_its_cells_name(monkeypatch, tmp_path):
    monkeypatch.setenv("BOOK_REPOSITORY", "https://github.com/someone/book")
    monkeypatch.delenv("BOOK_SITE", raising=False)
    monkeypatch.setattr(colab, "TARGET", tmp_path / "colab")
    colab.main()
    notebook = nbformat.read(tmp_path / "colab" / "chapters" / "05-worked-example.ipynb", 4)
    (wheel,) = (tmp_path / "colab").glob("*.whl")
    address = f"https://raw.githubusercontent.com/someone/book/reader/{wheel.name}"
    assert f'WHEEL = "{address}"' in notebook.cells[0].source
    assert "https://someone.github.io/book/chapters/05-worked-example.html" in notebook.cells[1].source


def test_a_branch_is_published_whole_and_alone(tmp_path):
    """.ci/publish-branch against a repository on this machine."""

    def git(*command, folder=tmp_path / "work"):
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.split()

    for name in ("work", "folder"):
        (tmp_path / name).mkdir()
    git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    git("init", "--quiet")
    git("remote", "add", "origin", str(tmp_path / "remote"))
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "start")
    script = ["bash", str(ROOT / ".ci" / "publish-branch"), str(tmp_path / "folder"), "reader"]
    for content in ("old", "new"):
        for gone in (tmp_path / "folder").iterdir():
            gone.unlink()
        (tmp_path / "folder" / f"{content}.ipynb").write_text(content)
        subprocess.run(script, cwd=tmp_path / "work", check=True, capture_output=True)
        assert git("ls-tree", "--name-only", "reader", folder=tmp_path / "remote") == [f"{content}.ipynb"]
        assert git("rev-list", "--count", "reader", folder=tmp_path / "remote") == ["1"]
    assert git("status", "--short") == []
