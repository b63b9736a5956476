"""The front end for pages: native HTML controls, and the messages of the page's script.

`static_html` is drawn when the site is built; `handle` answers in the reader's browser.
"""

from html import escape

from . import named
from .demo import Button, Choice, Slider, Switch, Text
from .session import Session


def static_html(demo):
    """The demo in its first state, controls included; they wait for the page's script."""
    view = demo.view()
    controls = "".join(_control(demo, control) for control in demo.controls)
    moves = "".join(_action(*pair) for pair in MOVES) if demo.moves else ""
    note = f'<p class="bp-try">{escape(demo.note)}</p>' if demo.note else ""
    return (
        f'<figure class="bp-demo" id="demo-{demo.name}" data-demo="{demo.name}" data-pace="{demo.pace:g}">'
        f"<figcaption>{escape(demo.title)}</figcaption>{note}"
        f'<form autocomplete="off"><fieldset disabled><legend class="bp-hidden">Controls</legend>{controls}'
        f'<p class="bp-actions">{moves}{_action("stop", "Stop")}{_action("reset", "Reset")}'
        f'<a class="bp-link" href="#demo-{demo.name}">Link to this state</a></p></fieldset></form>'
        f'<p class="bp-status" role="status"></p>'
        f'<div class="bp-picture">{view.svg._repr_html_()}</div>'
        f'<pre class="bp-words">{escape(view.text)}</pre>'
        "</figure>"
    )


MOVES = (("play", "Play"), ("advance", "Step"), ("back", "Step back"), ("restart", "Restart"))


def _action(name, label):
    return f'<button type="button" data-action="{name}">{label}</button>'


def _control(demo, control):
    common = f'name="{control.name}"'
    label, value = escape(control.label), control.default
    match control:
        case Slider():
            span = f'min="{control.minimum:g}" max="{control.maximum:g}" step="{control.step:g}"'
            field = f'<input type="range" {common} {span} value="{value:g}"><output>{value:g}</output>'
        case Switch():
            field = f'<input type="checkbox" {common}{" checked" if value else ""}>'
        case Choice():
            options = "".join(
                f"<option{' selected' if option == value else ''}>{escape(option)}</option>"
                for option in control.options
            )
            field = f"<select {common}>{options}</select>"
        case Text():
            text = f'value="{escape(value)}" maxlength="{control.length}" spellcheck="false"'
            field = f'<input type="text" {common} {text}>'
        case Button():
            return f'<button type="button" {common} data-pressed="{value}">{label}</button>'
    return f"<label><span>{label}</span>{field}</label>"


class Desk:
    """The demos in use on one page.

    >>> desk.handle({"demo": "tiny-network", "action": "set", "name": "x1", "value": 0.5})
    """

    def __init__(self):
        self.sessions = {}

    def handle(self, message):
        """Answer one message of the page.

        Args:
            message: a dict with `demo`, its name, and `action`: "open" (with `query` and
                `notation`), "set" (`name`, `value`), "advance" (`times`), "back", "restart",
                "reset" or "letters" (`notation`: drawn in its letters, and nothing computed anew).

        Returns:
            A dict with svg, text, numbers, state, query, steps and end (no step follows); or with
            error, a sentence, after which the demo is as it was.
        """
        try:
            return self._answer(**message)
        except (ValueError, TypeError) as error:
            return {"error": str(error)}

    def _answer(self, demo, action, query="", notation=None, name=None, value=None, times=1):
        if action == "open" or demo not in self.sessions:
            self.sessions[demo] = Session(named(demo), query, notation)
        session, before = self.sessions[demo], None
        match action:
            case "open":
                pass
            case "set":
                session.set(name, value)
            case "advance":
                before = session.steps
                session.advance(times)
            case "letters":
                session.write_in(notation)
            case "back" | "restart" | "reset":
                getattr(session, action)()
            case _:
                raise ValueError(
                    f"action: expected open, set, advance, back, restart, reset or letters, got {action!r}"
                )
        view = session.view()
        return {
            "svg": str(view.svg),
            "text": view.text,
            "numbers": {key: float(number) for key, number in view.numbers.items()},
            "state": dict(session.state),
            "query": session.query,
            "steps": session.steps,
            "end": before is not None and session.steps < before + times,
        }
