"""Sphinx extension: a page loads nothing from another host, and nothing it does not use."""

from sphinx.errors import ExtensionError

# sphinx-thebe's launcher would fetch its scripts from outside; nothing on our pages uses it.
UNUSED = ("thebe",)


def _drop(app, pagename, templatename, context, doctree):
    def wanted(asset):
        content = f"{asset.filename} {asset.attributes.get('body', '')}".lower()
        return not any(word in content for word in UNUSED)

    for kind in ("script_files", "css_files"):
        if kind in context:
            context[kind] = [asset for asset in context[kind] if wanted(asset)]
            outside = [str(asset.filename) for asset in context[kind] if "://" in str(asset.filename)]
            if outside:
                raise ExtensionError(f"{pagename} would load from outside: {', '.join(outside)}")


def setup(app):
    # Last: after every extension has added its files.
    app.connect("html-page-context", _drop, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
