"""tools/reader.py on a small book: what each piece of MyST becomes, and what is refused."""

import nbformat
import pytest
from tools import reader

from backprop.macros import expand

NOTATION = r"""
[symbols]
act = {args = 1, form = 'a^{(#1)}', meaning = 'activations of layer #1', shape = '(n, 1)', code = 'a', flow = 'forward'}
Wi = {args = 3, form = 'w^{(#1)}_{#2#3}', meaning = 'weight', shape = 'scalar', code = '', common = true}
loss = {args = 0, form = '\ell', meaning = 'loss', shape = 'scalar', code = '', common = true}
nlayers = {args = 0, form = 'L', meaning = 'layers', shape = 'scalar', code = '', common = true}
dsigmoid = {args = 0, form = "\\sigma'", meaning = 'slope', shape = 'function', code = '', common = true}
T = {args = 0, form = '\mathsf{T}', meaning = 'transpose', shape = 'operator', code = '', common = true}
[pieces]
affine = {args = 1, form = '\Wi{#1}{j}{k} \act{#1-1}', meaning = 'a form of other symbols', shape = 's', code = ''}
[formulas]
forward = {title = 'Forward', labels = [], ours = '\affine{l}'}
[profiles.cmu]
name = 'CMU'
source = 's'
differs = ['First.', 'Second.']
own.act = {form = 'o^{(#1)}', quote = 'o^{(l)}'}
lent = {}
formulas.forward = {form = 'o = w', quote = 'w', remark = 'A word.'}
[layouts]
[indices]
[local]
"""
BIB = """
@book{one, author={Ada Lovelace}, title={Notes}, publisher={Taylor}, year=1843}
@article{many, author={A. Ab and B. Be and C. Ce}, title={On {G}radients}, journal={J}, year=1999}
"""
TOC = "format: jb-book\nroot: index\nchapters:\n  - file: chapters/01-a\n  - file: chapters/02-b\n    sections:\n      - file: chapters/03-c\n"


@pytest.fixture
def book(tmp_path):
    """book(cell, ..., **settings): a Book whose chapter 02-b has these Markdown cells."""

    def make(*cells, **settings):
        (tmp_path / "chapters").mkdir(exist_ok=True)
        (tmp_path / reader.symbols.FILE).parent.mkdir(parents=True, exist_ok=True)
        for name, text in {
            reader.symbols.FILE: NOTATION, "references.bib": BIB, "_toc.yml": TOC, "index.md": "# Home\n",
            "chapters/03-c.md": "# Last\n\n(here)=\n## Some section\n\n$$x$$ (eq:last)\n",
            "chapters/picture.svg": "<svg/>",
        }.items():  # fmt: skip
            (tmp_path / name).write_text(text, encoding="utf-8")
        first = "# First\n\n```{prf:theorem} Big\n:label: thm:big\n\n$$1 = 1$$ (eq:one)\n```\n\n```{exercise}\n:label: ex:one\n\nTry.\n```"
        new = nbformat.v4
        for name, sources in {"01-a": [first], "02-b": ["# Second", *cells]}.items():
            notebook = new.new_notebook(cells=[new.new_markdown_cell(source) for source in sources])
            notebook.cells.append(
                new.new_code_cell("import this  # $\\act{l}$ {eq}`x`", metadata={"tags": ["remove-cell"]})
            )
            nbformat.write(notebook, tmp_path / "chapters" / f"{name}.ipynb")
        return reader.Book(tmp_path, **settings)

    return make


@pytest.fixture
def plain(book):
    """plain(source, **settings): what a Markdown cell becomes."""
    return lambda source, **settings: book(source, **settings).reader("chapters/02-b").cells[1].source


