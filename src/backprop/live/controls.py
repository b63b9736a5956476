"""The controls of a demo, and the `View` that it makes of their values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..show.svg import Svg


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
        return self.check(whole(self.name, text))


def _number(control, text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{control.name}: expected a number, got {text!r}") from None


def whole(name, text):
    """The whole number that a link writes as `text`, or an error that names the field."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name}: expected a whole number, got {text!r}") from None


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
