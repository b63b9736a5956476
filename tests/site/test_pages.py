"""Every page of the built site, in a browser without network: light, dark and on a phone."""

import gzip
import re

import pytest
from extensions import launch, notation, repository

from .conftest import BUILT, ROOT

PAGES = sorted(
    str(path.relative_to(BUILT))
    for path in BUILT.rglob("*.html")
    if not path.relative_to(BUILT).parts[0].startswith("_")
    and path.relative_to(BUILT).parts[0] != "lite"  # another program: tests/site/test_lite.py
    and path.name not in ("genindex.html", "search.html")
)
CHAPTER = "chapters/05-worked-example.html"
PAGE_BYTES = 700_000
NOTATION = notation.read(ROOT / notation.FILE)

# What stands out of its column on the page, other than by scrolling inside a box of its own.
OVERFLOWING = """() => {
  const article = document.querySelector('.bd-article') || document.body;
  const right = document.documentElement.clientWidth + 1;
  const scrolls = element => {
    for (let e = element; e && e !== article; e = e.parentElement) {
      const x = getComputedStyle(e).overflowX;
      if ((x === 'auto' || x === 'scroll') && e.getBoundingClientRect().right <= right) return true;
    }
    return false;
  };
  return [...article.querySelectorAll('mjx-container, svg, img, table, pre, p, figure')]
    .filter(e => e.getBoundingClientRect().right > right && !scrolls(e))
    .map(e => e.tagName + ' ' + (e.textContent || '').slice(0, 60));
}"""


def without_templates(source):
    """A page's HTML without what waits for the choice of another notation."""
    return re.sub(r"<template.*?</template>", "", source, flags=re.S)


def test_the_pages_are_there():
    assert {"index.html", "references.html", CHAPTER} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(site, site_server, open_page, name):
    """Light to load; in every notation, wide and on a phone, light and dark, with its menu. One load takes long."""
    site_server.sent.clear()
    page = open_page(f"{site}/{name}", width=390)
    assert weight(site_server.sent) <= PAGE_BYTES
    assert page.trouble == []
    assert page.locator(".problematic, .system-message").count() == 0
    in_every_notation(page, name)
    for dark in (False, True):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.wait_for_function(
            "theme => document.documentElement.dataset.theme === theme", arg="dark" if dark else "light"
        )
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            fits(page, width)
    if (ROOT / name).with_suffix(".ipynb").exists():
        the_menu_offers_every_way_to_open_the_notebook(page, site, name.removesuffix(".html"))
    assert page.trouble == []


def weight(sent):
    """The bytes that a host sends which compresses what is not compressed yet."""
    files = ((BUILT / path.lstrip("/"), size) for path, size in sent)
    return sum(min(size, len(gzip.compress(file.read_bytes(), 6))) for file, size in files)


def fits(page, width, *told):
    assert page.evaluate("document.documentElement.scrollWidth") <= width, told
    assert page.evaluate(OVERFLOWING) == [], told


def in_every_notation(page, name):
    """Each formula is set without an error, in place; before another notation is chosen, and in the book's at last."""
    formulas = without_templates((BUILT / name).read_text(encoding="utf-8")).count('class="math notranslate')
    for profile in [None, *NOTATION["profiles"], notation.OWN]:
        if profile:
            page.evaluate("name => notation.choose(name)", profile)
            assert page.locator("#bp-notation").input_value() == profile
        assert page.locator("mjx-merror").count() == 0, profile
        notes = page.locator(".bp-note mjx-container").count()  # a text's own forms
        assert page.locator("article mjx-container").count() == formulas + notes, profile
        fits(page, 390, profile)


def the_menu_offers_every_way_to_open_the_notebook(page, site, name):
    menu = page.locator(".dropdown-launch-buttons")
    menu.locator("button").click()
    offered = {
        link.inner_text().strip(): link.evaluate("a => a.href") for link in menu.locator("a:visible").all()
    }
    expected = {"Download": f"{site}/_sources/{name}.ipynb"}
    if (BUILT / "lite").exists():
        expected["JupyterLite"] = f"{site}/lite/lab/index.html?path={name}.ipynb"
        assert (BUILT / "lite" / "files" / f"{name}.ipynb").exists()
    assert offered == expected | dict(launch.outside(name, repository.repository(ROOT)))


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_formulas_are_plain_tex(name):
    """No macro of ours stands in the text of a page; with scripts the source comes from an attribute."""
    text = re.sub(
        r"<script.*?</script>", "", without_templates((BUILT / name).read_text(encoding="utf-8")), flags=re.S
    )
    text = re.sub(r' data-tex="[^"]*"', "", text)
    names = "|".join(symbol["macro"] for symbol in NOTATION["symbols"])
    assert re.findall(rf"\\(?:{names})(?![A-Za-z])", text) == []


