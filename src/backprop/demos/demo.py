"""What a demo is: `Demo`, its controls and its `View`. How it is shown: `widgets` and `page`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .. import letters
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

    def parse(self, text):
        """The value that a link writes as `text`."""
        return self.check(_number(self, text))


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

    def parse(self, text):
        """The value that a link writes as `text`."""
        if text not in ("True", "False"):
            raise ValueError(f"{self.name}: expected True or False, got {text!r}")
        return text == "True"


@dataclass(frozen=True)
class Choice:
    """One of several words."""

    name: str
    label: str
    options: tuple[str, ...]
    default: str

    def check(self, value):
        """`value`, or an error that names the choice and lists its options."""
        if value not in self.options:
            raise ValueError(f"{self.name}: expected one of {', '.join(self.options)}, got {value!r}")
        return value

    parse = check


@dataclass(frozen=True)
class Text:
    """A line of text; what it may say is for the view to judge, which explains a mistake in place."""

    name: str
    label: str
    default: str
    length: int = 80

    def check(self, value):
        """`value`, or an error that names the field."""
        if not isinstance(value, str):
            raise TypeError(f"{self.name}: expected text, got {value!r}")
        if len(value) > self.length:
            raise ValueError(f"{self.name}: expected at most {self.length} characters, got {len(value)}")
        return value

    parse = check


@dataclass(frozen=True)
class Button:
    """Something to press; its value is how often it was pressed, so a view stays a pure function."""

    name: str
    label: str
    default: int = 0

    def check(self, value):
        """`value` as an int, or an error that names the button."""
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{self.name}: expected how often it was pressed, got {value!r}")
        return value

    def parse(self, text):
        """The value that a link writes as `text`."""
        return self.check(int(_number(self, text)))


def _number(control, text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{control.name}: expected a number, got {text!r}") from None


@dataclass(frozen=True)
class View:
    """What a demo shows for one state: a picture, the same told in words, and its numbers.

    Attributes:
        svg: the picture. An element with the attributes data-control and data-value sets that
            control when it is clicked on the page (`show.svg.button`).
        text: the trace, for those who can't see the picture.
        numbers: {name: float}, the numbers shown, unrounded.
        noise: {name: float}, how far rounding may move such a number from one machine to another;
            only for those that a cancellation makes uncertain.
    """

    svg: Svg
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    noise: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Demo:
    """Controls and a pure function from their state to a `View`.

    Attributes:
        name: identifier, also in links.
        title: heading above the controls.
        controls: the controls, in order.
        render: render(letters, **state) → `View`, with one keyword for each control; `letters` is
            the notation in which it writes (`backprop.letters`).
        note: what to try, in one or two sentences.
        start: start(**state) → memory, for a demo that moves: whatever it needs to remember. Then
            it is render(letters, memory, **state).
        advance: advance(memory, **state) → the memory one step on, a new object, or the same
            object where there is no next step.
        keeps: the controls whose change leaves the memory as it is; any other starts anew.
        pace: steps a second when it plays.
    """

    name: str
    title: str
    controls: tuple
    render: Callable
    note: str = ""
    start: Callable | None = None
    advance: Callable | None = None
    keeps: tuple[str, ...] = ()
    pace: float = 2.0

    def __post_init__(self):
        reserved = {"steps", "notation"} & {control.name for control in self.controls}
        if reserved:
            raise ValueError(f"{self.name}: no control may be called {' or '.join(sorted(reserved))}")

    @property
    def moves(self):
        """Whether the demo has steps."""
        return self.advance is not None

    def defaults(self):
        """The state in which the demo starts."""
        return {control.name: control.default for control in self.controls}

    def state(self, **changes):
        """The defaults with some changes, each checked.

        Raises:
            ValueError, TypeError: for an unknown control or a value it does not take.
        """
        controls = {control.name: control for control in self.controls}
        unknown = sorted(set(changes) - set(controls))
        if unknown:
            raise ValueError(f"{self.name}: expected controls among {list(controls)}, got {unknown}")
        return self.defaults() | {name: controls[name].check(value) for name, value in changes.items()}

    def view(self, *, notation=None, steps=0, **changes):
        """The `View` for the defaults with some changes.

        Args:
            notation: a profile of data/notation.toml; None for the one in use.
            steps: how many steps after the start, for a demo that moves.
            changes: values of controls.

        Raises:
            ValueError, TypeError: for an unknown control or a value it does not take.
        """
        state = self.state(**changes)
        if not self.moves:
            return self.render(letters.of(notation), **state)
        memory = self.start(**state)
        for _ in range(steps):
            memory = self.advance(memory, **state)
        return self.render(letters.of(notation), memory, **state)

    def at(self, query):
        """The demo as widgets, in the state that a link's query names, e.g. "x1=0.5&steps=3"."""
        from .widgets import show

        return show(self, query)

    def __repr__(self):
        return self.view().text

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The first state as text and HTML, and widgets where ipywidgets is installed."""
        from .page import static_html

        bundle = {"text/plain": self.view().text, "text/html": static_html(self)}
        try:
            from .widgets import show
        except ImportError:
            return bundle
        return bundle | {WIDGET_VIEW: show(self)._repr_mimebundle_()[WIDGET_VIEW]}
