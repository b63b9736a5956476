"""Exercises in the reader's browser: by keyboard, on a phone, their record, Practice, and a gradient pasted.

`make test` runs an exercise of each kind (tests/site/samples.py), `make test-live` every one of the book.
"""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from backprop import exercises, macros
from backprop.exercises.page import static_html

from .conftest import BUILT
from .samples import SAMPLES
from .test_live import WAIT, go_live, host, write
from .test_pages import PAGE_BYTES

__all__ = ["host"]
CHAPTER = "chapters/05-worked-example.html"
NAME = "hidden-error-by-hand"


def show_samples(page):
    """Let the page's Python know the samples, and show them under its first cell."""
    go_live(page)
    source = Path(__file__).with_name("samples.py").read_text(encoding="utf-8")
    write(page, 0, f"{source}\nregister()")
    page.keyboard.press("Shift+Enter")
    page.locator("[data-exercise=sample-program] textarea:enabled").wait_for(timeout=WAIT)


def section(page, name):
    return page.locator(f"section[data-exercise={name}]")


def settled(page, name):
    """Wait until Python has answered."""
    page.wait_for_function(
        """name => {
          const section = document.querySelector(`section[data-exercise=${name}]`);
          return section?.ariaBusy === 'false' && !section.querySelector('.bp-status').textContent.includes('…');
        }""",
        arg=name,
        timeout=WAIT,
    )


def states(page, name):
    return (
        section(page, name).locator("[data-step]").evaluate_all("all => all.map(step => step.dataset.state)")
    )


def check(page, name):
    """Press Check as one without a mouse does."""
    section(page, name).locator("[type=submit]").focus()
    page.keyboard.press("Enter")
    settled(page, name)
    return states(page, name)


def type_into(page, name, step, value):
    """Answer one step by keyboard."""
    place = section(page, name).locator(f"[data-step={step.name}]")
    match step.kind:
        case "number":
            place.locator("input").first.focus()
            for entry in np.ravel(value):
                page.keyboard.press("Control+a")
                page.keyboard.type(entry if isinstance(entry, str) else f"{entry:.{step.decimals}f}")
                page.keyboard.press("Tab")
        case "choice":
            place.locator("input").first.focus()
            page.keyboard.press("Space")
            for _ in range(int(value)):
                page.keyboard.press("ArrowDown")
        case "order":
            for key in place.locator("li").evaluate_all("all => all.map(line => line.dataset.key)"):
                if key not in value and not place.locator(f"li.bp-out[data-key={key}]").count():
                    place.locator(f"[data-key={key}] button").nth(2).focus()
                    page.keyboard.press("Enter")
            for at, key in enumerate(value):
                place.locator(f"[data-key={key}] button").first.focus()
                keys = "all => all.map(line => line.dataset.key)"
                for _ in range(place.locator("li").evaluate_all(keys).index(key) - at):
                    page.keyboard.press("Enter")
        case "program":
            editor = place.locator(".cm-content")
            if not editor.count():
                place.locator("textarea").focus()
            editor.focus(timeout=WAIT)
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(value)
            page.keyboard.press("Tab")  # leads out of the editor
            assert not editor.evaluate("editor => editor.contains(document.activeElement)")
        case _:
            place.locator("input").focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(value)


def mistake(step, task):
    """An answer that a known mistake gives, and the state it gets."""
    match step.kind:
        case "choice":
            return 1 - step.answer(task)
        case "order":
            return list(step.lines)[::-1]
        case "program":
            return step.wrong("squared")
    return step.slips[0].answer(task)