@pytest.mark.parametrize(
    "tex, expected",
    [
        (r"\act{l-1}", r"a^{(l-1)}"),
        (r"\act{\nlayers}^\T", r"{a^{(L)}}^{\mathsf{T}}"),
        (r"\act{l}_i", r"a^{(l)}_i"),
        (r"\Wi{l}{j}{k}_2", r"{w^{(l)}_{jk}}_2"),
        (r"\partial\loss / \partial\act{l}", r"\partial\ell / \partial a^{(l)}"),
        (r"\frac\loss2", r"\frac\ell2"),
        (r"\dsigmoid(t)\,\loss\,", r"\sigma'(t)\,\ell\,"),
        (r"\dsigmoid^2", r"{\sigma'}^2"),
        (r"\affine{l}", r"w^{(l)}_{jk} a^{(l-1)}"),
        (r"\affine{l}_2", r"{w^{(l)}_{jk} a^{(l-1)}}_2"),
        (r"\sqrt\act{l} \sqrt \loss", r"\sqrt{a^{(l)}} \sqrt \ell"),
        (r"\frac{\loss}\act{l} \frac1\act{l}", r"\frac{\ell}{a^{(l)}} \frac1{a^{(l)}}"),
        (r"\\act \{ \text{\loss a}", r"\\act \{ \text{\ell a}"),
        (r"\lossy \Tilde", r"\lossy \Tilde"),
    ],
)
def test_macros_become_plain_tex(book, tex, expected):
    assert expand(tex, book().macros) == expected


def test_a_profile_has_its_own_letters_and_keeps_the_others(book):
    macros = book(profile="cmu").macros
    assert expand(r"\act{1} \loss \affine{2}", macros) == r"o^{(1)} \ell w^{(2)}_{jk} o^{(2-1)}"
    with pytest.raises(ValueError, match=r"notation: expected one of \['book', 'cmu'\], got 'ng'"):
        book(profile="ng")


def test_macro_mistakes_are_named():
    with pytest.raises(ValueError, match=r"\\act needs its arguments in braces, found 'l'"):
        expand(r"\act l", {"act": (1, "#1")})
    with pytest.raises(ValueError, match="not closed"):
        expand(r"\act{l", {"act": (1, "#1")})
    with pytest.raises(ValueError, match="stands for itself"):
        expand(r"\a", {"a": (0, r"\a")})


@pytest.mark.parametrize(
    "source, expected",
    [
        ("Let $\\act{l}$ be `$\\act{l}$`, \\$5.", "Let $a^{(l)}$ be `$\\act{l}$`, \\$5."),
        ("$$\n\\loss\n$$ (eq:mine)\n\nSee {eq}`eq:mine`.", "$$\n\\ell \\tag{2}\n$$\n\nSee (2)."),
        ("By {eq}`eq:one` and {prf:ref}`thm:big`.", "By [(1)](01-a.ipynb) and [Theorem 1](01-a.ipynb)."),
        ("{ref}`a remark <thm:big>`, {ref}`ex:one`", "[a remark](01-a.ipynb), [Exercise 1](01-a.ipynb)"),
        ("{ref}`here`, [there](#here)", "[Some section](03-c.ipynb), [there](03-c.ipynb)"),
        ("{doc}`01-a`, [x](03-c.md), [](03-c.md)", "[First](01-a.ipynb), [x](03-c.ipynb), [Last](03-c.ipynb)"),
        ("[home](../index.md) [out](https://a.org/b)", "home [out](https://a.org/b)"),
        ("(top)=\n## A *good* part\n\n[up](#top)", "## A *good* part\n\n[up](#A-good-part)"),
        ("## Read this\n\n[up](#read-this)", "## Read this\n\n[up](#Read-this)"),
        ("{cite:t}`one` and {cite:p}`one,many`", "Lovelace (1843) and (Lovelace, 1843; Ab et al., 1999)"),
        ('<span class="bp-forward">f</span>', '<span style="color:#0072b2">f</span>'),
        ("```{prf:lemma}\n:label: lem:a\n\nThen $\\loss$.\n```", "**Lemma 1.**\n\nThen $\\ell$."),
        ("````{prf:proof}\nA\n\n```py\n{x}`y`\n```\n````", "**Proof.**\n\nA\n\n```py\n{x}`y`\n```\n\n∎"),
        ("```{exercise} Hard\n:label: ex:h\n\nDo.\n```", "**Exercise 2 (Hard).**\n\nDo."),
        (":::{note}\nMind.\n:::", "**Note.**\n\nMind."),
        ("::::{warning}\n:::{tip}\nMind.\n:::\n::::", "**Warning.**\n\n**Tip.**\n\nMind."),
        (":::{admonition} A $\\loss$\nMind.\n:::", "**A $\\ell$.**\n\nMind."),
        ("::::{tab-set}\n:::{tab-item} One\n1\n:::\n:::{tab-item} Two\n2\n:::\n::::", "**One.**\n\n1\n\n**Two.**\n\n2"),
        (":::{table} Cap\n:class: wide\n| a |\n|---|\n| $\\loss$ |\n:::", "**Cap.**\n\n| a |\n|---|\n| $\\ell$ |"),
        ("```{math}\n:label: eq:m\n\\loss\n```", "$$\\ell \\tag{2}\n$$"),
        ("- item\n  ```{note}\n  In $\\loss$.\n  ```\n- next", "- item\n\n  **Note.**\n\n  In $\\ell$.\n\n- next"),
    ],
)  # fmt: skip
def test_myst_becomes_plain_markdown(plain, source, expected):
    assert plain(source) == expected


