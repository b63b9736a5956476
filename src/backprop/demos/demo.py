"""What a demo is: `Demo`, its controls and its `View`; how Jupyter shows it is in `widgets`."""

from collections.abc import Callable
from dataclasses import dataclass

from ..show.svg import Svg

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Slider:
    """A number between minimum and maximum in equal steps; other values go to the nearest step."""

    name: str
    label: str
    minimum: float
    maximum: float
    step: float
    default: float

    def check(self, value):
        """`value` as a float, or an error that names the slider."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{self.name}: expected a number, got {value!r}")
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{self.name}: expected {self.minimum:g} to {self.maximum:g}, got {value!r}")
        steps = round((value - self.minimum) / self.step)
        # Without the last rounding 3 · 0.1 would be 0.30000000000000004, and a zero be missed.
        return round(self.minimum + steps * self.step, 10)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    name: str
    label: str
    default: bool

    def check(self, value):
        """`value`, or an error that names the switch."""
        if not isinstance(value, bool):
            raise TypeError(f"{self.name}: expected True or False, got {value!r}")
        return value


@dataclass(frozen=True)
class View:
    """What a demo shows for one state: a picture, and the same told in words and numbers."""

    svg: Svg
    text: str


@dataclass(frozen=True)
class Demo:
    """Controls and a pure function from their state to a `View`.

    Attributes:
        name: identifier, also in links.
        title: heading above the controls.
        controls: the controls, in order.
        render: render(**state) → `View`, with one keyword for each control.
    """

    name: str
    title: str
    controls: tuple
    render: Callable

    def defaults(self):
        """The state in which the demo starts."""
        return {control.name: control.default for control in self.controls}

    def view(self, **changes):
        """The `View` for the defaults with some changes.

        Raises:
            ValueError, TypeError: for an unknown control or a value it does not take.
        """
        controls = {control.name: control for control in self.controls}
        unknown = sorted(set(changes) - set(controls))
        if unknown:
            raise ValueError(f"{self.name}: expected controls among {list(controls)}, got {unknown}")
        checked = {name: controls[name].check(value) for name, value in changes.items()}
        return self.render(**(self.defaults() | checked))

    def __repr__(self):
        return self.view().text

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The first state as text and HTML, and widgets where ipywidgets is installed."""
        first = self.view()
        bundle = {"text/plain": first.text, "text/html": self.static_html()}
        try:
            from .widgets import show
        except ImportError:
            return bundle
        return bundle | {WIDGET_VIEW: show(self)._repr_mimebundle_()[WIDGET_VIEW]}

    def static_html(self):
        """The first state for a page where nothing runs."""
        first = self.view()
        return (
            f'<figure class="bp-demo" data-demo="{self.name}"><figcaption>{self.title}</figcaption>'
            f"{first.svg._repr_html_()}<pre>{first.text}</pre></figure>"
        )
