"""A demo in use: the state of its controls, where it has moved to, and the way back."""

from urllib.parse import parse_qsl, urlencode

from .. import letters

# Each entry keeps a whole memory (for the playground, a network): enough to look back, not more.
MOST_HISTORY = 200
MOST_STEPS = 20_000  # a link may not ask for more


class Session:
    """One reader's use of a `Demo`. Both front ends are this class with controls drawn around it.

    Args:
        demo: the `Demo`.
        query: a state as `query` writes it, e.g. "x1=0.5&gradients=False&steps=3".
        notation: a profile of data/notation.toml; None for the one in use.

    Raises:
        ValueError: for a control or value the demo does not have.
    """

    def __init__(self, demo, query="", notation=None):
        self.demo = demo
        self.write_in(notation)
        controls = {control.name: control for control in demo.controls}
        fields = dict(parse_qsl(query, keep_blank_values=True))
        steps = int(fields.pop("steps", 0))
        if not 0 <= steps <= MOST_STEPS:
            raise ValueError(f"steps: expected 0 to {MOST_STEPS}, got {steps}")
        unknown = sorted(set(fields) - set(controls))
        if unknown:
            raise ValueError(f"{demo.name}: expected controls among {list(controls)}, got {unknown}")
        self.state = demo.state(**{name: controls[name].parse(text) for name, text in fields.items()})
        self.restart()
        self.advance(steps)

    @property
    def query(self):
        """What differs from the defaults, as a link's query."""
        changed = {n: v for n, v in self.state.items() if v != self.demo.defaults()[n]}
        return urlencode(changed | ({"steps": self.steps} if self.steps else {}))

    def set(self, name, value):
        """Give a control a value; a demo that moves starts anew unless it keeps its memory."""
        self.state = self.demo.state(**(self.state | {name: value}))
        if self.demo.moves and name not in self.demo.keeps:
            self.restart()

    def write_in(self, notation=None):
        """Use the letters of a profile from now on, None for the one in use; nothing is computed anew."""
        self.letters = letters.of(notation)

    def reset(self):
        """All controls to their defaults, and back to the start."""
        self.state = self.demo.defaults()
        self.restart()

    def restart(self):
        """Back to the start, with the controls as they are."""
        self.steps, self.past = 0, []
        self.memory = self.demo.start(**self.state) if self.demo.moves else None

    def advance(self, times=1):
        """Some steps on; at the end, where a step gives the same memory, it stays."""
        for _ in range(times):
            after = self.demo.advance(self.memory, **self.state)
            if after is self.memory:
                return
            self.past = [*self.past[1 - MOST_HISTORY :], self.memory]
            self.memory, self.steps = after, self.steps + 1

    def back(self):
        """One step back, as far as the history reaches."""
        if self.past:
            self.memory, self.steps = self.past.pop(), self.steps - 1

    def view(self):
        """The `View` of the present state."""
        memory = (self.memory,) if self.demo.moves else ()
        return self.demo.render(self.letters, *memory, **self.state)
