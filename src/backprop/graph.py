"""Computation graphs of scalars: reverse mode (`Value`), forward mode (`Dual`), formulas as text.

Each operation stands in `OPERATIONS` beside its local derivatives; both modes read that table.
`Value.backward` is the sweep of `thm:backward-sweep`.

Sources: Griewank & Walther (2008), chapters 2 and 3; Baydin et al. (2018).
"""

import ast
import math
import numbers
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .parser import parse

# ---------------------------------------------------------------------------------------------
# The operations
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """An operation with its local derivatives.

    Attributes:
        name: the sign or the name in formulas.
        value: operands ↦ value.
        partials: one function an operand, (*operands, value) ↦ the derivative by that operand.
        domain: operands ↦ whether the operation is defined there; None where it always is.
        expected: the domain in words, for the message.
    """

    name: str
    value: Callable
    partials: tuple[Callable, ...]
    domain: Callable | None = None
    expected: str = ""


def _sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _step(x):
    return 0.5 * ((x > 0) + (x >= 0))  # ½ at 0: a tie between two operands counts half for each


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
# At their kinks relu and abs have the derivative 0, by convention, as in `activations`.
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
        Operation("relu", lambda x: x if x > 0 else 0.0, (lambda x, v: float(x > 0),)),
        Operation("abs", math.fabs, (lambda x, v: _sign(x),)),
        Operation("max", lambda x, y: x if x >= y else y,
                  (lambda x, y, v: _step(x - y), lambda x, y, v: _step(y - x))),
        Operation("min", lambda x, y: x if x <= y else y,
                  (lambda x, y, v: _step(y - x), lambda x, y, v: _step(x - y))),
    )
}  # fmt: skip
SIGNS = ("+", "-", "*", "/", "**")


def _number(what, given):
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


def _at(operands):
    return "(" + ", ".join(map(str, operands)) + ")"


def _evaluate(operation, operands):
    """The value of an operation on floats, or ValueError with the operation and its operands."""
    if operation.domain is not None and not operation.domain(*operands):
        raise ValueError(f"{operation.name}: expected {operation.expected}, got {_at(operands)}")
    try:
        value = operation.value(*operands)  # eq:node-value
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{operation.name}: the value at {_at(operands)} is too large for a float")
    return value


def _local_derivative(operation, k, operands, value):
    """The derivative of an operation by its operand k, or ValueError where it has none."""
    try:
        local = operation.partials[k](*operands, value)
    except (ArithmeticError, ValueError):
        local = math.nan
    if not math.isfinite(local):
        raise ValueError(
            f"{operation.name}: no finite derivative by operand {k + 1} at {_at(operands)}; "
            "the function has none there, or it is too large for a float"
        )
    return local


def _apply(name, *operands):
    """One operation on numbers, on numbers and `Value`s, or on numbers and `Dual`s."""
    operation = OPERATIONS[name]
    if len(operands) != len(operation.partials):
        raise TypeError(f"{name}: expected {len(operation.partials)} operands, got {len(operands)}")
    operands = tuple(o if isinstance(o, Scalar) else _number(f"operand of {name}", o) for o in operands)
    kinds = {type(o) for o in operands if isinstance(o, Scalar)}
    if len(kinds) > 1:
        raise TypeError(f"{name}: expected operands of one kind, got a Value and a Dual")
    plain = tuple(o.value if isinstance(o, Scalar) else o for o in operands)
    value = _evaluate(operation, plain)
    return kinds.pop()._result(operation, operands, plain, value) if kinds else value


def _function(name):
    def function(*operands):
        return _apply(name, *operands)

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
        return _apply("+", self, other)

    def __radd__(self, other):
        return _apply("+", other, self)

    def __sub__(self, other):
        return _apply("-", self, other)

    def __rsub__(self, other):
        return _apply("-", other, self)

    def __mul__(self, other):
        return _apply("*", self, other)

    def __rmul__(self, other):
        return _apply("*", other, self)

    def __truediv__(self, other):
        return _apply("/", self, other)

    def __rtruediv__(self, other):
        return _apply("/", other, self)

    def __pow__(self, other):
        return _apply("**", self, other)

    def __rpow__(self, other):
        return _apply("**", other, self)

    def __neg__(self):
        return _apply("neg", self)

    def __pos__(self):
        return self

    def __abs__(self):
        return _apply("abs", self)


# ---------------------------------------------------------------------------------------------
# Reverse mode
# ---------------------------------------------------------------------------------------------


