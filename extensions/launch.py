"""Sphinx extension: a page's notebook, to download and to open elsewhere.

What a reader gets is never the source, which only Sphinx can read, but the reader notebook that
tools/reader.py makes of it. It stands where the download button looks (`_sources`), and the launch
menu opens it: JupyterLite is part of the site; Binder makes its own copies (binder/postBuild); Colab
opens them from a branch that the workflow publishes (tools/colab.py). Binder and Colab need a public
repository; without one their entries are absent.
"""

import os
from pathlib import Path
from urllib.parse import quote

from sphinx.errors import ExtensionError
from tools import reader

from .repository import repository, site

# The branch that holds nothing but reader notebooks and the package's wheel, for Colab.
BRANCH = os.environ.get("BOOK_READER_BRANCH", "reader")
# The folder that Binder's copies are in.
BINDER = "reader"


def has_lite(root):
    """Whether the site has its JupyterLite."""
    return os.environ.get("LIVE") != "0" and (Path(root) / "_build/vendor/lite/index.html").exists()


def outside(page, address, branch="main"):
    """[(name, address)] of the services that open a page's notebook from a repository on GitHub."""
    if not (address or "").startswith("https://github.com/"):  # the only host that both take
        return []
    name, page = address.removeprefix("https://github.com/"), quote(page)
    branch = quote(branch, safe="")  # to Binder one part of the path, whatever slashes are in its name
    return [
        ("Binder", f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{BINDER}/{page}.ipynb"),
        ("Colab", f"https://colab.research.google.com/github/{name}/blob/{quote(BRANCH)}/{page}.ipynb"),
    ]


LOGOS = {"JupyterLite": "logo_jupyterlite.svg", "Binder": "logo_binder.svg", "Colab": "logo_colab.png"}


def _button(name, url):
    logo = f"_static/images/{LOGOS[name]}" if name in LOGOS else "fas fa-download"
    words = "Open the notebook in " + name if name in LOGOS else "Download the notebook"
    return {"type": "link", "text": name, "tooltip": words, "icon": logo, "url": url}


def _add(app, pagename, templatename, context, doctree):
    if not context.get("sourcename", "").endswith(".ipynb") or "header_buttons" not in context:
        return
    pathto = context["pathto"]
    buttons = []
    if app.config.launch_lite:
        start = pathto("lite/lab/index.html", 1)
        buttons.append(_button("JupyterLite", f"{start}?path={quote(pagename)}.ipynb"))
    branch = os.environ.get("BOOK_BRANCH", "main")
    buttons += [_button(*place) for place in outside(pagename, repository(app.srcdir), branch)]
    buttons.append(_button("Download", quote(pathto(f"_sources/{context['sourcename']}", 1))))
    group = {
        "type": "group",
        "tooltip": "Open this page as a notebook",
        "icon": "fas fa-rocket",
        "buttons": buttons,
        "label": "launch-buttons",
    }
    context["header_buttons"].insert(0, group)


def _replace(app, exception):
    """Put the reader notebooks in the place of the sources that the download button gives."""
    sources = Path(app.outdir) / "_sources"
    if exception or app.builder.format != "html" or not sources.exists():
        return
    try:
        book = reader.Book(app.srcdir, site=site(app.srcdir))
        book.write(sources)
        for page in book.pages:
            # A page that is no notebook is downloaded as Markdown.
            if (text := sources / f"{page}.md").exists():
                text.write_text(book.reader(page).cells[0].source + "\n", encoding="utf-8")
    except ValueError as error:
        raise ExtensionError(f"no reader notebooks: {error}") from None


def _configure(app, config):
    config.launch_lite = has_lite(app.srcdir)


def setup(app):
    # "html": with JupyterLite gone or come every page is written anew, but not read.
    app.add_config_value("launch_lite", False, "html")
    app.connect("config-inited", _configure)
    app.connect("html-page-context", _add, priority=600)
    app.connect("build-finished", _replace)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
