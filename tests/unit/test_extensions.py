"""The Sphinx extensions and tools, as far as they can be tested without a build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from extensions import execution, live, notation, repository, selfhost
from tools import browser, node

ROOT = Path(__file__).resolve().parents[2]


GOOD = """
profiles: {cmu: {name: CMU, source: s, differs: d}}
symbols:
  - {macro: act, args: 1, form: 'a^{(#1)}', meaning: m, shape: s, code: c, flow: forward, others: {cmu: 'o^{(#1)}'}}
indices: {}
local: {}
"""


def written(tmp_path, text):
    path = tmp_path / "notation.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_macros_for_mathjax_and_latex(tmp_path):
    symbols = notation.read(written(tmp_path, GOOD))["symbols"]
    assert notation.mathjax_macros(symbols) == {"act": [r"\class{bp-forward}{a^{(#1)}}", 1]}
    assert r"\renewcommand{\act}[1]{{\color{bpforward}a^{(#1)}}}" in notation.latex_preamble(symbols)


def test_the_latex_preamble_defines_every_symbol():
    symbols = notation.read(ROOT / "notation.yml")["symbols"]
    preamble = notation.latex_preamble(symbols)
    assert all(rf"\renewcommand{{\{symbol['macro']}}}" in preamble for symbol in symbols)
    assert preamble.count("{") == preamble.count("}")


def test_tables_of_the_notation(tmp_path):
    loaded = notation.read(written(tmp_path, GOOD))
    assert notation.table(loaded) == [
        ["symbol", "what it is", "shape", "in the code"],
        [r"$\act{l}$", "m", "s", "`c`"],
    ]
    assert notation.table(loaded, concordance=True) == [["this book", "CMU"], [r"$\act{l}$", "$o^{(l)}$"]]


MORE = (
    GOOD.replace("differs: d}", "differs: d, letters: [k, i, j]}").replace(
        "indices",
        "  - {macro: inpi, args: 1, form: 'x_{#1}', letters: [i], meaning: 'entry #1', shape: s, code: c, others: {cmu: 'x_{#1}'}}\nindices",
    )
    + """
formulas:
  one:
    ours: '\\act{l}'
    others: {cmu: {form: 'o^{(k)}', remark: A word.}}
