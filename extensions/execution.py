"""Sphinx extension: pages are executed again when the code they import has changed, and written
again when their style or an extension has.

Jupyter Book's cache of executed notebooks looks at the notebook alone. Here the cache's place is
named by a digest of everything that a cell may use, and a new digest makes every page outdated.
Sphinx copies `_static` only when it writes a page, so a digest of that stands beside it.
"""

import hashlib
import os
from pathlib import Path

USED_BY_CELLS = ("src/backprop/**/*", "requirements.lock")
USED_BY_PAGES = ("_static/**/*", "extensions/**/*")


def digest(root, patterns=USED_BY_CELLS):
    """A short digest of all files of some patterns: without them, of those that notebooks may use."""
    total = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(Path(root).glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _configure(app, config):
    # What cells print follows the notation of the build (NOTATION, see notation.py).
    notation = os.environ["BACKPROP_NOTATION"] = os.environ.get("NOTATION") or "book"
    config.source_digest = digest(app.srcdir) + ("" if notation == "book" else f"-{notation}")
    config.look_digest = digest(app.srcdir, USED_BY_PAGES)
    config.nb_execution_cache_path = str(Path(app.srcdir) / "_build" / "executed" / config.source_digest)


def _forget(app, env, docnames):
    """Forget what the pages that are read anew held, before the first of them is read.

    Sphinx forgets page by page; a label that moves to an earlier page would count as a duplicate.
    """
    for docname in docnames:
        env.clear_doc(docname)


def setup(app):
    # "env": another value makes Sphinx read every page anew.
    app.add_config_value("source_digest", "", "env")
    # "html": another value makes it write them anew.
    app.add_config_value("look_digest", "", "html")
    app.connect("config-inited", _configure)
    app.connect("env-before-read-docs", _forget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