def test_each_kind_by_keyboard_on_a_phone_in_the_readers_letters(site, open_page):
    """A mistake is named, the right answer is right, another variant has other numbers."""
    page = open_page(f"{site}/{CHAPTER}", width=390)
    show_samples(page)
    for exercise in SAMPLES:
        (step,), task = exercise.steps, exercise.draw(0)
        box = section(page, exercise.name)
        type_into(page, exercise.name, step, mistake(step, task))
        assert check(page, exercise.name) == ["slip"], exercise.name
        assert box.locator(".bp-mark").inner_text().startswith("✗")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The verdicts follow the notation, and so does what comes after.
    verdict = section(page, "sample-formula").locator(".bp-mark mjx-container")
    before = verdict.inner_html()
    page.evaluate("notation.choose('goodfellow')")
    page.wait_for_function(
        "before => document.querySelector('[data-exercise=sample-formula] .bp-mark mjx-container').innerHTML !== before",
        arg=before,
    )
    assert macros.of("goodfellow")["err"] != macros.of("book")["err"]
    for exercise in SAMPLES:
        (step,), box = exercise.steps, section(page, exercise.name)
        box.locator("[data-action=another]").focus()
        page.keyboard.press("Enter")
        settled(page, exercise.name)
        assert box.locator(".bp-status").inner_text() == "Variant 1." and states(page, exercise.name) == [
            None
        ]
        assert "seed=1" in page.url and page.url.endswith(f"#practice-{exercise.name}")
        task = exercise.draw(1)
        type_into(page, exercise.name, step, getattr(task, step.name))
        assert check(page, exercise.name) == ["right"], exercise.name
        assert box.get_attribute("data-solved") == "true"
    assert page.locator("merror, mjx-merror").count() == 0
    assert page.trouble == []
    # A program that never ends.
    box = section(page, "sample-program")
    type_into(page, "sample-program", SAMPLES[-1].steps[0], "def double(x):\n    while True:\n        pass")
    box.locator("[type=submit]").focus()
    page.keyboard.press("Enter")
    box.locator("[data-action=stop]").focus()
    page.keyboard.press("Enter")
    settled(page, "sample-program")
    assert box.locator(".bp-status").inner_text() == "Stopped. What you typed is still here."
    assert "while True" in box.locator("textarea").input_value()


def record(page, name=NAME):
    return page.evaluate("name => progress.read(name)", name)