class Value(Scalar):
    """A node of a computation graph; operators and functions make new nodes.

    Attributes:
        value: its number, from the forward sweep.
        grad: its adjoint, after `backward` of a node that depends on it; 0.0 before.
        name: what a trace calls it; may be empty.
        operation: name of the row in `OPERATIONS` that made it, "input" for a node made by hand.
        operands: the nodes and constants (floats) it was made from.

    A plain number in an operation is a constant: it gets no derivative. `x ** 2` therefore works
    for negative x, where the derivative by a variable exponent does not exist.

    Raises:
        TypeError: for an operand that is no real number (booleans are none).
        ValueError: for numbers that are not finite, outside an operation's domain (ln of 0), or
            with a result too large for a float.
    """

    __slots__ = ("__weakref__", "grad", "name", "operands", "operation", "value")

    def __init__(self, value, name=""):
        self.value = _number("value", value)
        if not isinstance(name, str):
            raise TypeError(f"name: expected a string, got {reprlib.repr(name)}")
        self.grad, self.name, self.operation, self.operands = 0.0, name, "input", ()

    @classmethod
    def _result(cls, operation, operands, plain, value):
        node = cls(value)
        node.operation, node.operands = operation.name, operands
        return node

    def named(self, name):
        """Give the node a name and return it: `a = (x * z).named("a")`.

        Raises:
            TypeError: if the name is no string.
        """
        if not isinstance(name, str):
            raise TypeError(f"name: expected a string, got {name!r}")
        self.name = name
        return self

    @property
    def inputs(self):
        """The operands that are nodes, one entry an edge: `a + a` has a twice."""
        return tuple(o for o in self.operands if isinstance(o, Value))

    def edges(self):
        """(operand, local derivative) for every edge into this node.

        Raises:
            ValueError: where a local derivative does not exist or is too large.
        """
        if not self.operands:
            return []
        operation = OPERATIONS[self.operation]
        plain = tuple(o.value if isinstance(o, Value) else o for o in self.operands)
        return [
            (operand, _local_derivative(operation, k, plain, self.value))
            for k, operand in enumerate(self.operands)
            if isinstance(operand, Value)
        ]

    def backward(self):
        """Fill in `grad`, the derivative of this node, in all nodes that it depends on.

        Reverse mode: one sweep over all edges, `thm:backward-sweep`. The adjoints of these nodes
        are reset first, so that a second call gives the same; other nodes keep theirs.

        Raises:
            ValueError: where a local derivative does not exist, or an adjoint is too large.
        """
        nodes = topological_order(self)
        for node in nodes:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(nodes):
            for operand, local in node.edges():
                operand.grad += node.grad * local  # eq:adjoint-recursion
                if not math.isfinite(operand.grad):
                    raise ValueError(
                        f"backward through {node.operation}: an adjoint is too large for a float"
                    )

    def trace(self, digits=6):
        """Both sweeps as a table; see `trace`."""
        return trace(self, digits)

    def __repr__(self):
        name = f", {self.name!r}" if self.name else ""
        return f"Value({self.value}{name}, grad={self.grad})"

    def __deepcopy__(self, memo):
        # Along the order, not by recursion: a graph may be deeper than Python's stack.
        for node in topological_order(self):
            if id(node) not in memo:
                twin = Value(node.value, node.name)
                twin.grad, twin.operation = node.grad, node.operation
                twin.operands = tuple(memo[id(o)] if isinstance(o, Value) else o for o in node.operands)
                memo[id(node)] = twin
        return memo[id(self)]


def topological_order(output):
    """All nodes that `output` depends on, and itself: every node after its operands.

    Post-order of a depth-first search with a stack of its own, so that depth costs no recursion.
    """
    order, seen, stack = [], set(), [(output, False)]
    while stack:
        node, operands_are_done = stack.pop()
        if operands_are_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((operand, False) for operand in reversed(node.inputs))
    return order


def inputs_first(nodes):
    """The same order with the inputs moved to the front; it stays a topological order."""
    return [n for n in nodes if not n.operands] + [n for n in nodes if n.operands]


def names_of(nodes):
    """{node: name}: its own name, or v1, v2, ... for those without one."""
    taken, names, count = {node.name for node in nodes}, {}, 0
    for node in nodes:
        name = node.name
        while not name:
            count += 1
            name = f"v{count}" if f"v{count}" not in taken else ""
        names[node] = name
    return names


def formula_of(node, names):
    """What a node computes, in the names of its operands: "x * z", "exp(a)", "input"."""
    operands = [names[o] if isinstance(o, Value) else f"{o:g}" for o in node.operands]
    if node.operation in SIGNS:
        return f" {node.operation} ".join(operands)
    if node.operation == "neg":
        return f"-{operands[0]}"
    return f"{node.operation}({', '.join(operands)})" if operands else node.operation


def decimal(value, digits):
    """A number with fixed decimals, or with an exponent where it is too large or too small for that.

    >>> decimal(412.1914571, 6), decimal(2.5e-7, 6)
    ('412.191457', '2.500000e-07')
    """
    plain = value == 0 or 10.0 ** (1 - digits) <= math.fabs(value) < 1e9
    return f"{value + 0.0:.{digits}{'f' if plain else 'e'}}"


