"""Sphinx extension: pages with demos or code cells load the script that makes them live.

The script finds the demos by themselves. For the cells, a page carries the code of all of them, the
hidden ones too, because those that are shown may need them. Without a built script (`LIVE=0`) the
pages stay static. Where a reader's browser runs nothing, the page says why.
"""

import json
import os
import re
from pathlib import Path

from docutils import nodes

# In the page: from a file, browsers load no module.
WHY = (Path(__file__).parents[1] / "web" / "live" / "why.js").read_text(encoding="utf-8")
NO_SCRIPT = (
    '<noscript><p class="bp-why">Scripts are off in this browser: formulas stand as TeX, demos and code'
    " cells do not run.</p></noscript>"
)
HIDDEN = {"remove-cell", "remove_cell"}


def script(root):
    """The name of the built page script, "" where there is none or it is not wanted."""
    if os.environ.get("LIVE") == "0":
        return ""
    found = sorted((Path(root) / "_build" / "vendor" / "live").glob("page-*.js"))
    return found[-1].name if found else ""


def cells(notebook):
    """The code cells of a notebook, in order: code, place on the page, alt text of the figure."""
    listed = []
    for index, cell in enumerate(notebook["cells"]):
        metadata = cell.get("metadata", {})
        if cell["cell_type"] != "code":
            continue
        entry = {"source": "".join(cell["source"])}
        if not HIDDEN & set(metadata.get("tags", [])):
            entry["id"] = place(index)
        alt = metadata.get("mystnb", {}).get("image", {}).get("alt")
        listed.append(entry | ({"alt": alt} if alt else {}))
    return listed


def place(index):
    """The id on the page of the cell at this position in the notebook."""
    return f"code-cell-{index}"


def _mark(app, doctree, docname):
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") == "cell_code":
            node["ids"].append(place(node["cell_index"]))


def _add(app, pagename, templatename, context, doctree):
    if doctree is None:
        return
    context["body"] = NO_SCRIPT + context["body"]
    if not app.config.live_script:
        return
    path = Path(app.env.doc2path(pagename))
    listed = cells(json.loads(path.read_text(encoding="utf-8"))) if path.suffix == ".ipynb" else []
    if listed:
        text = json.dumps(listed, ensure_ascii=False).replace("</", "<\\/")
        context["body"] += f'<script type="application/json" id="bp-cells">{text}</script>'
    if listed or re.search(r"\sdata-(demo|exercise|live)\b", context["body"]):
        app.add_js_file(None, body=app.config.live_why)
        app.add_js_file(f"../live/{app.config.live_script}", type="module", onerror="cannotRun()")


def _configure(app, config):
    config.live_script, config.live_why = script(app.srcdir), WHY


def setup(app):
    # "html": with another script every page is written anew, but not read.
    app.add_config_value("live_script", "", "html")
    app.add_config_value("live_why", "", "html")
    app.connect("config-inited", _configure)
    app.connect("doctree-resolved", _mark)
    app.connect("html-page-context", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
