"""Sphinx extension: a page loads nothing from another host, and nothing it does not use."""

import re
from pathlib import Path

from PIL import Image
from sphinx.errors import ExtensionError

# sphinx-thebe's launcher would fetch its scripts from outside; nothing on our pages uses it.
UNUSED = ("thebe",)
# The theme's icons come twice: as a script of 1.5 MB that draws each of 2000, and as a font with its style.
ICON_SCRIPT = "scripts/fontawesome.js"
ICON_FONT = "vendor/fontawesome/webfonts/fa-solid-900"
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')


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


def _later(app, pagename, templatename, context, doctree):
    """A figure is fetched when the reader comes near it."""
    if "body" in context:
        context["body"] = context["body"].replace("<img ", '<img loading="lazy" ')


def icons(style, pages):
    """The code points of the icons that pages use by name, and those that a style names itself."""
    used = set(re.findall(r"\bfa-[\w-]+", pages))
    named = {code for names, code in ICON_RULE.findall(style) if used & set(re.findall(r"fa-[\w-]+", names))}
    numbered = set(re.findall(r'"\\([ef][0-9a-f]{3})"', ICON_RULE.sub("", style)))
    private = {ord(letter) for letter in style if "\ue000" <= letter <= "\uf8ff"}
    return {int(code, 16) for code in named | numbered} | private


def _thin(app, exception):
    """The icon font keeps the icons in use, the icon script nothing."""
    static = Path(app.outdir) / "_static"
    whole = static / f"{ICON_FONT}.ttf"
    if exception or app.builder.format != "html" or not whole.exists():
        return
    from fontTools import subset

    read = lambda paths: "\n".join(path.read_text(encoding="utf-8") for path in paths)  # noqa: E731
    pages = read(Path(app.outdir).rglob("*.html")) + read((static / "scripts").glob("*theme.js"))
    wanted = icons(read(static.rglob("*.css")), pages)
    options = subset.Options(flavor="woff", layout_features=[], notdef_outline=True)
    font = subset.load_font(whole, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    # A browser tells the kind of font from its content, not from its name.
    subset.save_font(font, static / f"{ICON_FONT}.woff2", options)
    (static / ICON_SCRIPT).write_text("// The icons come from the font.\n", encoding="utf-8")


def few_colours(image):
    """Write a figure with at most 128 colours, which no eye tells from the first: a quarter of the bytes."""
    with Image.open(image) as picture:
        if picture.mode == "P":
            return  # done in an earlier build
        reduced = picture.convert("RGBA").quantize(128, method=Image.Quantize.FASTOCTREE)
    reduced.save(image, optimize=True)


def _light_figures(app, exception):
    if not exception and app.builder.format == "html":
        for image in (Path(app.outdir) / "_images").glob("*.png"):
            few_colours(image)


def setup(app):
    app.connect("html-page-context", _later)
    app.connect("build-finished", _thin)
    app.connect("build-finished", _light_figures)
    # Last: after every extension has added its files.
    app.connect("html-page-context", _drop, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
