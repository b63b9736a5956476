"""The reader's notation, in a browser: how the choice behaves.

That every formula of every page is set in every notation is tested in test_pages.py.
"""

import re

import pytest
from extensions import notation

from .test_pages import NOTATION

PROFILES = list(NOTATION["profiles"])
FOUR = "chapters/04-four-equations.html"
SHEET = "chapters/04-sheet.html"
CHOOSE = "name => notation.choose(name)"
# What MathJax set, read back from its tree: the text of the element's formula, without invisible signs.
SPOKEN = "e => e.querySelector('mjx-assistive-mml').textContent.replace(/[\\u2061-\\u2064\\s]/g, '')"


def formula(page, label):
    """The labelled equation as it is set."""
    return page.locator(f"#equation-{label.replace(':', '-')} mjx-container").first.evaluate(SPOKEN)


def test_the_four_equations_of_cmu_count_the_bias_once(site, open_page):
    page = open_page(f"{site}/chapters/02-notation.html")
    assert formula(page, "eq:pre-activation") == "z(l)=W(l)a(l−1)+b(l)"
    page.locator("#bp-notation").select_option("cmu")
    page.wait_for_function("notation.name === 'cmu' && document.querySelector('.bp-announce').textContent")
    assert formula(page, "eq:pre-activation") == "s(l)=W(l)o(l−1)"
    page.goto(f"{site}/{FOUR}")
    page.evaluate("MathJax.startup.promise")
    hidden = formula(page, "eq:delta-hidden")
    assert "[(W(l+1))Tδ(l+1)]1,…,d(l)" in hidden and hidden.endswith("⊙f′(s(l)).")
    assert formula(page, "eq:gradient-weights") == "∂ℓ∂W(l)=δ(l)(o(l−1))T,"
    assert formula(page, "eq:gradient-bias") == "∂ℓ∂W:,0(l)=δ(l)."


