"""Make the reader notebooks: copies of the chapters for JupyterLab, JupyterLite, Colab and VS Code.

    python tools/reader.py TARGET [--notation PROFILE] [--site ADDRESS] [--colab WHEEL] [--kernel NAME]

Those programs know neither the book's macros nor MyST. In a copy macros are plain TeX, directives are
plain Markdown with bold titles and the numbers of the site, references are links or readable text,
solutions are folded away, and the code cells are those of the chapter. A directive, option, role or
piece of syntax that this tool does not know is an error: nothing is passed on unread.

Without --site a reference to another chapter leads to that chapter's copy, else to the site.
"""

import argparse
import base64
import copy
import html
import mimetypes
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import nbformat
import yaml
from extensions import checked
from extensions import notation as symbols

from backprop.macros import expand
from tools import exercises
from tools.notebooks import FOLDERS, KERNEL, LANGUAGE

ROOT = Path(__file__).resolve().parent.parent

# Directives of sphinx-proof that carry a number; each kind counts for itself, through the whole book.
NUMBERED = (
    "theorem", "proposition", "lemma", "corollary", "definition", "algorithm", "remark", "example",
    "property", "axiom", "criterion", "conjecture", "observation", "assumption", "notation",
)  # fmt: skip
ADMONITIONS = (
    "note", "tip", "warning", "important", "hint", "caution", "attention", "danger", "error", "seealso",
)  # fmt: skip
HIDDEN = {"remove-cell", "remove-input", "hide-cell", "hide-input"}
COLOURS = {"bp-forward": "#0072b2", "bp-backward": "#d55e00"}

FENCE = re.compile(
    r"^(?P<indent> *)(?P<mark>`{3,}|~{3,}|:{3,})(?:\{(?P<name>[^}]+)\})?[ \t]*(?P<argument>.*)$"
)
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
LABEL = re.compile(r"^\(([^()\s]+)\)=[ \t]*\n?", re.M)
HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*$", re.M)
CODE = r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
ESCAPED = r"(?P<escaped>\\[^\w\s])"
DISPLAY = r"\$\$(?P<display>.+?)\$\$(?:[ \t]*\((?P<label>[^()\s]+)\))?"
INLINE = r"\$(?P<inline>[^$\n]+(?:\n[^$\n]+)*)\$"
ROLE = r"\{(?P<role>[a-z][\w:+.-]*)\}(?P<quote>`+)(?P<content>.+?)(?P=quote)"
LINK = r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]*)\)"
SPAN = r'<span class="(?P<flow>bp-\w+)">'
ANCHOR = r'<a href="(?P<href>[^"]+)">(?P<words>[^<]+)</a>'
TOKEN = re.compile("|".join((ROLE, CODE, ESCAPED, DISPLAY, INLINE, LINK, SPAN, ANCHOR)), re.S)
EQUATION = re.compile("|".join((CODE, ESCAPED, DISPLAY, INLINE)), re.S)
# What would be left of MyST's syntax in a text without formulas and code.
LEFT_OVER = re.compile(
    r"\{[a-z][\w:+.-]*\}`|^ *:{3,}|\{\{|\[\^|^ *\([^()\s]+\)=|^: +\S|^%.*|^\+\+\+|\\begin\{|\]\{|\{[.#]\w+",
    re.M,
)


class Directive(NamedTuple):
    """A directive as it stands in the source."""

    name: str
    argument: str
    options: dict
    body: list  # its lines
    indent: str


class Target(NamedTuple):
    """What a label stands for."""

    page: str
    kind: str
    number: int | None
    title: str
    anchor: str


