"""The Sphinx extensions and tools, as far as they can be tested without a build."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from extensions import execution, live, notation, notation_switch, repository, selfhost
from PIL import Image
from tools import browser, node

from backprop import letters, macros

ROOT = Path(__file__).resolve().parents[2]


GOOD = r"""
[symbols]
act = {args = 1, form = 'a^{(#1)}', meaning = 'm', shape = 's', code = 'c', flow = 'forward'}
[pieces]
[formulas]
[profiles.cmu]
name = 'CMU'
source = 's'
differs = ['d']
own.act = {form = 'o^{(#1)}', quote = 'o^{(l)}'}
lent = {}
[layouts]
[indices]
[local]
"""


def written(tmp_path, text):
    path = tmp_path / "notation.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_macros_for_mathjax(tmp_path):
    symbols = notation.read(written(tmp_path, GOOD))["symbols"]
    assert notation.mathjax_macros(symbols) == {"act": [r"{\class{bp-forward}{a^{(#1)}}}", 1]}
    assert notation.mathjax_macros(symbols, "cmu") == {"act": [r"{\class{bp-forward}{o^{(#1)}}}", 1]}


@pytest.mark.parametrize(
    ("formula", "profile", "plain"),
    [
        (r"\act{l}^2", "book", "{a^{(l)}}^2"),
        (r"\act{l}^2", "cmu", "{o^{(l)}}^2"),
        (r"\twice{l-1} x", "book", "2 a^{(l-1)} x"),
        (r"\twice{\act{1}}^2", "cmu", "{2 o^{(o^{(1)})}}^2"),
        (r"\actual + \alpha x", "cmu", r"\actual + \alpha x"),
    ],
)
def test_a_formula_in_plain_tex(tmp_path, formula, profile, plain):
    twice = r"twice = {args = 1, form = '2 \act{#1}', meaning = 'm', shape = 's', code = 'c'}"
    symbols = notation.read(written(tmp_path, GOOD.replace("[pieces]", f"[pieces]\n{twice}")))["symbols"]
    assert macros.expand(formula, notation.plain_macros(symbols, profile)) == plain


@pytest.mark.parametrize("profile", list(letters.profiles()))
def test_the_package_reads_the_same_macros_as_the_build(profile):
    table = notation.plain_macros(notation.read(ROOT / notation.FILE)["symbols"], profile)
    assert macros.of(profile) == table
    pre = macros.expand(r"\pre{1}", table)
    assert macros.plain(r"$\pre{1}$ `$\pre{1}$` \pre{1}", profile) == rf"${pre}$ `$\pre{{1}}$` \pre{{1}}"


def test_the_notation_of_a_build(tmp_path, monkeypatch):
    loaded = notation.read(written(tmp_path, GOOD))
    monkeypatch.delenv("NOTATION", raising=False)
    assert notation.default(loaded) == "book"
    monkeypatch.setenv("NOTATION", "")
    assert notation.default(loaded) == "book"
    monkeypatch.setenv("NOTATION", "cmu")
    assert notation.default(loaded) == "cmu"
    monkeypatch.setenv("NOTATION", "mit")
    with pytest.raises(ValueError, match="NOTATION: expected one of book, cmu, got 'mit'"):
        notation.default(loaded)


def test_tables_of_the_notation(tmp_path):
    loaded = notation.read(written(tmp_path, GOOD))
    assert notation.table(loaded) == [
        ["symbol", "what it is", "shape", "in the code"],
        [r"$\act{l}$", "m", "s", "`c`"],
    ]
    assert notation.table(loaded, concordance=True) == [["this book", "CMU"], ["$a^{(l)}$", "$o^{(l)}$"]]
    assert notation.rosetta(loaded, {"act": "[02](02.ipynb)"}) == [
        ["what it is", "this book", "CMU", "shape", "in the code", "first in"],
        ["m", "$a^{(l)}$", "$o^{(l)}$", "s", "`c`", "[02](02.ipynb)"],
    ]


MORE = r"""
[symbols]
act = {args = 1, form = 'a^{(#1)}', meaning = 'm', shape = 's', code = 'c', flow = 'forward'}
inpi = {args = 1, form = 'x_{#1}', meaning = 'entry #1', shape = '(n_0, N)', code = 'c', letters = ['i']}
err = {args = 1, form = 'd_{#1}', meaning = 'm', shape = 's', code = 'c'}
ones = {args = 0, form = '1', meaning = 'm', shape = 's', code = 'c', common = true}
[pieces]
[formulas.one]
title = 'One'
labels = ['eq:one']
ours = '\act{l}'
[profiles.cmu]
name = 'CMU'
source = 's'
differs = ['d']
letters = ['k', 'i', 'j']
own.act = {form = 'o^{(#1)}', quote = 'o^{(l)}'}
own.inpi = {quote = 'x_1'}
own.err = {form = 'e_{#1}', text = 'e', quote = 'e'}
lent = {}
formulas.one = {form = 'o^{(k)} < 1', quote = 'o', remark = 'A word.'}
[layouts.rows]
name = 'Rows'
source = 's'
differs = ['d']
conversions = [{ours = 'X', shape = '(a, b)', theirs = 'Y', is = 'Z', turned = '(b, a)'}]
formulas.one = {form = 'A_l', lent = true, remark = ''}
[indices]
[local]
"""


def test_letters_of_a_symbol_and_of_a_text(tmp_path):
    loaded = notation.read(written(tmp_path, MORE))
    assert notation.table(loaded)[2] == [r"$\inpi{i}$", "entry $i$", r"$(\size{0}, \nexamples)$", "`c`"]
    # The text's own letter, and no row for a symbol that no text has.
    assert notation.table(loaded, concordance=True)[1:] == [
        ["$a^{(l)}$", "$o^{(k)}$"],
        ["$x_{i}$", "$x_{i}$"],
        ["$d_{l}$", "$e$"],
    ]
    # A lent letter stands in parentheses.
    assert [row[2] for row in notation.rosetta(loaded, {})[1:]] == ["$o^{(k)}$", "$x_{i}$", "$e$", "($1$)"]


def test_what_the_directive_prints(tmp_path):
    """A table for each option; the symbols without one."""
    loaded = notation.read(written(tmp_path, MORE))
    lines = lambda **options: notation.lines(loaded, options, tmp_path, "chapters/")
    assert lines()[0] == "| symbol | what it is | shape | in the code |"
    assert lines(concordance=None)[:2] == ["| this book | CMU |", "| --- | --- |"]
    assert lines(rosetta=None)[0].endswith("| in the code | first in |")
    assert lines(layout="rows")[0] == "| here | shape | rows | is | shape there |"
    assert lines(formula="one", only="rows")[1] == "A_l"
    address = '<a href="chapters/04-four-equations.html?notation=cmu">chapter 4</a>'
    assert lines(links=None)[2].startswith(f"| CMU | s | {address} |")


def test_the_first_chapter_of_a_symbol(tmp_path):
    (tmp_path / "chapters").mkdir()
    for name, text in (("02-b", r"\\pre{l} \\actunits{l}"), ("03-c", r"\\pre{l} + \\act{l}")):
        (tmp_path / "chapters" / f"{name}.ipynb").write_text(text, encoding="utf-8")
    symbols = [{"macro": name} for name in ("pre", "act", "err")]
    assert notation.first_chapters(tmp_path, symbols) == {"pre": "02-b", "act": "03-c"}


def test_the_conversions_of_a_layout(tmp_path):
    assert notation.conversions(notation.read(written(tmp_path, MORE)), "rows") == [
        ["here", "shape", "rows", "is", "shape there"],
        ["$X$", "$(a, b)$", "$Y$", "$Z$", "$(b, a)$"],
    ]


def test_a_formula_in_every_notation(tmp_path):
    loaded = notation.read(written(tmp_path, MORE))
    assert notation.translations(loaded, "one") == [
        "**This book.**", "", "$$", "a^{(l)}", "$$", "",
        "**CMU.** A word.", "", "$$", "o^{(k)} < 1", "$$", "",
        "**Rows.**", "", "$$", "A_l", "$$", "",
    ]  # fmt: skip
    assert notation.translations(loaded, "one", "cmu") == ["$$", "o^{(k)} < 1", "$$", "", "A word.", ""]
    with pytest.raises(ValueError, match=r"formula: expected one of \['one'\], got 'two'"):
        notation.translations(loaded, "two")
    with pytest.raises(ValueError, match=r"only: expected one of \['cmu', 'rows'\], got 'mit'"):
        notation.translations(loaded, "one", "mit")


def test_notes_beside_an_equation(tmp_path):
    """For each profile with a remark, escaped; nothing for a layout, nor for other labels."""
    loaded = notation.read(written(tmp_path, MORE))
    note = notation_switch.notes(loaded, "eq:one")
    assert note.count("<template") == 1 and 'data-notation="cmu"' in note
    assert "<strong>CMU.</strong> A word." in note and r"\[o^{(k)} &lt; 1\]" in note
    assert notation_switch.notes(loaded, "eq:two") == notation_switch.notes(loaded, "") == ""


def test_the_sheet_has_each_texts_own_equations():
    """And none that a text does not have: IITH's slides stop before the backward equations."""
    sheet = notation_switch.own_forms(notation.read(ROOT / notation.FILE))
    assert sheet.count("<template") == 7 and sheet.count("<th scope='row'>2. Hidden error</th>") == 6
    assert r"\sum_k w_{kj}\, \delta_k" in sheet
    iith = sheet.partition('data-notation="iith"')[2].partition("</template>")[0]
    assert iith.count("<th scope='row'>") == 1


