"""The operations of a graph of scalars, each beside its local derivatives; both modes read this table.

Sources: Griewank & Walther (2008), chapters 2 and 3; Baydin et al. (2018).
"""

import math
import numbers
import reprlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """An operation with its local derivatives.

    Attributes:
        name: the sign or the name in formulas.
        value: operands ↦ value.
        partials: one function an operand, (*operands, value) ↦ the derivative by that operand.
        domain: operands ↦ whether the operation is defined there; None where it always is.
        expected: the domain in words, for the message.
        kink: operands ↦ whether the operation has no derivative there although it has a value; None
            where that never happens. The partials then follow a convention.
    """

    name: str
    value: Callable
    partials: tuple[Callable, ...]
    domain: Callable | None = None
    expected: str = ""
    kink: Callable | None = None


def _sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _sign(x):
    return float((x > 0) - (x < 0))


def _power_by_base(x, y, v):
    return 0.0 if y == 0 else y * math.pow(x, y - 1)  # x**0 is 1 for every x, 0 included


def _power_by_exponent(x, y, v):
    return 0.0 if x == 0 and y > 0 else v * math.log(x)  # 0**y is 0 for every y > 0


def _power_is_real(x, y):
    return x > 0 or (x == 0 and y >= 0) or (x < 0 and y.is_integer())


def _nonzero_divisor(x, y):
    return y != 0


# The derivatives of tanh and sigmoid keep their digits in the tails, where 1 - v would lose them.
# At a kink stands what programs return by convention, which need be no derivative of anything: 0 for relu
# and abs, as in `activations`; where max and min are tied the second operand counts alone, so that
# max(x, 0) is relu(x) there too.
OPERATIONS = {
    row.name: row
    for row in (
        #         name       value                       local derivatives (x, y operands, v the value)
        Operation("+", lambda x, y: x + y, (lambda x, y, v: 1.0, lambda x, y, v: 1.0)),
        Operation("-", lambda x, y: x - y, (lambda x, y, v: 1.0, lambda x, y, v: -1.0)),
        Operation("*", lambda x, y: x * y, (lambda x, y, v: y, lambda x, y, v: x)),
        Operation("/", lambda x, y: x / y, (lambda x, y, v: 1 / y, lambda x, y, v: -v / y),
                  _nonzero_divisor, "a divisor other than 0"),
        Operation("**", math.pow, (_power_by_base, _power_by_exponent), _power_is_real,
                  "a base > 0, or 0 with an exponent >= 0, or < 0 with a whole exponent"),
        Operation("neg", lambda x: -x, (lambda x, v: -1.0,)),
        Operation("exp", math.exp, (lambda x, v: v,)),
        Operation("ln", math.log, (lambda x, v: 1 / x,), lambda x: x > 0, "a number > 0"),
        Operation("sqrt", math.sqrt, (lambda x, v: 0.5 / v,), lambda x: x >= 0, "a number >= 0"),
        Operation("sin", math.sin, (lambda x, v: math.cos(x),)),
        Operation("cos", math.cos, (lambda x, v: -math.sin(x),)),
        Operation("tanh", math.tanh, (lambda x, v: 4 * _sigmoid(2 * x) * _sigmoid(-2 * x),)),
        Operation("sigmoid", _sigmoid, (lambda x, v: _sigmoid(x) * _sigmoid(-x),)),
        Operation("relu", lambda x: x if x > 0 else 0.0, (lambda x, v: float(x > 0),), kink=lambda x: x == 0),
        Operation("abs", math.fabs, (lambda x, v: _sign(x),), kink=lambda x: x == 0),
        Operation("max", lambda x, y: x if x >= y else y,
                  (lambda x, y, v: float(x > y), lambda x, y, v: float(x <= y)), kink=lambda x, y: x == y),
        Operation("min", lambda x, y: x if x <= y else y,
                  (lambda x, y, v: float(x < y), lambda x, y, v: float(x >= y)), kink=lambda x, y: x == y),
    )
}  # fmt: skip
SIGNS = ("+", "-", "*", "/", "**")


