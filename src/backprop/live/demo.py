"""What a demo is: controls, and a pure function from their state to a `View`."""

from collections.abc import Callable
from dataclasses import dataclass

from .. import letters
from .page import static_html

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


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
            self.refuse(steps)
            return self.render(letters.of(notation), **state)
        memory = self.start(**state)
        for _ in range(steps):
            memory = self.advance(memory, **state)
        return self.render(letters.of(notation), memory, **state)

    def refuse(self, steps):
        """Raise ValueError if a demo that does not move is asked for steps."""
        if steps and not self.moves:
            raise ValueError(f"steps: expected none, as {self.name} does not move, got {steps}")

    def at(self, query):
        """The demo as widgets, in the state that a link's query names, e.g. "x1=0.5&steps=3"."""
        from .widgets import show

        return show(self, query)

    def __repr__(self):
        return self.view().text

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The first state as text and HTML, and widgets where ipywidgets is installed."""
        bundle = {"text/plain": self.view().text, "text/html": static_html(self)}
        try:
            from .widgets import show
        except ImportError:
            return bundle
        return bundle | {WIDGET_VIEW: show(self)._repr_mimebundle_()[WIDGET_VIEW]}