def test_the_script_holds_the_macros_and_the_header_the_choice(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTATION", "cmu")
    loaded = notation.read(written(tmp_path, MORE))
    code = notation_switch.script(ROOT, loaded)
    data = json.loads(code.partition(" = ")[2].partition(";\n")[0])
    assert data["standard"] == "cmu" and list(data["macros"]) == ["book", "cmu"]
    assert data["macros"]["cmu"]["act"] == [r"{\class{bp-forward}{o^{(#1)}}}", 1]
    header = notation_switch.header(loaded)
    assert '<label for="bp-notation">' in header and '<select id="bp-notation"' in header
    assert '<option value="book">This book</option><option value="cmu" selected>CMU</option>' in header
    assert "<li>d</li>" in header


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[local]", "", r"toml: top level: 'local' is a required property"),
        ("[local]", "[local]\n[others]", r"toml: top level: .*'others' was unexpected"),
        ("code = 'c', flow", "flow", r"toml: symbols.act: 'code' is a required property"),
        ("flow = 'forward'", "flow = 'forward', colour = 'red'", r"toml: symbols.act: .*'colour' was unexpected"),
        ("flow = 'forward'", "flow = 'up'", r"toml: symbols.act.flow: 'up' is not one of \['forward', 'backward'\]"),
        ("flow = 'forward'", "flow = 'forward', args = 2", r"toml: .*line 3"),
        ("err = {", "act = {", r"toml: .*act.*line 5|toml: .*line 5"),
        ("source = 's'\ndiffers = ['d']\nletters", "differs = ['d']\nletters", r"toml: profiles.cmu: 'source' is a required"),
        ("['k', 'i', 'j']", "['k']", r"toml: profiles.cmu.letters: \['k'\] is too short"),
        ("[profiles.cmu]", "[profiles.book]", r"toml: profiles: .*'book'"),
        (", quote = 'e'", "", r"toml: profiles.cmu.own.err: 'quote' is a required property"),
        ("quote = 'o', remark", "remark", r"toml: profiles.cmu.formulas.one: .* is not valid under any"),
        ("remark = 'A word.'", "note = 'A word.'", r"toml: profiles.cmu.formulas.one: 'remark' is a required"),
        ("turned =", "back =", r"toml: layouts.rows.conversions.0: 'turned' is a required property"),
        ("act = {args = 1", "act = {args = 2", r"toml: symbols.act: takes 2 arguments, its form uses \[1\]"),
        ("['i']}", "['i', 'j']}", r"toml: symbols.inpi: takes 1 arguments, has letters \['i', 'j'\]"),
        ("'o^{(#1)}'", "'o_{#2}'", r"toml: profiles.cmu.own.act: takes 1 arguments, uses \[2\]"),
        ("lent = {}", "lent = {act = ''}", r"toml: profiles.cmu.act: stands in own and in lent"),
        ("lent = {}", "lent = {bias = ''}", r"toml: profiles.cmu.lent.bias: there is no such symbol"),
        ("lent = {}", "lent = {}\npieces = {act = ''}", r"toml: profiles.cmu.pieces.act: there is no such piece"),
        ("formulas.one = {form = 'A_l'", "formulas.two = {form = 'A_l'", r"toml: layouts.rows.formulas.two: expected one of one"),
        ("[pieces]", "[pieces]\nact = {args = 0, form = '', meaning = '', shape = '', code = ''}", r"toml: pieces.act: is a symbol too"),
    ],
)  # fmt: skip
def test_a_wrong_notation_file_is_refused(tmp_path, old, new, message):
    assert old in MORE
    with pytest.raises(ValueError, match=message):
        notation.read(written(tmp_path, MORE.replace(old, new, 1)))