def test_without_scripts_a_page_says_so(site, chromium):
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/chapters/04-four-equations.html")
    line = page.locator("h1 + .bp-why, h1 + noscript .bp-why")
    assert line.is_visible() and "Scripts are off" in line.inner_text()
    grounds = rgb(page, ".bp-why", "background-color"), rgb(page, "body", "background-color")
    assert grounds[0] != grounds[1] == (255, 255, 255)
    assert contrast(rgb(page, ".bp-why"), grounds[0]) >= 4.5
    assert contrast(rgb(page, ".bp-why", "border-left-color"), grounds[1]) > 2
    assert r"\delta^{(L)}" in page.locator("#equation-eq-delta-output").inner_text()
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_no_file_of_the_site_names_another_host_to_load_from(name):
    source = (BUILT / name).read_text(encoding="utf-8")
    assert re.findall(r'<(?:script|img|iframe|source|video|audio)[^>]+src="(?:https?:)?//[^"]+', source) == []
    assert re.findall(r'<link(?![^>]+rel="canonical")[^>]+href="(?:https?:)?//[^"]+', source) == []


def test_the_landing_page_says_what_it_is_and_leads_to_the_demo(site, open_page):
    page = open_page(f"{site}/index.html")
    assert page.locator("article h1").inner_text().startswith("Backpropagation: derived, computed, checked")
    bottom = page.locator("article a.sd-btn").bounding_box()
    assert bottom["y"] + bottom["height"] < 900  # on the first screen
    page.locator("article a.sd-btn").click()
    page.wait_for_load_state("networkidle")
    assert page.url.endswith(f"{CHAPTER}#first-demo")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_demo_shows_its_first_state(site, open_page, dark):
    from backprop import demos

    page = open_page(f"{site}/{CHAPTER}", dark=dark)
    demo = page.locator("figure[data-demo=tiny-network]")
    assert demo.locator("svg").is_visible()
    assert demo.locator("pre").inner_text().strip() == demos.tiny_network.view().text


def rgb(page, selector, prop="color"):
    colour = page.locator(selector).first.evaluate(f"e => getComputedStyle(e)['{prop}']")
    return tuple(map(float, re.findall(r"[\d.]+", colour)[:3]))


def contrast(one, other):
    """The contrast ratio of WCAG 2.1 for two colours."""

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_forward_and_backward_have_their_colours_in_formulas_and_figures(site, open_page, dark):
    page = open_page(f"{site}/{CHAPTER}", dark=dark)
    ground = rgb(page, "body", "background-color")
    forward, backward = rgb(page, "mjx-container .bp-forward"), rgb(page, "mjx-container .bp-backward")
    assert forward == rgb(page, ".bp-svg .fwd", "fill") and backward == rgb(page, ".bp-svg .bwd", "fill")
    assert forward[2] > forward[0] and backward[0] > backward[2]  # blue, vermilion
    assert min(contrast(forward, ground), contrast(backward, ground)) >= 4.5
    label = rgb(page, ".bp-svg .halo:not(.fwd):not(.bwd)", "fill")
    assert contrast(label, ground) >= 4.5
    # Nothing opaque of another colour lies between the picture and the page.
    grounds = page.locator(".bp-svg").first.evaluate(
        "e => { const seen = []; for (; e; e = e.parentElement) seen.push(getComputedStyle(e).backgroundColor);"
        " return seen.filter(c => c !== 'rgba(0, 0, 0, 0)'); }"
    )
    assert {tuple(map(float, re.findall(r"[\d.]+", colour)[:3])) for colour in grounds} == {ground}


def test_every_picture_has_an_alternative_text(site, open_page):
    page = open_page(f"{site}/{CHAPTER}")
    alts = page.locator("article img").evaluate_all("images => images.map(image => image.alt)")
    assert alts and all(len(alt) > 40 and "/" not in alt for alt in alts)
    labels = page.locator("article svg.bp-svg").evaluate_all(
        "all => all.map(svg => svg.getAttribute('aria-label'))"
    )
    assert len(labels) == 3 and all(len(label) > 40 for label in labels)


def test_no_button_without_an_address(site, open_page):
    """Without a public repository Binder, Colab, edit and issue buttons are absent, not broken."""
    import os

    page = open_page(f"{site}/{CHAPTER}")
    links = page.locator("header a, .bd-header-article a").evaluate_all("all => all.map(a => a.href)")
    outside = [link for link in links if "127.0.0.1" not in link]
    if repository.repository(ROOT) is None:
        assert "BOOK_REPOSITORY" not in os.environ and outside == []
    else:
        assert any("mybinder.org" in link or "issues" in link for link in outside)


def test_the_sheet_prints_on_one_page(site, open_page, tmp_path):
    page = open_page(f"{site}/chapters/04-sheet.html")
    page.emulate_media(media="print")
    pdf = page.pdf(format="A4", path=tmp_path / "sheet.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    # Nothing is cut off at the right edge of the paper, as a scrolling box would be.
    page.set_viewport_size({"width": 680, "height": 960})
    cut = "() => [...document.querySelectorAll('.bd-article table')].filter(t => t.scrollWidth > t.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