def number(what, given):
    """`given` as a finite float; TypeError or ValueError names `what` it should have been."""
    if isinstance(given, bool) or not isinstance(given, numbers.Real):
        raise TypeError(f"{what}: expected a real number, got {reprlib.repr(given)} ({type(given).__name__})")
    try:
        value = float(given)
    except OverflowError:
        raise ValueError(f"{what}: expected a number that fits a float, got one that is too large") from None
    if not math.isfinite(value):
        raise ValueError(f"{what}: expected a finite number, got {value}")
    return value


def at(operands):
    return "(" + ", ".join(map(str, operands)) + ")"


def _evaluate(operation, operands):
    """The value of an operation on floats, or ValueError with the operation and its operands."""
    if operation.domain is not None and not operation.domain(*operands):
        raise ValueError(f"{operation.name}: expected {operation.expected}, got {at(operands)}")
    try:
        value = operation.value(*operands)  # eq:node-value
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{operation.name}: the value at {at(operands)} is too large for a float")
    return value


def local_derivative(operation, k, operands, value):
    """The derivative of an operation by its operand k, or ValueError where it has none."""
    try:
        local = operation.partials[k](*operands, value)
    except (ArithmeticError, ValueError):
        local = math.nan
    if not math.isfinite(local):
        raise ValueError(
            f"{operation.name}: no finite derivative by operand {k + 1} at {at(operands)}; "
            "the function has none there, or it is too large for a float"
        )
    return local


def apply(name, *operands):
    """One operation on numbers, on numbers and `Value`s, or on numbers and `Dual`s."""
    operation = OPERATIONS[name]
    if len(operands) != len(operation.partials):
        raise TypeError(f"{name}: expected {len(operation.partials)} operands, got {len(operands)}")
    operands = tuple(o if isinstance(o, Scalar) else number(f"operand of {name}", o) for o in operands)
    kinds = {type(o) for o in operands if isinstance(o, Scalar)}
    if len(kinds) > 1:
        raise TypeError(f"{name}: expected operands of one kind, got a Value and a Dual")
    plain = tuple(o.value if isinstance(o, Scalar) else o for o in operands)
    value = _evaluate(operation, plain)
    return kinds.pop()._result(operation, operands, plain, value) if kinds else value


def _function(name):
    def function(*operands):
        return apply(name, *operands)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name} of numbers, `Value`s or `Dual`s; the kind of the operands is kept."
    return function


exp, ln, sqrt = _function("exp"), _function("ln"), _function("sqrt")
sin, cos, tanh = _function("sin"), _function("cos"), _function("tanh")
sigmoid, relu = _function("sigmoid"), _function("relu")
abs, max, min = _function("abs"), _function("max"), _function("min")  # the builtins know no graphs
log = ln

FUNCTIONS = {
    "exp": exp, "ln": ln, "log": log, "sqrt": sqrt, "sin": sin, "cos": cos, "tanh": tanh,
    "sigmoid": sigmoid, "relu": relu, "abs": abs, "max": max, "min": min,
}  # fmt: skip
CONSTANTS = {"pi": math.pi, "e": math.e}


class Scalar:
    """What `Value` and `Dual` share: the operators, and the functions as methods."""

    __slots__ = ()
    __array_ufunc__ = None  # numpy's numbers leave the operators to us

    exp, ln, log, sqrt, sin, cos, tanh = exp, ln, log, sqrt, sin, cos, tanh
    sigmoid, relu, abs, max, min = sigmoid, relu, abs, max, min

    def __add__(self, other):
        return apply("+", self, other)

    def __radd__(self, other):
        return apply("+", other, self)

    def __sub__(self, other):
        return apply("-", self, other)

    def __rsub__(self, other):
        return apply("-", other, self)

    def __mul__(self, other):
        return apply("*", self, other)

    def __rmul__(self, other):
        return apply("*", other, self)

    def __truediv__(self, other):
        return apply("/", self, other)

    def __rtruediv__(self, other):
        return apply("/", other, self)

    def __pow__(self, other):
        return apply("**", self, other)

    def __rpow__(self, other):
        return apply("**", other, self)

    def __neg__(self):
        return apply("neg", self)

    def __pos__(self):
        return self

    def __abs__(self):
        return apply("abs", self)