def test_all_faults_are_told_at_once(tmp_path):
    """Every missing symbol with file and key, and what is wrong elsewhere."""
    text = MORE.replace(
        "own.inpi = {quote = 'x_1'}\nown.err = {form = 'e_{#1}', text = 'e', quote = 'e'}\n", ""
    )
    with pytest.raises(ValueError) as error:
        notation.read(
            written(tmp_path, text.replace("formulas.one = {form = 'A_l'", "formulas.two = {form = 'A_l'"))
        )
    path = tmp_path / "notation.toml"
    assert str(error.value).splitlines() == [
        f"{path}: profiles.cmu: no letter for inpi, err: name them in own or lent",
        f"{path}: layouts.rows.formulas.two: expected one of one",
    ]


# A profile from scratch: this table at the end of the file, and nothing else anywhere.
TOY = r"""
[profiles.toy]
name = 'Toy'
source = 'a blackboard'
differs = ['The layer is a number below.']

[profiles.toy.own]
pre = {form = 'u_{#1}', quote = 'u_1'}
err = {form = 'e_{#1}', quote = 'e_1'}

[profiles.toy.lent]
"""


def test_a_new_profile_touches_one_file_only(tmp_path, monkeypatch):
    """Macros, the switch, the key, a sheet without equations and the letters of listings have it."""
    text = (ROOT / notation.FILE).read_text(encoding="utf-8")
    path = written(tmp_path, text + TOY)
    with pytest.raises(
        ValueError, match="profiles.toy: no letter for nlayers, size, .*, T: name them in own"
    ) as error:
        notation.read(path)
    missing = str(error.value).partition("for ")[2].partition(":")[0].split(", ")
    path = written(tmp_path, text + TOY + "".join(f"{name} = ''\n" for name in missing))
    loaded = notation.read(path)
    table = notation.plain_macros(loaded["symbols"], "toy")
    assert (
        macros.expand(r"\affine{2}{1} = \pre{2}, \err{1}", table)
        == r"W^{(2)}\,a^{(1)} + b^{(2)} = u_{2}, e_{1}"
    )
    assert '"toy"' in notation_switch.script(ROOT, loaded) and ">Toy</option>" in notation_switch.header(
        loaded
    )
    assert "As Toy writes it" in notation_switch.own_forms(loaded)
    assert notation.table(loaded, concordance=True)[0][-1] == "Toy"
    monkeypatch.setattr(letters, "FILE", path)
    toy = letters.profiles.__wrapped__()["toy"]
    assert (toy.pre(2), toy.err(1), toy.affine(2), toy.folded) == ("u_2", "e_1", "W[2] a[1] + b[2]", False)


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
        ("https://github.com/someone/book.git/", "https://github.com/someone/book"),
        ("https://user:token@github.com/someone/book", "https://github.com/someone/book"),
        ("ssh://git@codeberg.org/someone/book.git", "https://codeberg.org/someone/book"),
        ("ssh://git@github.com:22/a/b.git", "https://github.com/a/b"),
        ("https://github.com:443/a/b", "https://github.com/a/b"),
        ("github.com:443/a/b", "https://github.com/a/b"),
        ("git@github.com:443/b", "https://github.com/443/b"),
        ("github.com:443/b", "https://github.com/443/b"),
        ("git@gitlab.com:7/group/b.git", "https://gitlab.com/7/group/b"),
        ("ssh://git@ssh.github.com:443/a/b.git", "https://github.com/a/b"),
        ("git@ssh.github.com:a/b.git", "https://github.com/a/b"),
        ("ssh://git@altssh.gitlab.com:443/a/b.git", "https://gitlab.com/a/b"),
        ("git://github.com/a/b.git", "https://github.com/a/b"),
        ("git+ssh://git@github.com/a/b.git", "https://github.com/a/b"),
        ("github.com/a/b", "https://github.com/a/b"),
        ("http://www.github.com/a/b", "https://github.com/a/b"),
        ("https://GitHub.COM/Some/Book", "https://github.com/Some/Book"),
        ("https://github.com/a/b/tree/main/chapters", "https://github.com/a/b"),
        ("https://github.com/a/b?tab=readme-ov-file#licences", "https://github.com/a/b"),
        ("https://github.com/a/tree", "https://github.com/a/tree"),
        ("https://gitlab.com/group/sub/b.git", "https://gitlab.com/group/sub/b"),
        ("git@gitlab.com:group/sub/b.git", "https://gitlab.com/group/sub/b"),
        ("https://gitlab.com/group/sub/b/-/tree/main?ref_type=heads", "https://gitlab.com/group/sub/b"),
        ("https://gitlab.com/group/b/tree/main", "https://gitlab.com/group/b"),
        ("https://bitbucket.org/a/b/src/main/", "https://bitbucket.org/a/b"),
        ("https://codeberg.org/a/b/src/branch/main", "https://codeberg.org/a/b"),
        ("/srv/git/book.git", None),
        (r"C:\git\book", None),
        ("https://example.org/a/book.git", None),
        ("https://github.com/a", None),
        ("https://gist.github.com/a/b", None),
        ("https://github.com.example.org/a/b", None),
        ("https://github.com:port/a/b", None),
        ("https://[github.com/a/b", None),
        ("file:///srv/book", None),
        ("file://github.com/a/b", None),
        ("", None),
    ],
)
def test_public_address_of_a_remote(remote, address):
    assert repository.public_address(remote) == address