def test_garbage_a_link_a_reload_and_practice(site, open_page):
    exercise = exercises.named(NAME)
    first, second = (step.name for step in exercise.steps)
    page = open_page(f"{site}/{CHAPTER}?seed=7#practice-{NAME}")
    settled(page, NAME)
    box = section(page, NAME)
    assert box.locator(".bp-status").inner_text() == "Variant 7."
    task = exercise.draw(7)
    shown = box.locator(".bp-task").evaluate(
        "task => MathJax.startup.document.getMathItemsWithin(task).map(i => i.math).join()"
    )
    assert exercises.tex(task.y, 1) in shown
    # What can't be read is told at its field, and stays.
    for step, typed in zip(
        exercise.steps, (["0,5", "1e"], ["", "<img src=x onerror=alert(1)>"]), strict=True
    ):
        type_into(page, NAME, step, typed)
    assert check(page, NAME) == ["unreadable", "unreadable"]
    fields = box.locator("input[type=text]")
    assert fields.evaluate_all("all => all.map(field => field.ariaInvalid)") == ["true"] * 4
    told = fields.evaluate_all(
        "all => all.map(f => document.getElementById(f.getAttribute('aria-describedby')).textContent)"
    )
    assert "write the decimal point as a point: 0.5" in told[0].replace("Write", "write")
    assert "exponent" in told[1] and "<img src" in told[3]
    assert page.locator(".bp-mark img").count() == 0
    assert fields.evaluate_all("all => all.map(field => field.value)")[:2] == ["0,5", "1e"]
    # A mistake, a hint, then right: over a reload.
    box.locator(".bp-hint summary").first.focus()
    page.keyboard.press("Enter")
    type_into(page, NAME, exercise.steps[0], task.fwd.a[2] - task.y)
    type_into(page, NAME, exercise.steps[1], getattr(task, second))
    assert check(page, NAME) == ["slip", "right"]
    assert box.locator(".bp-mark").first.locator("a").get_attribute("href")
    # On Practice it comes as it was left, from a chapter that was begun.
    page.goto(f"{site}/practice.html")
    tally = page.locator(".bp-tally")
    tally.wait_for()
    assert "0 of " in tally.inner_text() and "0 due again" in tally.inner_text()
    page.get_by_role("button", name="Next exercise").click()
    box.locator("input:enabled").first.wait_for()
    values = box.locator("input[type=text]").evaluate_all("all => all.map(field => field.value)")
    assert values[2] == f"{np.ravel(getattr(task, second))[0]:.4f}"
    type_into(page, NAME, exercise.steps[0], getattr(task, first))
    assert check(page, NAME) == ["right", "right"]
    assert box.locator(".bp-places a").first.get_attribute("href").startswith(site)
    page.wait_for_function("name => progress.read(name).done", arg=NAME)
    kept = record(page)
    counted = [kept[key] for key in ("seed", "tries", "hints", "first", "helped")]
    assert counted == [7, 1, [0], False, 1] and kept["card"]["due"] > kept["done"]
    assert tally.inner_text() == (
        f"1 of {len(exercises.ALL)} exercises done, 0 of them at the first try; 1 hint used; 0 due again."
    )
    done = page.locator(".bd-sidebar-primary .bp-done")
    all_here = len(exercises.of_chapter("05-worked-example"))
    assert done.first.get_attribute("title") == f"1 of {all_here} exercises done"
    assert page.locator(f"[data-practice={NAME}]").get_attribute("data-done") == "✓"
    # When it is due, it comes with other numbers.
    due = "name => progress.keep(name, { card: { ...progress.read(name).card, due: '2020-01-01T00:00:00.000Z' } })"
    page.evaluate(due, NAME)
    assert "1 due again" in tally.inner_text() and "↻" in done.first.inner_text()
    page.get_by_role("button", name="Next exercise").click()
    page.get_by_text("Variant 8.").wait_for(timeout=WAIT)
    for step in exercise.steps:
        type_into(page, NAME, step, getattr(exercise.draw(8), step.name))
    assert check(page, NAME) == ["right", "right"]
    page.wait_for_function("name => progress.read(name).card.due > '2021'", arg=NAME)
    assert record(page)["card"]["reps"] == 2
    # Out, away, and in again.
    page.get_by_text("Your record").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    before = record(page)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    assert record(page) == {} and page.locator(".bd-sidebar-primary .bp-done").count() == 0
    upload = page.locator("#bp-practice input[type=file]")
    broken = json.loads(text)
    broken["exercises"][NAME]["seed"] = "seven"
    for wrong, said in (
        ("{", "Nothing was imported"),
        ('{"format": 1}', "no record"),
        (json.dumps(broken), "expected seed to be number"),
    ):
        upload.set_input_files({"name": "r.json", "mimeType": "application/json", "buffer": wrong.encode()})
        page.get_by_text(said).wait_for()
        assert record(page) == {}
    upload.set_input_files({"name": "r.json", "mimeType": "application/json", "buffer": text.encode()})
    page.get_by_text("1 exercises imported.").wait_for()
    assert record(page) == before and "<" not in json.dumps(before["task"])
    # A record from elsewhere brings no markup, script or address with it.
    hostile = json.loads(text)
    evil = "<img src=x onerror=document.body.id='hit'> [a](javascript:alert) ![b](https://example.org/b.png)"
    task = hostile["exercises"][NAME]["task"]
    task |= {"text": evil, "solution": evil, "hints": [evil] * 3}
    task["steps"][0]["html"] = evil
    hostile["exercises"][NAME]["solved"] = False
    upload.set_input_files(
        {"name": "r.json", "mimeType": "application/json", "buffer": json.dumps(hostile).encode()}
    )
    page.wait_for_function("name => progress.read(name).task.text.includes('img')", arg=NAME)
    page.goto(f"{site}/{CHAPTER}")
    page.wait_for_function(
        "name => document.querySelector(`[data-exercise=${name}] .bp-task`).textContent.includes('onerror')",
        arg=NAME,
    )
    assert box.locator("img, .bp-task a").count() == 0 and page.locator("#hit").count() == 0
    assert page.trouble == []


