"""Sphinx extension: pages are executed again when the code they import has changed, written again when
their style or an extension has, and read again when the last build was not clean.

Jupyter Book's cache of executed notebooks looks at the notebook alone. Here the cache's place is
named by a digest of everything that a cell may use, and a new digest makes every page outdated.
Sphinx copies `_static` only when it writes a page, so a digest of that stands beside it. It warns about
the pages that it reads or writes, so what a red build knew is forgotten: red stays red until mended.
"""

import hashlib
import os
from pathlib import Path

from sphinx.application import ENV_PICKLE_FILENAME

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


def _clean(app):
    return Path(app.doctreedir) / "clean"


def _distrust(app, config):
    """Without the mark of a clean build read everything; the mark is away while a build runs."""
    if not _clean(app).exists():
        (Path(app.doctreedir) / ENV_PICKLE_FILENAME).unlink(missing_ok=True)
    _clean(app).unlink(missing_ok=True)


def _trust(app, exception):
    if exception is None and not app._warncount:
        _clean(app).touch()


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
    app.connect("config-inited", _distrust)
    app.connect("build-finished", _trust, priority=999)
    app.connect("env-before-read-docs", _forget)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