def trace(output, digits=6):
    """Forward values and adjoints of the last `backward`, as a table with one line a node.

    Args:
        output: a `Value`.
        digits: decimals of the numbers.

    Returns:
        A string; columns name, operation, value, adjoint; nodes in topological order.
    """
    nodes = inputs_first(topological_order(output))
    names = names_of(nodes)
    rows = [("node", "operation", "value", "adjoint")]
    for node in nodes:
        both = (decimal(node.value, digits), decimal(node.grad, digits))
        rows.append((names[node], formula_of(node, names), *both))
    wide = [sorted(len(row[i]) for row in rows)[-1] for i in range(4)]
    return "\n".join(
        f"{name:<{wide[0]}}  {what:<{wide[1]}}  {value:>{wide[2]}}  {adjoint:>{wide[3]}}"
        for name, what, value, adjoint in rows
    )


# ---------------------------------------------------------------------------------------------
# Forward mode
# ---------------------------------------------------------------------------------------------


class Dual(Scalar):
    """A number with its tangent, the derivative by one chosen input; the pair is computed together.

    Raises:
        TypeError, ValueError: as `Value`; also where a derivative does not exist or is too large.
    """

    __slots__ = ("tangent", "value", "varies")

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = _number("value", value), _number("tangent", tangent)
        # Whether it depends on the chosen input; a tangent of 0 alone does not tell.
        self.varies = self.tangent != 0

    @classmethod
    def _result(cls, operation, operands, plain, value):
        tangent = 0.0
        for k, operand in enumerate(operands):
            if isinstance(operand, Dual) and operand.varies:
                tangent += (
                    _local_derivative(operation, k, plain, value) * operand.tangent
                )  # eq:tangent-recursion
        if not math.isfinite(tangent):
            raise ValueError(f"{operation.name}: the tangent at {_at(plain)} is too large for a float")
        result = cls(value, tangent)
        result.varies = any(isinstance(operand, Dual) and operand.varies for operand in operands)
        return result

    def __repr__(self):
        return f"Dual({self.value}, tangent={self.tangent})"


class Jacobian(NamedTuple):
    """`rows[i][j]` is the derivative of output i by input j; `sweeps` says how many it took."""

    rows: list
    sweeps: int


def derivative_forward(f, values, wrt):
    """The derivative of f by one argument, in one forward sweep.

    Args:
        f: a function of named arguments, written with operators and the functions of this module.
        values: {name: number}, the point.
        wrt: the name to differentiate by.

    Raises:
        ValueError: for a name that is not among the values.
    """
    if wrt not in values:
        raise ValueError(f"wrt: expected one of {', '.join(values)}, got {wrt!r}")
    result = f(**{name: Dual(value, 1.0) if name == wrt else value for name, value in values.items()})
    return result.tangent if isinstance(result, Dual) else 0.0


def jacobian_forward(f, values):
    """The Jacobian of f by forward mode: a sweep an input, each gives a column.

    Args:
        f: a function of len(values) arguments that returns a list of outputs.
        values: list of numbers.

    Returns:
        A `Jacobian` with m rows and n columns.
    """
    if not values:
        return Jacobian([[] for _ in f()], 0)
    columns = []
    for j in range(len(values)):
        outputs = f(*(Dual(value, float(i == j)) for i, value in enumerate(values)))
        columns.append([y.tangent if isinstance(y, Dual) else 0.0 for y in outputs])
    return Jacobian([list(row) for row in zip(*columns, strict=True)], len(columns))


def jacobian_reverse(f, values):
    """The Jacobian of f by reverse mode: a backward sweep an output, each gives a row.

    Arguments and result are those of `jacobian_forward`.
    """
    inputs = [Value(value) for value in values]
    rows = []
    for output in f(*inputs):
        for x in inputs:
            x.grad = 0.0  # an input that this output does not reach keeps what it has
        if isinstance(output, Value):
            output.backward()
        rows.append([x.grad for x in inputs])
    return Jacobian(rows, len(rows))


# ---------------------------------------------------------------------------------------------
# Formulas as text
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Expression:
    """A formula with both sweeps done; made by `expression`.

    Attributes:
        text: the formula as it was given.
        output: its last node, a `Value`.
        grad: {name: derivative of the output by it} for every value that was given.
    """

    text: str
    output: Value
    grad: dict

    @property
    def value(self):
        """The value of the formula, a float."""
        return self.output.value

    @property
    def nodes(self):
        """All nodes, each once, in topological order with the inputs first."""
        return inputs_first(topological_order(self.output))

    def trace(self, digits=6):
        """Both sweeps as a table; see `trace`."""
        return trace(self.output, digits)

    def show(self, digits=4):
        """The graph as a picture, see `show.graph_svg`."""
        from .show.graph import graph_svg  # here: the core can do without pictures

        return graph_svg(self.output, digits)

    def __repr__(self):
        grads = "".join(f", ∂/∂{name} = {value:.6g}" for name, value in self.grad.items())
        return f"{self.text} = {self.value:.6g}{grads}"