def blocks(lines):
    """Split lines into text (a list of lines), code with its fences (a tuple of lines), and directives.

    Raises:
        ValueError: for a fence that is not closed, or one of colons without a name.
    """
    text, at = [], 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence is None:
            text.append(lines[at])
            at += 1
            continue
        if text:
            yield text
            text = []
        close = re.compile(rf"^ *{fence['mark'][0]}{{{len(fence['mark'])},}}[ \t]*$")
        end = next((i for i in range(at + 1, len(lines)) if close.match(lines[i])), None)
        if end is None or (fence["name"] is None and fence["mark"][0] == ":"):
            raise ValueError(f"fence without {'an end' if end is None else 'a name'}: {lines[at]!r}")
        inside = lines[at + 1 : end]
        if fence["name"] is None:
            yield tuple(lines[at : end + 1])
        else:
            width = len(fence["indent"])
            body = [line[width:] if not line[:width].strip() else line for line in inside]
            options = {}
            while body and (option := OPTION.match(body[0])):
                options[option[1]] = option[2].strip()
                body = body[1:]
            yield Directive(fence["name"], fence["argument"].strip(), options, body, fence["indent"])
        at = end + 1
    if text:
        yield text


def macros(notation, profile=symbols.OWN):
    """{name: (number of arguments, plain TeX)} in the book's notation or a profile's.

    A symbol for which the profile has no letter keeps the book's.
    """
    known = [symbols.OWN, *notation["profiles"]]
    if profile not in known:
        raise ValueError(f"notation: expected one of {known}, got {profile!r}")
    return symbols.plain_macros(notation["symbols"], profile)


def written_text(notebook):
    """The text of the file, with each output in one piece: JupyterLite puts commas between lines."""
    return nbformat.writes(notebook, version=4, indent=1, ensure_ascii=False, split_lines=False) + "\n"


def plain(text):
    """Markdown without emphasis and code marks, as a heading's address or a summary needs it."""
    return re.sub(r"[*`]", "", text)