def test_a_link_wins_over_the_memory_and_replaces_it_only_when_chosen(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    page.evaluate("localStorage.setItem('notation', 'ng')")
    page.goto(f"{site}/{FOUR}?notation=cmu#equation-eq-delta-hidden")
    page.evaluate("MathJax.startup.promise")
    assert page.locator("#bp-notation").input_value() == "cmu"
    assert formula(page, "eq:gradient-weights").startswith("∂ℓ∂W(l)=δ(l)(o")
    assert page.url.endswith("?notation=cmu#equation-eq-delta-hidden")
    # The next page in this window is in the same notation, and its address says so.
    page.goto(f"{site}/chapters/05-worked-example.html")
    page.evaluate("MathJax.startup.promise")
    assert page.evaluate("notation.name") == "cmu" and page.url.endswith("?notation=cmu")
    # Another window has the reader's own.
    assert page.evaluate("localStorage.notation") == "ng"
    other = page.context.new_page()
    other.goto(f"{site}/{FOUR}")
    assert other.evaluate("notation.name") == "ng"
    # Only a choice replaces it, here as there.
    page.locator("#bp-notation").select_option("bishop")
    other.wait_for_function("notation.name === 'bishop'")
    assert page.evaluate("localStorage.notation") == "bishop"
    page.goto(f"{site}/index.html")
    assert page.evaluate("notation.name") == "bishop"


def test_an_unknown_notation_is_ignored(site, open_page):
    page = open_page(f"{site}/{SHEET}?notation=mit")
    assert page.evaluate("notation.name") == notation.OWN and page.trouble == []


def test_the_first_paint_is_right(site, open_page):
    """No formula is ever set in other letters: MathJax starts with the chosen ones."""
    page = open_page(f"{site}/index.html")
    page.evaluate("localStorage.setItem('notation', 'cmu')")
    page.add_init_script(
        "window.seen = []; new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(node => {"
        " if (node.nodeName === 'MJX-CONTAINER') seen.push(node.textContent); })))"
        ".observe(document, {childList: true, subtree: true});"
    )
    page.goto(f"{site}/{FOUR}")
    page.evaluate("MathJax.startup.promise")
    seen = "".join(page.evaluate("seen"))
    assert "s" in seen and len(page.evaluate("seen")) > 200
    assert formula(page, "eq:delta-output").startswith("δ(L)=∇")
    assert page.evaluate("MathJax.config.tex.macros.pre[0]").count("s^") == 1
    assert len(page.evaluate("seen")) == page.locator("mjx-container").count()  # each was set once


def test_the_other_tab_follows(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    other = page.context.new_page()
    other.goto(f"{site}/{SHEET}")
    other.evaluate("MathJax.startup.promise")
    page.locator("#bp-notation").select_option("bishop")
    other.wait_for_function(
        "notation.name === 'bishop' && document.querySelector('.bp-announce').textContent"
    )
    assert other.locator("#bp-notation").input_value() == "bishop"
    assert other.locator("article table mjx-container").first.evaluate(SPOKEN) == "a(l)=W(l)z(l−1)"


def test_the_reader_stays_where_she_is(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    page.add_style_tag(content="* { overflow-anchor: none; }")  # not every browser has it
    page.locator("#equation-eq-gradient-weights").scroll_into_view_if_needed()
    page.evaluate("scrollBy({top: 300, behavior: 'instant'})")
    there = "document.elementFromPoint(innerWidth / 2, 120).closest('article *')"
    page.evaluate(f"window.at = {there}")
    before = page.evaluate("at.getBoundingClientRect().top")
    for profile in PROFILES:
        page.evaluate(CHOOSE, profile)
        assert page.evaluate("at.getBoundingClientRect().top") == pytest.approx(before, abs=2), profile
        before = page.evaluate("at.getBoundingClientRect().top")


def test_numbers_and_references_stay(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    look = "[...document.querySelectorAll('.eqno, a.reference.internal')].map(e => e.textContent + e.hash)"
    before = page.evaluate(look)
    page.evaluate(CHOOSE, "goodfellow")
    assert page.evaluate(look) == before and len(before) > 50


def test_formulas_in_closed_boxes_are_set_too(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    solution = page.locator(".solution.dropdown, .solution .toggle, .solution").first
    page.evaluate(CHOOSE, "cmu")
    texts = page.locator(":is(.solution, .bp-solution) mjx-container").evaluate_all(
        f"all => all.map({SPOKEN})"
    )
    assert any("o1:(l)" in text or "W:,1:(l+1)" in text for text in texts)
    assert not any("a(l)" in text or "z(l)" in text for text in texts)
    assert solution.count() == 1


def test_only_the_notes_of_the_chosen_notation_stand_there(site, open_page):
    page = open_page(f"{site}/{FOUR}")
    assert page.locator(".bp-note").count() == 0
    page.evaluate(CHOOSE, "bishop")
    texts = page.locator(".bp-note").all_inner_texts()
    assert texts and all(text.startswith("Bishop.") for text in texts)
    # Beside its equation, with the equation in that form.
    beside = page.locator("#equation-eq-gradient-bias ~ .bp-note").first
    assert "(5.53) with i = 0" in beside.inner_text()
    assert beside.locator("mjx-container").evaluate(SPOKEN) == "∂En∂wj0=δj"
    page.evaluate(CHOOSE, notation.OWN)
    assert page.locator(".bp-note").count() == 0


def test_the_key_lists_the_letters(site, open_page):
    page = open_page(f"{site}/{FOUR}?notation=goodfellow")
    page.locator(".bp-key summary").click()
    row = page.locator(".bp-key-body tr", has_text="pre-activations of layer")
    row.locator("mjx-container").first.wait_for()
    assert row.locator("mjx-container").first.evaluate(SPOKEN) == "a(l)"
    assert "a is the pre-activation, h the activation" in page.locator(".bp-key-body").inner_text()
    page.evaluate(CHOOSE, "cmu")
    assert row.locator("mjx-container").first.evaluate(SPOKEN) == "s(l)"
    assert "column 0 of W" in page.locator(".bp-key-body").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".bp-key-body").is_hidden()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_keyboard_and_screen_reader(site, open_page):
    """The select has a name, takes the focus, changes by arrow keys and says what happened."""
    page = open_page(f"{site}/{SHEET}")
    assert page.get_by_label("Notation", exact=True).evaluate("e => e.id") == "bp-notation"
    page.locator("#bp-notation").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.bp-announce').textContent !== ''")
    assert page.locator("[role=status].bp-announce").inner_text() == "Notation: CMU"
    assert page.evaluate("document.activeElement.id") == "bp-notation"
    # A formula is no stop of the Tab key, neither before nor after.
    assert page.locator("mjx-container[tabindex='0']").count() == 0


def test_screen_readers_find_every_formula(site, open_page):
    """Each formula is MathML for them, those far below too; after the letters have changed, once."""
    page = open_page(f"{site}/{FOUR}")
    page.evaluate(CHOOSE, "ng")
    page.evaluate(CHOOSE, "cmu")
    assert page.locator("mjx-container:not(:has(> mjx-assistive-mml:only-of-type))").count() == 0
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    found = [node for node in tree if not node["ignored"] and node["role"]["value"] == "MathMLMath"]
    shown = "[...document.querySelectorAll('mjx-container')].filter(e => e.checkVisibility({visibilityProperty: true}))"
    assert len(found) == page.evaluate(f"{shown}.length") > 200
    assert all(node["childIds"] for node in found)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_sheet_of_every_notation_prints_on_one_page(site, open_page, profile, tmp_path):
    page = open_page(f"{site}/{SHEET}?notation={profile}")
    page.emulate_media(media="print")
    pdf = page.pdf(format="A4", path=tmp_path / "sheet.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    has = [name for name in notation.SHEET if profile in NOTATION["formulas"][name]["others"]]
    assert page.locator(".bp-own-forms tr").count() == len(has)


def test_a_demo_hears_of_the_choice(site, open_page):
    page = open_page(f"{site}/{SHEET}")
    page.evaluate("document.addEventListener('notation', event => { window.heard = event.detail; })")
    page.evaluate(CHOOSE, "ng")
    assert page.evaluate("[heard, document.documentElement.dataset.notation]") == ["ng", "ng"]