def test_a_gradient_is_judged_and_the_readers_own_cell_stays(site, open_page):
    page = open_page(f"{site}/gradient.html")
    form = page.locator("#bp-gradient")

    def ask():
        form.locator("[type=submit]").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('#bp-gradient').ariaBusy === 'false'", timeout=WAIT)
        return form.locator(".bp-mark").inner_text() + form.locator(".bp-status").inner_text()

    assert "The slope σ' forgotten" in ask()
    form.locator("[name=gradient]").fill("dW1 = 0,5")
    assert "expected" in ask()
    form.locator("[name=gradient]").fill("def backward(W, b, X, Y):\n    return W, b / 0")
    assert "line 2: TypeError" in ask()
    # The cell for code of one's own, at the foot of the page.
    page.get_by_text("Your own Python").focus()
    page.keyboard.press("Enter")
    page.locator("#bp-scratch .cm-content").wait_for()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("print(bp.__name__, 6 * 7)")
    page.keyboard.press("Shift+Enter")
    page.locator("#bp-scratch [data-stream=stdout]").wait_for(timeout=WAIT)
    assert page.locator("#bp-scratch [data-stream=stdout]").inner_text().strip() == "backprop 42"
    page.reload()
    form.locator("textarea:enabled").first.wait_for()
    assert "b / 0" in form.locator("[name=gradient]").input_value()
    page.get_by_text("Your own Python").click()
    page.locator("#bp-scratch .cm-content").wait_for()
    assert "6 * 7" in page.locator("#bp-scratch .cm-content").inner_text()
    assert page.trouble == []


def test_a_page_with_twelve_exercises_stays_light(host, open_page):
    """What a page fetches before the reader touches anything, and twelve exercises with other numbers each."""
    server = host()
    page = open_page(f"{server.address}/{CHAPTER}")
    page.wait_for_load_state("networkidle")
    weight = sum(
        min(size, len(gzip.compress((BUILT / path.lstrip("/")).read_bytes(), 6)))
        for path, size in server.sent
    )
    twelve = "".join(static_html(exercises.named(NAME), seed) for seed in range(12))
    assert "/live/" in "".join(path for path, _ in server.sent)
    assert weight + len(gzip.compress(twelve.encode(), 6)) <= PAGE_BYTES


def test_without_a_script_the_exercise_its_hints_and_its_solution_are_there(site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{CHAPTER}")
    box = section(page, NAME)
    box.locator(".bp-solution summary").click()
    shown = box.locator(".bp-solution").inner_text()
    assert r"\delta^{(2)}" in shown and r"\err" not in shown  # plain TeX, none of the book's macros
    assert box.locator(".bp-hint").count() == 3 and box.locator("fieldset:disabled").count() == 2
    context.close()


def pages():
    """(page, exercise) for each that stands on a built page."""
    found = {}
    for path in sorted(BUILT.rglob("*.html")):
        for name in re.findall(r'id="practice-([\w-]+)"', path.read_text(encoding="utf-8")):
            found[name] = path.relative_to(BUILT).as_posix()
    return found


def test_every_exercise_stands_on_one_page():
    assert set(pages()) == set(exercises.ALL)


@pytest.mark.live
@pytest.mark.parametrize("name", list(exercises.ALL))
def test_every_exercise_is_solved_by_keyboard(site, open_page, name):
    exercise = exercises.named(name)
    page = open_page(f"{site}/{pages()[name]}")
    for step in exercise.steps:
        type_into(page, name, step, getattr(exercise.draw(0), step.name))
    assert check(page, name) == ["right"] * len(exercise.steps)
    if exercise.varies:
        section(page, name).locator("[data-action=another]").focus()
        page.keyboard.press("Enter")
        settled(page, name)
        for step in exercise.steps:
            type_into(page, name, step, getattr(exercise.draw(1), step.name))
        assert check(page, name) == ["right"] * len(exercise.steps)
    assert page.locator("mjx-merror").count() == 0 and page.trouble == []
