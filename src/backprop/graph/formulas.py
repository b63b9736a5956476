"""Formulas as text, with both sweeps: what a reader types, as a graph."""

import ast
import reprlib
from dataclasses import dataclass
from typing import NamedTuple

from .operations import CONSTANTS, FUNCTIONS, OPERATIONS, apply, number
from .parser import parse
from .sweeps import Value, formula_of, inputs_first, names_of, topological_order, trace


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

    @property
    def kinks(self):
        """What the formula computes at a kink: texts like "relu(x)", in topological order.

        Where there is one, `grad` follows the convention of `OPERATIONS`, and need be no derivative.
        """
        names = names_of(self.nodes)
        return [formula_of(node, names) for node in self.nodes if node.at_kink]

    def __repr__(self):
        grads = "".join(f", ∂/∂{name} = {value:.6g}" for name, value in self.grad.items())
        kinks = f"; at a kink of {', '.join(self.kinks)}: a convention, perhaps no derivative"
        return f"{self.text} = {self.value:.6g}{grads}{kinks if self.kinks else ''}"


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
            point[name] = Value(number(f"value of {name!r}", value), name)
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
                    shared[key] = apply(part.name, *operands) if part.name != "pos" else operands[0]
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