def test_a_solution_is_folded_away(plain):
    folded = "<details>\n<summary><b>{}</b></summary>\n\nBecause $\\ell$.\n\n</details>"
    solution = "```{solution} ex:one\n:class: dropdown\n\nBecause $\\loss$.\n```"
    assert plain(solution) == folded.format("Solution to exercise 1")
    assert plain(":::{admonition} A & *B*\n:class: dropdown\nBecause $\\loss$.\n:::") == folded.format(
        "A &amp; B"
    )
    assert plain(":::{dropdown} C\nBecause $\\loss$.\n:::") == folded.format("C")


def test_with_a_site_references_lead_there(book):
    cells = book(
        "{eq}`eq:one` {prf:ref}`thm:big` {eq}`eq:last` {cite:t}`one` [h](../index.md)",
        site="https://a.org/b/",
    )
    cells = cells.reader("chapters/02-b").cells
    assert cells[1].source == (
        "[(1)](https://a.org/b/chapters/01-a.html#equation-eq-one) "
        "[Theorem 1](https://a.org/b/chapters/01-a.html#thm:big) "
        "[(2)](https://a.org/b/chapters/03-c.html#equation-eq-last) "
        "[Lovelace (1843)](https://a.org/b/references.html) [h](https://a.org/b/index.html)"
    )
    assert (
        cells[0].source == "# Second\n\n*From the book's site: [Second](https://a.org/b/chapters/02-b.html).*"
    )


def test_the_cited_works_close_the_notebook(book):
    last = book("{cite:t}`many`").reader("chapters/02-b").cells[-1].source
    assert last == "## References\n\n- A. Ab, B. Be, and C. Ce. On Gradients. *J*, 1999."


def test_a_picture_travels_along(book):
    cell = (
        book("```{figure} picture.svg\n:alt: A drawing\n\nSee $\\loss$.\n```")
        .reader("chapters/02-b")
        .cells[1]
    )
    assert cell.source == "![A drawing](attachment:picture.svg)\n\nSee $\\ell$."
    assert cell.attachments == {"picture.svg": {"image/svg+xml": "PHN2Zy8+"}}


def test_notation_tables_are_those_of_the_site(plain):
    table = plain("```{notation-table}\n```")
    assert table.splitlines()[2] == "| $a^{(l)}$ | activations of layer $l$ | $(n, 1)$ | `a` |"
    assert plain("```{notation-table}\n```", profile="cmu").splitlines()[2].startswith("| $o^{(l)}$ |")
    both = plain("```{notation-table}\n:concordance:\n```", profile="cmu")
    assert both.splitlines()[2] == "| $a^{(l)}$ | $o^{(l)}$ |"


def test_a_notation_is_named_and_its_own_equations_are_printed(book):
    cells = book("```{notation-forms}\n```", profile="cmu").reader("chapters/02-b").cells
    assert cells[0].source == "# Second\n\n*Formulas in the notation of CMU.* s.\n\n- First.\n- Second."
    assert cells[1].source == "**As CMU writes it** (s).\n\nForward:\n\n$$\no = w\n$$\n\nA word."
    assert book("```{notation-forms}\n```").reader("chapters/02-b").cells[1].source == ""