class Book:
    """The chapters, their labels and numbers, and how to write them plainly.

    Args:
        root: the folder of the book.
        profile: a profile of the notation file; None for what the build uses (NOTATION, else the book's own).
        site: the address of the published site, ending in a slash; None makes links between the copies.
        wheel: for Colab, the address from which pip installs the package; None adds no cell.
        kernel: the kernelspec's name.
    """

    def __init__(self, root=ROOT, profile=None, site=None, wheel=None, kernel=None):
        self.root, self.site, self.wheel = Path(root), site, wheel
        self.kernel = KERNEL if kernel is None else KERNEL | {"name": kernel, "display_name": "Python"}
        self.notation = symbols.read(self.root / symbols.FILE)
        self.profile = profile or symbols.default(self.notation)
        self.ours = macros(self.notation)
        self.macros = macros(self.notation, self.profile)
        self.entries = _bibliography(self.root / "references.bib")
        self.sources, self.pages, self.labels, self.titles = {}, [], {}, {}
        self.counts = {}
        for page in _toc(self.root / "_toc.yml"):
            path = next(p for p in (self.root / f"{page}.ipynb", self.root / f"{page}.md") if p.exists())
            if page.split("/")[0] in FOLDERS:
                self.pages.append(page)
            if path.suffix == ".ipynb":
                self.sources[page] = nbformat.read(path, as_version=4)
            else:
                cell = nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8").rstrip(), id="page")
                self.sources[page] = nbformat.v4.new_notebook(cells=[cell])
            texts = [cell.source for cell in self.sources[page].cells if cell.cell_type == "markdown"]
            for text in texts:
                self._collect(page, text.splitlines())
            headings = [h[2] for text in texts for h in HEADING.finditer(text)]
            self.titles[page] = plain(headings[0]) if headings else page
        # No pages of the site; in plain TeX and Markdown already. A course may leave chapters out.
        own = [chapter for chapter in exercises.chapters() if f"chapters/{chapter}" in self.pages]
        self.exercises = exercises.notebooks(self.profile, own) if (self.root / "exercises").is_dir() else {}
        self.pages += self.exercises

    # Labels and numbers

    def _number(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return self.counts[kind]

    def _collect(self, page, lines):
        """Note labels and numbers in the order of the text."""
        for block in blocks(lines):
            if isinstance(block, Directive):
                kind = block.name.removeprefix("prf:")
                title, number = block.argument, None
                label = block.options.get("label")
                if kind in (*NUMBERED, "exercise") and "nonumber" not in block.options:
                    number = self._number(kind)
                if kind == "math" and label:
                    self._label(label, Target(page, "equation", self._number("equation"), "", ""))
                elif kind == "solution":
                    pass
                elif label:
                    self._label(label, Target(page, kind, number, title, label))
                self._collect(page, block.body)
            elif isinstance(block, list):
                text = "\n".join(block)
                for found in EQUATION.finditer(text):
                    if label := found["label"]:
                        self._label(label, Target(page, "equation", self._number("equation"), "", ""))
                for found in LABEL.finditer(text):
                    heading = HEADING.match(text[found.end() :].lstrip("\n"))
                    title = heading[2] if heading else ""
                    self._label(found[1], Target(page, "section", None, title, found[1]))

    def _label(self, label, target):
        if label in self.labels:
            raise ValueError(f"label {label} stands on {self.labels[label].page} and on {target.page}")
        if target.kind == "equation":
            target = target._replace(anchor="equation-" + re.sub(r"[^a-z0-9]+", "-", label.lower()))
        self.labels[label] = target

    def target(self, label):
        """What a label stands for."""
        if label not in self.labels:
            raise ValueError(f"unknown label {label!r}")
        return self.labels[label]

    # One page

    def reader(self, page):
        """The reader notebook of a page, for example "chapters/05-worked-example"."""
        notebook = copy.deepcopy(self.exercises[page]) if page in self.exercises else self._chapter(page)
        notebook.metadata = nbformat.from_dict({"kernelspec": self.kernel, "language_info": LANGUAGE})
        if self.wheel and any(cell.cell_type == "code" for cell in notebook.cells):
            notebook.cells.insert(0, _colab_cell(self.wheel))
        return notebook

    def _chapter(self, page):
        notebook = copy.deepcopy(self.sources[page])
        notebook.nbformat, notebook.nbformat_minor = 4, 5
        writer = Writer(self, page)
        for number, cell in enumerate(notebook.cells, start=1):
            if cell.cell_type == "markdown":
                try:
                    cell.source = writer.cell(cell.source)
                except ValueError as error:
                    raise ValueError(f"{page}, cell {number}: {error}") from None
                if writer.attachments:
                    cell.attachments = nbformat.from_dict(writer.attachments)
            elif HIDDEN & set(cell.metadata.get("tags", ())):
                cell.metadata["jupyter"] = {"source_hidden": True}
        if note := self._note(page):
            first = notebook.cells[0]
            heading = HEADING.match(first.source)
            at = heading.end() if heading else 0
            first.source = first.source[:at] + "\n\n" + note + first.source[at:]
        if writer.cited:
            text = "\n".join(
                ["## References", "", *(f"- {self.entries[key].text}" for key in sorted(writer.cited))]
            )
            notebook.cells.append(nbformat.v4.new_markdown_cell(text, id="references"))
        return notebook

    def _note(self, page):
        """What stands below the title: where the page is on the site, and whose notation this is."""
        parts = []
        if self.site:
            parts.append(f"*From the book's site: [{self.titles[page]}]({self.site}{page}.html).*")
        if profile := self.notation["profiles"].get(self.profile):
            parts.append(f"*Formulas in the notation of {profile['name'].rstrip('.')}.* {profile['source']}.")
            parts.append("\n".join(f"- {sentence}" for sentence in profile["differs"]))
        return "\n\n".join(parts)

    def write(self, target):
        """Write all reader notebooks below a folder; notebooks there that are none of them go."""
        target = Path(target).resolve()
        if target == self.root.resolve():
            raise ValueError(f"target: expected a folder of its own, got the book's: {target}")
        written = set()
        for page in self.pages:
            path = target / f"{page}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(written_text(self.reader(page)), encoding="utf-8")
            written.add(path)
        for folder in FOLDERS:
            for path in set((target / folder).rglob("*.ipynb")) - written:
                path.unlink()
        return sorted(written)


class Writer:
    """Turns the Markdown cells of one page into plain Markdown."""

    def __init__(self, book, page):
        self.book, self.page = book, page
        self.cited, self.attachments = set(), {}
        self.exercise = None
        self.macros = book.macros

    def cell(self, source):
        """One Markdown cell; its pictures are in `attachments` afterwards."""
        self.attachments = {}
        return self.markdown(source.splitlines())

    def markdown(self, lines):
        """Lines of MyST as plain Markdown."""
        parts = []
        for block in blocks(lines):
            if isinstance(block, Directive):
                text = self.directive(block).strip("\n")
                # A blank line on both sides: a paragraph, not part of one.
                parts.append(
                    "\n" + "\n".join(block.indent + line if line else "" for line in text.splitlines()) + "\n"
                )
            elif isinstance(block, tuple):
                parts.append("\n".join(block))
            else:
                parts.append(self.text("\n".join(block)))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip("\n")

    # Directives

    def directive(self, directive):
        """A directive as plain Markdown."""
        kind = directive.name.removeprefix("prf:")
        if directive.name.startswith("prf:") and kind in (*NUMBERED, "proof"):
            return self._statement(directive, kind)
        known = {
            "exercise": self._exercise, "solution": self._solution, "practice": self._practice,
            "admonition": self._admonition,
            "dropdown": self._admonition, "tab-set": self._tabs, "tab-item": self._tab,
            "figure": self._figure, "image": self._figure, "table": self._table, "math": self._math,
            "code-block": self._code, "notation-table": self._notation_table,
            "notation-forms": self._notation_forms, "checked-table": self._checked_table,
        } | dict.fromkeys(ADMONITIONS, self._admonition)  # fmt: skip
        if directive.name not in known:
            raise ValueError(f"unknown directive {directive.name!r}")
        return known[directive.name](directive)

    def _options(self, directive, *known):
        unknown = sorted(set(directive.options) - set(known))
        if unknown:
            raise ValueError(f"{directive.name}: unknown options {unknown}, expected some of {sorted(known)}")

    def _title(self, name, number, title):
        """For example "Theorem 6 (Hidden error)"."""
        words = f"{name} {number}" if number else name
        return f"{words} ({self.text(title)})" if title else words

    def _statement(self, directive, kind):
        self._options(directive, "label", "class", "nonumber")
        if kind == "proof":
            title = self._title("Proof", None, directive.argument)
            return f"**{title}.**\n\n{self.markdown(directive.body)}\n\n∎"
        return (
            f"**{self._title(kind.capitalize(), self._own(directive, kind), directive.argument)}.**\n\n"
            + (self.markdown(directive.body))
        )

    def _own(self, directive, kind):
        """The number of a directive of this page, by its label."""
        if "nonumber" in directive.options:
            return None
        if "label" not in directive.options:
            raise ValueError(f"{directive.name} {directive.argument!r} has no label")
        return self.book.target(directive.options["label"]).number

    def _exercise(self, directive):
        self._options(directive, "label", "class", "nonumber")
        title = self._title("Exercise", self._own(directive, "exercise"), directive.argument)
        return f"**{title}.**\n\n{self.markdown(directive.body)}"

    def _solution(self, directive):
        self._options(directive, "label", "class", "hidden")
        exercise = self.book.target(directive.argument)
        return self._folded(
            self._title("Solution to exercise", exercise.number, exercise.title), directive.body
        )

    def _practice(self, directive):
        """An exercise of `backprop.exercises`: its first variant, and how to have it answer."""
        from backprop.exercises import named
        from backprop.exercises.page import opened

        exercise = named(directive.argument)
        parts = opened(exercise, 0)
        asked = [f"{i}. {step['ask']}" for i, step in enumerate(parts["steps"], start=1)]
        asks = [
            f"`exercises.named({exercise.name!r})` in a cell checks your answers and draws other numbers."
        ]
        for step in parts["steps"]:
            asks += [f"- {text}" for text in step.get("options", [])]
            asks += [f"- {text}" for _, text in step.get("lines", [])]
        folds = [
            self._folded(f"Hint {i}", hint.splitlines()) for i, hint in enumerate(parts["hints"], start=1)
        ]
        folds.append(self._folded("Solution", parts["solution"].splitlines()))
        body = self.markdown([*parts["text"].splitlines(), "", *asked, "", *asks])
        return "\n\n".join([f"**{self.text(exercise.title)}.**", body, *folds])

    def _folded(self, summary, body):
        summary = html.escape(plain(summary), quote=False)
        return f"<details>\n<summary><b>{summary}</b></summary>\n\n{self.markdown(body)}\n\n</details>"

    def _admonition(self, directive):
        self._options(directive, "class", "label", "name", "open", "icon", "color", "animate")
        own_title = directive.name in ("admonition", "dropdown")
        title = directive.argument if own_title else directive.name.capitalize().replace("also", " also")
        body = (
            directive.body if own_title or not directive.argument else [directive.argument, *directive.body]
        )
        folded = directive.name == "dropdown" or "dropdown" in directive.options.get("class", "").split()
        if folded:
            return self._folded(self.text(title), body)
        return f"**{self.text(title)}.**\n\n{self.markdown(body)}"

    def _tabs(self, directive):
        self._options(directive, "class", "sync-group")
        return self.markdown(directive.body)

    def _tab(self, directive):
        self._options(directive, "class", "sync", "selected", "name")
        return f"**{self.text(directive.argument)}.**\n\n{self.markdown(directive.body)}"

    def _figure(self, directive):
        self._options(
            directive, "alt", "width", "height", "align", "class", "name", "label", "figclass", "scale"
        )
        caption = self.markdown(directive.body)
        picture = self._picture(directive.options.get("alt", ""), directive.argument)
        return f"{picture}\n\n{caption}" if caption else picture

    def _table(self, directive):
        self._options(directive, "class", "name", "label", "align", "width", "widths")
        body = self.markdown(directive.body)
        return f"**{self.text(directive.argument)}.**\n\n{body}" if directive.argument else body

    def _math(self, directive):
        self._options(directive, "label", "class")
        return self._display(
            "\n".join([directive.argument, *directive.body]).strip(), directive.options.get("label")
        )

    def _code(self, directive):
        self._options(directive, "class", "caption", "linenos")
        return "\n".join([f"```{directive.argument}", *directive.body, "```"])

    def _notation_table(self, directive):
        self._options(directive, "concordance", "formula", "layout", "links", "only", "rosetta")
        lines = symbols.lines(self.book.notation, directive.options, self.book.root)
        # Where notations stand side by side, "this book" is this book.
        beside = {"concordance", "formula", "links", "rosetta"} & set(directive.options)
        self.macros = self.book.ours if beside and "only" not in directive.options else self.book.macros
        try:
            return self.markdown(lines)
        finally:
            self.macros = self.book.macros

    def _checked_table(self, directive):
        self._options(directive)
        return self.markdown(checked.lines())

    def _notation_forms(self, directive):
        """The equations as the chosen notation's text has them; in the book's own, nothing."""
        self._options(directive)
        profile = self.book.notation["profiles"].get(self.book.profile)
        if profile is None:
            return ""
        formulas = [f for name, f in self.book.notation["formulas"].items() if name in symbols.SHEET]
        lines = [f"**As {profile['name'].rstrip('.')} writes it** ({profile['source']})."]
        for formula in formulas:
            if own := formula["others"].get(self.book.profile):
                lines += ["", f"{formula['title']}:", "", "$$", own["form"], "$$", "", own["remark"]]
        return self.markdown(lines)

    # Inside a line

    def text(self, text):
        """Text with its formulas, roles and links as plain Markdown."""
        text = LABEL.sub("", text)
        text = re.sub(r"^%.*\n?", "", text, flags=re.M)
        rest = LEFT_OVER.search(TOKEN.sub(lambda m: "x" if m["text"] is None else "[x](x)", text))
        if rest:
            raise ValueError(f"MyST that has no plain form here: {rest[0]!r} in {text[:200]!r}")
        return TOKEN.sub(self._token, text)

    def _token(self, found):
        if found["display"] is not None:
            return self._display(found["display"], found["label"])
        if found["inline"] is not None:
            return f"${expand(found['inline'], self.macros)}$"
        if found["role"] is not None:
            return self._role(found["role"], found["content"])
        if found["target"] is not None:
            return self._link(found["image"], found["text"], found["target"])
        if found["href"] is not None:
            return self._to_site(found["href"], found["words"])
        if found["flow"] is not None:
            if found["flow"] not in COLOURS:
                raise ValueError(f"unknown class {found['flow']!r}")
            return f'<span style="color:{COLOURS[found["flow"]]}">'
        return found[0]

    def _display(self, tex, label=None):
        tex = expand(tex, self.macros)
        if label is None:
            return f"$${tex}$$"
        return f"$${tex.rstrip()} \\tag{{{self.book.target(label).number}}}\n$$"

    def _role(self, name, content):
        if name == "math":
            return f"${expand(content, self.macros)}$"
        if name == "kbd":
            return f"<kbd>{content}</kbd>"
        if name in ("cite:p", "cite:t"):
            return self._citation([key.strip() for key in content.split(",")], name == "cite:p")
        explicit = re.fullmatch(r"(.*?)\s*<([^<>]+)>", content, re.S)
        words, label = (explicit[1], explicit[2]) if explicit else ("", content)
        if name in ("doc", "download"):
            return self._link("", words, label if name == "download" else label + ".ipynb")
        if name not in ("eq", "ref", "numref", "prf:ref"):
            raise ValueError(f"unknown role {name!r}")
        target = self.book.target(label)
        if name == "numref" and "%s" in words:
            words = words.replace("%s", str(target.number))
        return self._reference(target, self.text(words) or self._name(target))

    def _name(self, target):
        """What a reference without words of its own says."""
        if target.kind == "equation":
            return f"({target.number})"
        if target.number:
            return f"{target.kind.capitalize()} {target.number}"
        return self.text(target.title) or target.kind

    def _reference(self, target, words):
        if target.page == self.page:
            if target.kind == "section" and target.title:
                return f"[{words}](#{quote(plain(target.title).replace(' ', '-'))})"
            return words
        return self._to_page(target.page, target.anchor, words)

    def _to_page(self, page, anchor, words):
        if self.book.site:
            return f"[{words}]({self.book.site}{page}.html{'#' + anchor if anchor else ''})"
        if page not in self.book.pages:
            return words
        here = "../" * self.page.count("/") if Path(page).parent != Path(self.page).parent else ""
        return f"[{words}]({here + page if here else Path(page).name}.ipynb)"

    def _to_site(self, target, words):
        """A link that only the site can follow, as one with a query."""
        if re.match(r"[a-z]+:", target):
            return f"[{words}]({target})"
        page, _, rest = target.partition(".html")
        page = _relative((self.book.root / self.page).parent / page, self.book.root)
        if page not in self.book.sources:
            raise ValueError(f"a link to {target!r}, which is no page of the book")
        return f"[{words}]({self.book.site}{page}.html{rest})" if self.book.site else words

    def _link(self, image, words, target):
        if re.match(r"[a-z]+:", target):
            if image:
                raise ValueError(f"a picture from outside: {target!r}")
            return f"[{self.text(words)}]({target})"
        if image:
            return self._picture(words, target)
        path, _, anchor = target.partition("#")
        if not path:
            if anchor in self.book.labels:
                found = self.book.labels[anchor]
                return self._reference(found, self.text(words) or self._name(found))
            return self._reference(self._heading(anchor), self.text(words))
        file = (self.book.root / self.page).parent / path
        page = _relative(file.with_suffix(""), self.book.root)
        if page in self.book.sources:
            return self._to_page(page, anchor, self.text(words) or self.book.titles[page])
        raise ValueError(f"a link to {target!r}, which is no page of the book")

    def _heading(self, slug):
        """The heading of this page with that address."""
        for cell in self.book.sources[self.page].cells:
            for found in HEADING.finditer(cell.source) if cell.cell_type == "markdown" else ():
                if re.sub(r"[^\w\- ]", "", plain(found[2]).lower()).replace(" ", "-") == slug:
                    return Target(self.page, "section", None, found[2], slug)
        raise ValueError(f"unknown label or heading {slug!r}")

    def _picture(self, alt, target):
        """A picture travels inside the notebook."""
        path = (self.book.root / self.page).parent / target
        if not path.is_file():
            raise ValueError(f"no picture {target!r}")
        kind = mimetypes.guess_type(path.name)[0]
        self.attachments[path.name] = {kind: base64.b64encode(path.read_bytes()).decode()}
        return f"![{alt}](attachment:{path.name})"

    def _citation(self, keys, parenthesised):
        texts = []
        for key in keys:
            if key not in self.book.entries:
                raise ValueError(f"references.bib has no {key!r}")
            self.cited.add(key)
            entry = self.book.entries[key]
            texts.append(
                f"{entry.authors}, {entry.year}" if parenthesised else f"{entry.authors} ({entry.year})"
            )
        words = f"({'; '.join(texts)})" if parenthesised else ", ".join(texts)
        return f"[{words}]({self.book.site}references.html)" if self.book.site else words


class Entry(NamedTuple):
    """A reference: the short form of its authors, its year, and the full text in Markdown."""

    authors: str
    year: str
    text: str


def _bibliography(path):
    """{key: Entry} of a BibTeX file."""
    from pybtex.database import parse_file
    from pybtex.plugin import find_plugin

    data = parse_file(str(path), bib_format="bibtex")
    style = find_plugin("pybtex.style.formatting", "plain")()
    backend = find_plugin("pybtex.backends", "markdown")()
    entries = {}
    for formatted in style.format_entries(data.entries.values()):
        source = data.entries[formatted.key]
        names = [
            _plain_name(person) for person in source.persons.get("author", source.persons.get("editor", []))
        ]
        if len(names) > 2:
            names = [names[0] + " et al."]
        entries[formatted.key] = Entry(
            " and ".join(names) or _without_tex(source.fields.get("key", formatted.key)),
            source.fields.get("year", "n.d."),
            re.sub(r"\\([.\-()!#+])", r"\1", formatted.text.render(backend)).replace("\n", " "),
        )
    return entries


def _plain_name(person):
    return _without_tex(" ".join([*person.prelast_names, *person.last_names]))


def _without_tex(text):
    from pybtex.richtext import Text

    return str(Text.from_latex(text))


def _toc(path):
    """All pages in the order of the table of contents."""
    toc = yaml.safe_load(Path(path).read_text(encoding="utf-8"))

    def below(node):
        for child in (*node.get("parts", ()), *node.get("chapters", ()), *node.get("sections", ())):
            if "file" in child:
                yield child["file"]
            yield from below(child)

    return [toc["root"], *below(toc)]


def _relative(path, root):
    """A path without .. below the root, as the name of a page."""
    try:
        return path.resolve().relative_to(Path(root).resolve()).as_posix()
    except ValueError:
        return None


COLAB = """\
# Only Colab needs this cell: it installs the package that the cells below import.
import importlib.util
import subprocess
import sys

WHEEL = "{wheel}"
if importlib.util.find_spec("backprop") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", WHEEL], check=True)
"""


def _colab_cell(wheel):
    """A cell of plain Python: a magic line could not be checked by anything but a notebook."""
    return nbformat.v4.new_code_cell(COLAB.format(wheel=wheel).rstrip("\n"), id="colab-setup")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("target", type=Path, help="folder for chapters/*.ipynb and exercises/*.ipynb")
    parser.add_argument("--notation", help="a profile of the notation file (default: the book's notation)")
    parser.add_argument("--site", help="address of the published site, for links")
    parser.add_argument("--colab", metavar="WHEEL", help="add Colab's first cell, which installs this wheel")
    parser.add_argument("--kernel", help="name of the kernel (default: python3)")
    options = parser.parse_args(arguments)
    site = options.site and options.site.rstrip("/") + "/"
    try:
        book = Book(ROOT, options.notation, site, options.colab, options.kernel)
        written = book.write(options.target)
    except ValueError as error:
        sys.exit(str(error))
    print(f"{len(written)} reader notebooks in {options.target}")


if __name__ == "__main__":
    main()