@pytest.mark.parametrize(
    ("given", "settings", "address", "buttons"),
    [
        ("git@gitlab.uni.edu:group/sub/b.git", "", "https://gitlab.uni.edu/group/sub/b", 3),
        ("https://gitlab.uni.edu:8443/g/b/-/tree/main", "", "https://gitlab.uni.edu:8443/g/b", 3),
        ("ssh://git@gitlab.uni.edu:2222/g/b", "", "https://gitlab.uni.edu/g/b", 3),
        ("https://github.uni.edu/a/b/tree/main", "", "https://github.uni.edu/a/b", 3),
        ("https://git.uni.edu/g/b/-/tree/main", "gitlab", "https://git.uni.edu/g/b", 3),
        ("https://git.uni.edu/a/b/tree/main", "GitHub", "https://git.uni.edu/a/b", 3),
        ("http://uni.edu/code/g/b", "gitlab", "http://uni.edu/code/g/b", 3),
        ("https://git.uni.edu/a/b", "", "https://git.uni.edu/a/b", 0),
        ("https://codeberg.org/a/b", "gitlab", "https://codeberg.org/a/b", 0),
        ("https://bitbucket.org/a/b", "", "https://bitbucket.org/a/b", 2),
    ],
)
def test_any_server_can_be_named(monkeypatch, tmp_path, given, settings, address, buttons):
    monkeypatch.setenv("BOOK_REPOSITORY", given)
    monkeypatch.setenv("BOOK_PROVIDER", settings)
    assert repository.repository(tmp_path) == address
    options = {}
    repository._configure(SimpleNamespace(srcdir=tmp_path), SimpleNamespace(html_theme_options=options))
    assert sum(options.get(f"use_{name}_button", False) for name in repository.BUTTONS["github"]) == buttons
    assert options.get("repository_url") == (address if buttons else None)


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ("https://github.com/a/b", {"/a/b", "/a/b/edit/main/index.md", "/a/b/issues/new"}),
        ("https://gitlab.com/g/s/b", {"/g/s/b", "/g/s/b/-/edit/main/index.md", "/g/s/b/-/issues/new"}),
        ("https://bitbucket.org/a/b", {"/a/b", "/a/b/src/main/index.md"}),
        ("https://codeberg.org/a/b", set()),
        ("https://git.uni.edu/a/b", set()),
    ],
)
def test_a_build_with_any_host_is_green_and_has_the_buttons_that_work(tmp_path, address, places):
    (tmp_path / "index.md").write_text("# A page\n")
    settings = ["html_theme=sphinx_book_theme", "extensions=myst_parser,extensions.repository"]
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-C", *(f"-D{setting}" for setting in settings)]
    environment = os.environ | {"BOOK_REPOSITORY": address, "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, str(tmp_path), str(tmp_path / "out")], env=environment, check=True)
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    host = address.rsplit("/", address.count("/") - 2)[0]
    assert set(re.findall(rf'href="{host}([^"?]*)', text)) == places


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("BOOK_REPOSITORY", "c/d", "an address such as https://github.com/owner/name"),
        ("BOOK_REPOSITORY", "https://someone.github.io/book/", "an address such as"),
        ("BOOK_PROVIDER", "gitea", "github or gitlab"),
    ],
)
def test_a_wrong_setting_is_refused(monkeypatch, tmp_path, name, given, expected):
    monkeypatch.setenv("BOOK_REPOSITORY", "https://git.uni.edu/a/b")
    monkeypatch.setenv(name, given)
    with pytest.raises(ValueError, match=f"{name}: expected {expected}.*got '{given}'"):
        repository.repository(tmp_path)