def test_the_notation_of_the_build_is_that_of_the_copies(plain, monkeypatch):
    monkeypatch.setenv("NOTATION", "cmu")
    assert plain(r"$\act{l}$") == "$o^{(l)}$"


def test_a_link_with_a_query_needs_the_site(plain):
    link = '<a href="01-a.html?notation=cmu">here</a>'
    assert plain(link) == "here"
    assert plain(link, site="https://a.org/") == "[here](https://a.org/chapters/01-a.html?notation=cmu)"


@pytest.mark.parametrize(
    "source, message",
    [
        ("```{quizz}\nx\n```", "unknown directive 'quizz'"),
        ("```{note}\n:colour: red\nx\n```", "unknown options \\['colour'\\]"),
        ("{reff}`x`", "unknown role 'reff'"),
        ("{eq}`eq:none`", "unknown label 'eq:none'"),
        ("[x](#none)", "unknown label or heading 'none'"),
        ("[x](none.ipynb)", "which is no page of the book"),
        ("{cite:t}`none`", "references.bib has no 'none'"),
        ("```{note}\nx", "fence without an end"),
        (":::\nx\n:::", "fence without a name"),
        ("![x](none.svg)", "no picture 'none.svg'"),
        ("![x](https://a.org/x.svg)", "a picture from outside"),
        ("A [word]{.red}", "no plain form"),
        ("{{ name }}", "no plain form"),
        ("Note[^1]", "no plain form"),
        ("term\n: meaning", "no plain form"),
        ("\\begin{align}x\\end{align}", "no plain form"),
        ('<span class="bp-other">x</span>', "unknown class 'bp-other'"),
        ("```{prf:lemma}\nx\n```", "prf:lemma '' has no label"),
    ],
)
def test_what_it_does_not_know_is_an_error(book, source, message):
    made = None
    with pytest.raises(ValueError, match=message):
        made = book(source)
        made.reader("chapters/02-b")
    if made:
        with pytest.raises(ValueError, match="chapters/02-b, cell 2"):
            made.reader("chapters/02-b")


def test_a_label_stands_once(book):
    with pytest.raises(ValueError, match="label eq:one stands on chapters/01-a and on chapters/02-b"):
        book("$$x$$ (eq:one)")


def test_hidden_cells_are_collapsed_and_run(book):
    cell = book().reader("chapters/02-b").cells[-1]
    assert cell.source.startswith("import this") and cell.metadata["jupyter"] == {"source_hidden": True}


def test_colab_gets_a_cell_of_plain_python_that_brings_the_package(book):
    cells = book("x", wheel="https://a.org/backprop-0-py3-none-any.whl").reader("chapters/02-b").cells
    assert "https://a.org/backprop-0-py3-none-any.whl" in cells[0].source and "%" not in cells[0].source
    compile(cells[0].source, "cell", "exec")
    assert cells[1].source == "# Second"
    page = book(wheel="https://a.org/w.whl").reader("chapters/03-c").cells
    assert [cell.cell_type for cell in page] == ["markdown"]  # nothing to run, nothing to install


def test_writing_is_repeatable_and_removes_what_is_gone(book, tmp_path):
    target = tmp_path / "out"
    made = book("x {cite:t}`one`")
    first = {path: path.read_bytes() for path in made.write(target)}
    assert [path.relative_to(target).as_posix() for path in first] == [
        "chapters/01-a.ipynb", "chapters/02-b.ipynb", "chapters/03-c.ipynb"]  # fmt: skip
    (target / "chapters" / "old.ipynb").write_text("{}")
    again = {path: path.read_bytes() for path in reader.Book(tmp_path).write(target)}
    assert first == again and not (target / "chapters" / "old.ipynb").exists()
    for path in first:
        nbformat.validate(nbformat.read(path, as_version=4))
    with pytest.raises(ValueError, match="a folder of its own"):
        made.write(tmp_path)