"""
)


def test_letters_of_a_symbol_and_of_a_text(tmp_path):
    loaded = notation.read(written(tmp_path, MORE))
    assert notation.table(loaded)[2] == [r"$\inpi{i}$", "entry $i$", "s", "`c`"]
    assert notation.table(loaded, concordance=True)[1:] == [
        [r"$\act{l}$", "$o^{(k)}$"],
        [r"$\inpi{i}$", "$x_{i}$"],
    ]


def test_a_text_without_letters_has_no_column(tmp_path):
    more = GOOD.replace("\nsymbols", "\n  rows: {name: Rows, source: s, differs: d}\nsymbols").replace(
        "profiles: {cmu: {name: CMU, source: s, differs: d}}",
        "profiles:\n  cmu: {name: CMU, source: s, differs: d}",
    )
    loaded = notation.read(written(tmp_path, more))
    assert "rows" in loaded["profiles"]
    assert notation.table(loaded, concordance=True)[0] == ["this book", "CMU"]


def test_a_formula_in_every_notation(tmp_path):
    lines = notation.translations(notation.read(written(tmp_path, MORE)), "one")
    assert lines == [
        "**This book.**", "", "$$", r"\act{l}", "$$", "",
        "**CMU.** A word.", "", "$$", "o^{(k)}", "$$", "",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"formula: expected one of \['one'\], got 'two'"):
        notation.translations(notation.read(written(tmp_path, MORE)), "two")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("letters: [k, i, j]", "letters: [k]", r"profile cmu: expected 3 letters, got \['k'\]"),
        ("letters: [i]", "letters: [i, j]", r"inpi: takes 1 arguments, has letters \['i', 'j'\]"),
        (
            "remark: A word.",
            "note: A word.",
            r"formula one: cmu: missing keys \['remark'\], unknown keys \['note'\]",
        ),
        ("others: {cmu: {form", "others: {mit: {form", r"formula one: unknown profiles \['mit'\]"),
        ("    ours:", "    mine:", r"formula one: missing keys \['ours'\], unknown keys \['mine'\]"),
    ],
)
def test_wrong_letters_and_formulas_are_refused(tmp_path, old, new, message):
    assert old in MORE
    with pytest.raises(ValueError, match=message):
        notation.read(written(tmp_path, MORE.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "indices",
            "  - {macro: act, args: 0, form: b, meaning: m, shape: s, code: c}\nindices",
            "act is defined twice",
        ),
        ("args: 1", "args: 2", r"act: takes 2 arguments, its form uses \[1\]"),
        ("o^{(#1)}", "o_{#2}", r"act: takes 1 arguments, cmu uses \[2\]"),
        (", code: c", "", r"act: missing keys \['code'\], unknown keys \[\]"),
        ("code: c", "code: c, colour: red", r"act: missing keys \[\], unknown keys \['colour'\]"),
        ("flow: forward", "flow: up", "act: flow is 'up', expected one of"),
        ("{cmu: 'o", "{mit: 'o", r"act: unknown profiles \['mit'\], expected \['cmu'\]"),
        ("source: s, ", "", r"profile cmu: missing keys \['source'\]"),
        ("local: {}", "", r"missing keys \['local'\]"),
    ],
)
def test_a_wrong_notation_file_is_refused(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(ValueError, match=message):
        notation.read(written(tmp_path, GOOD.replace(old, new, 1)))


def test_the_digest_changes_with_src_and_lock_only(tmp_path):
    package = tmp_path / "src" / "backprop"
    package.mkdir(parents=True)
    (package / "a.py").write_text("1")
    (tmp_path / "requirements.lock").write_text("numpy==2")
    first = execution.digest(tmp_path)
    (tmp_path / "index.md").write_text("text")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("x")
    assert execution.digest(tmp_path) == first
    (package / "a.py").write_text("2")
    second = execution.digest(tmp_path)
    (tmp_path / "requirements.lock").write_text("numpy==3")
    assert len({first, second, execution.digest(tmp_path)}) == 3


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@github.com:someone/book.git", "https://github.com/someone/book"),
        ("https://github.com/someone/book.git", "https://github.com/someone/book"),
        ("https://github.com/someone/book/", "https://github.com/someone/book"),
        ("https://user:token@github.com/someone/book", "https://github.com/someone/book"),
        ("ssh://git@codeberg.org/someone/book.git", "https://codeberg.org/someone/book"),
        ("/srv/git/book.git", None),
        ("https://example.org/book.git", None),
        ("file:///srv/book", None),
    ],
)
def test_public_address_of_a_remote(remote, address):
    assert repository.public_address(remote) == address


def test_the_setting_goes_before_the_remote(monkeypatch, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    assert repository.repository(tmp_path) is None
    subprocess.run(
        ["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:a/b.git"], check=True
    )
    assert repository.repository(tmp_path) == "https://github.com/a/b"
    monkeypatch.setenv("BOOK_REPOSITORY", "https://gitlab.com/c/d")
    assert repository.repository(tmp_path) == "https://gitlab.com/c/d"
    monkeypatch.setenv("BOOK_REPOSITORY", "c/d")
    with pytest.raises(
        ValueError, match="BOOK_REPOSITORY: expected an address on one of github.com.*got 'c/d'"
    ):
        repository.repository(tmp_path)


def test_a_browser_that_is_named_and_missing_is_an_error(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(FileNotFoundError, match="CHROMIUM=/nowhere/chromium: expected a program, found none"):
        browser.find()


def test_the_usual_names_are_looked_for(monkeypatch, tmp_path):
    program = tmp_path / "google-chrome"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find() == str(program)


@pytest.mark.parametrize(
    ("debian", "user", "commands"),
    [
        (True, 0, ["apt-get update -qq", "apt-get install -y -qq chromium"]),
        (True, 1000, [f"{sys.executable} -m playwright install chromium"]),
        (False, 0, [f"{sys.executable} -m playwright install chromium"]),
    ],
)
def test_a_missing_browser_is_installed_the_way_the_machine_allows(monkeypatch, debian, user, commands):
    ran = []

    def run(command, **_):
        ran.append(" ".join(command))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(browser.Path, "exists", lambda path: debian and str(path) == "/etc/debian_version")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(browser.subprocess, "run", run)
    browser.install()
    assert ran == commands


def test_a_browser_that_cannot_be_installed_says_what_to_do(monkeypatch):
    monkeypatch.setattr(
        browser.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 100)
    )
    with pytest.raises(
        SystemExit, match="no browser found, and .* failed: install Chromium or Chrome, or name one"
    ):
        browser.install()


def test_an_old_node_is_not_taken(monkeypatch, tmp_path):
    """With a Node.js 18 on the PATH, a newer one in the environment is found and goes first."""
    old, ours = tmp_path / "old", tmp_path / "env" / "bin"
    for folder, version in ((old, 18), (ours, 24)):
        folder.mkdir(parents=True)
        for name in ("node", "npm"):
            (folder / name).write_text(f"#!/bin/sh\necho v{version}.0.0\n")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{old}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    assert node.version(shutil.which("node")) == 18
    assert node.search_path().split(os.pathsep)[0] == str(ours)


def test_locks_have_hashes_and_no_address():
    for name in ("requirements.lock", "requirements-node.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert len(pins) >= 2 and text.count("--hash=sha256:") >= len(pins)
        assert "index-url" not in text and "://" not in text
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8")


def test_the_picture_of_the_readme_is_what_the_code_draws():
    from tools import readme_picture

    assert readme_picture.TARGET.read_text(encoding="utf-8") == readme_picture.picture()
    assert "(_static/network.svg)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_live_page_carries_every_cell_and_the_place_of_those_that_are_shown():
    code = {"cell_type": "code", "metadata": {}, "source": ["a = 1\n", "a"]}
    hidden = code | {"metadata": {"tags": ["remove-cell"]}}
    figure = code | {"metadata": {"mystnb": {"image": {"alt": "a line"}}}}
    listed = live.cells({"cells": [{"cell_type": "markdown", "source": []}, code, hidden, figure]})
    assert listed == [
        {"source": "a = 1\na", "id": "code-cell-1"},
        {"source": "a = 1\na"},
        {"source": "a = 1\na", "id": "code-cell-3", "alt": "a line"},
    ]


def test_pages_stay_static_where_no_script_was_built_or_none_is_wanted(tmp_path, monkeypatch):
    monkeypatch.delenv("LIVE", raising=False)
    assert live.script(tmp_path) == ""
    (tmp_path / "_build" / "vendor" / "live").mkdir(parents=True)
    (tmp_path / "_build" / "vendor" / "live" / "page-AB.js").touch()
    assert live.script(tmp_path) == "page-AB.js"
    monkeypatch.setenv("LIVE", "0")
    assert live.script(tmp_path) == ""


def test_the_icon_font_keeps_what_is_used_by_name_by_number_or_as_a_letter():
    style = (
        '.fa-bars:before,.fa-navicon:before{content:"\\f0c9"}.fa-sun:before{content:"\\f185"}'
        'details:after{content:"\\f107"}.note{--icon:"\uf05a"}'
    )
    assert selfhost.icons(style, '<i class="fa-solid fa-navicon"></i>') == {0xF0C9, 0xF107, 0xF05A}