def test_the_setting_goes_before_the_remote(monkeypatch, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.delenv("BOOK_REPOSITORY", raising=False)
    assert repository.repository(tmp_path) is None
    subprocess.run(
        ["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:a/b.git"], check=True
    )
    assert repository.repository(tmp_path) == "https://github.com/a/b"
    # Unpacked inside another repository, the book does not take that one's address.
    (tmp_path / "book").mkdir()
    assert repository.repository(tmp_path / "book") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository.repository(tmp_path) is None, "no git"
    monkeypatch.setenv("BOOK_REPOSITORY", "https://gitlab.com/c/d")
    assert repository.repository(tmp_path) == "https://gitlab.com/c/d"


def test_scripts_keep_their_line_ends_in_a_checkout_for_windows(tmp_path):
    """With CRLF, bash would not find the programs that .ci/run names."""
    git = ["git", "-C", str(tmp_path), "-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    subprocess.run([*git, "init", "-q"], check=True)
    for name in (".gitattributes", ".ci/run", ".ci/publish-branch", "binder/postBuild", "Makefile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
        subprocess.run([*git, "add", name], check=True)
        (tmp_path / name).unlink()
        subprocess.run([*git, "checkout", "-q", "--", name], check=True)
        assert b"\r" not in (tmp_path / name).read_bytes(), name


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
        (
            True,
            0,
            [
                "apt-get update -qq",
                "apt-get install -y -qq chromium",
                "apt-get install -y -qq firefox-esr",
                "apt-get install -y -qq webkit2gtk-driver xvfb dbus",
            ],
        ),
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
    browser.install(["chromium", "firefox", "webkit"])
    assert ran == commands


def test_without_root_firefox_and_webkit_are_named_not_installed(monkeypatch, capsys):
    found = {"chromium": "/usr/bin/chromium", "firefox": None, "webkit": None}
    monkeypatch.setattr(browser, "find", lambda engine="chromium": found[engine])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    browser.main()
    said = capsys.readouterr()
    assert said.out == "/usr/bin/chromium\n"
    assert "Debian: firefox-esr" in said.err and "Debian: webkit2gtk-driver xvfb dbus" in said.err


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


def test_a_figure_gets_few_colours_and_looks_the_same(tmp_path):
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 255, 300)[:, None] * np.ones((1, 300))
    picture = np.stack([smooth, smooth.T, 255 - smooth, np.full((300, 300), 255)], axis=2).astype("uint8")
    picture[rng.integers(300, size=50), rng.integers(300, size=50)] = (0, 114, 178, 255)
    Image.fromarray(picture).save(tmp_path / "figure.png")
    before = (tmp_path / "figure.png").stat().st_size
    selfhost.few_colours(tmp_path / "figure.png")
    once = (tmp_path / "figure.png").read_bytes()
    after = np.asarray(Image.open(tmp_path / "figure.png").convert("RGBA")).astype(float)
    assert len(once) < before and np.abs(after - picture).mean() < 12
    selfhost.few_colours(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == once