def expression(text, /, **values):
    """A formula, its value and its gradient by reverse mode.

    Args:
        text: numbers, names, + - * / ** and ^ (power), parentheses, the functions in `FUNCTIONS`,
            and the constants pi and e unless a value of that name is given.
        values: a finite real number for every name in the text.

    Returns:
        An `Expression`. Equal subexpressions are one node.

    Raises:
        TypeError: if text is not a string.
        ValueError: for everything else that is wrong; the message names the place (columns count
            from 1), the name or the value. No other error leaves this function.
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a string, got {reprlib.repr(text)} ({type(text).__name__})")
    point = {}
    for name, value in values.items():
        if name in FUNCTIONS:
            raise ValueError(f"{name!r} is the name of a function and cannot be given a value")
        try:
            point[name] = Value(_number(f"value of {name!r}", value), name)
        except TypeError as error:
            raise ValueError(error) from None
    parsed = parse(text)
    used = {token.text for token in parsed.tokens if token.kind == "name"}
    output = _build(parsed, point)
    unused = sorted(set(point) - used)
    if unused:
        raise ValueError(
            f"{', '.join(map(repr, unused))}: a value is given, but the expression does not use it"
        )
    if not isinstance(output, Value):
        output = Value(output)
        output.operation = "constant"
    output.backward()
    return Expression(text, output, {name: node.grad for name, node in point.items()})


_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


class _Pending(NamedTuple):
    """An operation whose operands come first."""

    name: str
    operands: list
    column: int


def _build(parsed, point):
    """The value of the tree: a `Value`, or a float where nothing depends on a variable.

    Only what `_operation` lists is computed. A stack instead of recursion: a sum may be long.
    """
    shared, todo, done = {}, [parsed.body], []
    while todo:
        part = todo.pop()
        if isinstance(part, ast.Name):
            done.append(_leaf(parsed.tokens[int(part.id[1:])], point))
        elif isinstance(part, ast.AST):
            pending = _operation(part, parsed, point)
            todo.append(pending)
            todo.extend(reversed(pending.operands))
        else:
            first = len(done) - len(part.operands)
            operands = done[first:]
            key = (part.name, *(o if isinstance(o, Value) else repr(o) for o in operands))
            try:
                if key not in shared:
                    shared[key] = _apply(part.name, *operands) if part.name != "pos" else operands[0]
            except ValueError as error:
                raise ValueError(f"at column {part.column}: {error}") from None
            done[first:] = [shared[key]]
    return done.pop()


def _operation(part, parsed, point):
    """The operation at the top of a tree; ValueError for syntax that is not on this list."""
    tokens, token = parsed.tokens, parsed.tokens[parsed.index(part)]
    if isinstance(part, ast.BinOp) and type(part.op) in _BINARY:
        i = parsed.index(part.right) - 1
        while tokens[i].text == "(":
            i -= 1
        return _Pending(_BINARY[type(part.op)], [part.left, part.right], tokens[i].column)
    if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub | ast.UAdd):
        return _Pending("neg" if isinstance(part.op, ast.USub) else "pos", [part.operand], token.column)
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and not part.keywords:
        if token.text not in FUNCTIONS:
            if token.text in point:
                raise ValueError(
                    f"{token.text[:40]!r} at column {token.column} is not a function; a product needs its *"
                )
            known = ", ".join(FUNCTIONS)
            raise ValueError(
                f"unknown function {token.text[:40]!r} at column {token.column}; known are {known}"
            )
        name = FUNCTIONS[token.text].__name__
        wanted, got = len(OPERATIONS[name].partials), len(part.args)
        if got != wanted:
            many = "one argument" if wanted == 1 else f"{wanted} arguments"
            raise ValueError(f"{token.text} at column {token.column} takes {many}, got {got}")
        return _Pending(name, part.args, token.column)
    raise ValueError(f"syntax error at column {token.column}: unexpected {token.text[:20]!r}")


def _leaf(token, point):
    """The number, variable or constant that a word stands for."""
    if token.kind == "number":
        return float(token.text)
    if token.text in point:
        return point[token.text]
    if token.text in CONSTANTS:
        return CONSTANTS[token.text]
    name, where = token.text[:40], f"at column {token.column}"
    if token.text in FUNCTIONS:
        raise ValueError(f"{name!r} {where} is a function: expected its arguments in parentheses")
    given = f"values are given for {', '.join(point)}" if point else "no values are given"
    raise ValueError(f"unknown name {name!r} {where}; {given}")
