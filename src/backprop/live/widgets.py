"""The ipywidgets front end: any `Demo` with its controls in JupyterLab, Notebook or Binder."""

from html import escape

import ipywidgets

from .controls import Button, Choice, Slider, Switch, Text
from .session import Session


def show(demo, query=""):
    """An ipywidgets box with the demo's controls, its picture, its text, and buttons to move it.

    Args:
        demo: a `Demo`.
        query: the state to start in, as the page's link writes it.
    """
    session = Session(demo, query)
    controls = {control.name: _widget(control, session.state[control.name]) for control in demo.controls}
    picture, words, link = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()

    def redraw():
        view = session.view()
        picture.value = view.svg._repr_html_()
        words.value = f"<pre>{escape(view.text)}</pre>"
        link.value = f"<code>demos.named({demo.name!r}).at({session.query!r})</code>"

    def follow(control, widget):
        if isinstance(control, Button):
            widget.on_click(lambda _: act(lambda: session.set(control.name, session.state[control.name] + 1)))
        else:
            widget.observe(lambda change: act(lambda: session.set(control.name, change["new"])), "value")

    def act(deed):
        deed()
        redraw()

    def reset():
        session.reset()
        for name, value in session.state.items():
            if hasattr(controls[name], "value"):
                controls[name].value = value

    for control in demo.controls:
        follow(control, controls[control.name])
    deeds = [("Reset", reset)]
    if demo.moves:
        deeds += [("Step", session.advance), ("Step back", session.back), ("Restart", session.restart)]
    buttons = [ipywidgets.Button(description=name) for name, _ in deeds]
    for button, (_, deed) in zip(buttons, deeds, strict=True):
        button.on_click(lambda _, deed=deed: act(deed))
    if demo.moves:
        buttons.append(_player(demo, lambda: act(session.advance)))
    redraw()
    title = ipywidgets.HTML(f"<strong>{escape(demo.title)}</strong>")
    row = ipywidgets.HBox(buttons, layout={"flex_flow": "row wrap"})
    return ipywidgets.VBox([title, *controls.values(), row, picture, words, link])


def _player(demo, step):
    player = ipywidgets.Play(interval=round(1000 / demo.pace), max=1_000_000, show_repeat=False)
    player.observe(lambda change: step() if change["new"] > change["old"] else None, "value")
    return player


def _widget(control, value):
    common = {"description": control.label, "layout": {"width": "min(100%, 28rem)"}}
    style = {"description_width": "11rem"}
    match control:
        case Slider():
            return ipywidgets.FloatSlider(
                value=value, min=control.minimum, max=control.maximum, step=control.step,
                readout_format=f".{_decimals(control.step)}f", style=style, **common,
            )  # fmt: skip
        case Switch():
            return ipywidgets.Checkbox(value=value, description=control.label, indent=False)
        case Choice():
            return ipywidgets.Dropdown(options=control.options, value=value, style=style, **common)
        case Text():
            return ipywidgets.Text(value=value, continuous_update=False, style=style, **common)
        case Button():
            return ipywidgets.Button(**common)


def _decimals(step):
    return len(f"{step:.10f}".rstrip("0").partition(".")[2])
