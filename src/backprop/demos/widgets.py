"""The ipywidgets front end: any `Demo` with its controls in JupyterLab, Notebook or Binder."""

from html import escape

import ipywidgets

from .demo import Slider


def show(demo):
    """An ipywidgets box with the demo's controls, its picture, its text and a reset button."""
    controls = {control.name: _widget(control) for control in demo.controls}
    picture, words = ipywidgets.HTML(), ipywidgets.HTML()
    reset = ipywidgets.Button(description="Reset")

    def redraw(_=None):
        view = demo.view(**{name: widget.value for name, widget in controls.items()})
        picture.value = view.svg._repr_html_()
        words.value = f"<pre>{escape(view.text)}</pre>"

    def to_defaults(_):
        for name, value in demo.defaults().items():
            controls[name].value = value

    for widget in controls.values():
        widget.observe(redraw, "value")
    reset.on_click(to_defaults)
    redraw()
    title = ipywidgets.HTML(f"<strong>{escape(demo.title)}</strong>")
    return ipywidgets.VBox([title, *controls.values(), reset, picture, words])


def _widget(control):
    layout = {"width": "min(100%, 28rem)"}
    style = {"description_width": "11rem"}
    if isinstance(control, Slider):
        return ipywidgets.FloatSlider(
            value=control.default, min=control.minimum, max=control.maximum, step=control.step,
            description=control.label, readout_format=".1f", layout=layout, style=style,
        )  # fmt: skip
    return ipywidgets.Checkbox(value=control.default, description=control.label, indent=False)
