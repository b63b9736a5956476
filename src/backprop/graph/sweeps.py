"""Nodes with both sweeps: `Value` backward (reverse mode), `Dual` forward (forward mode).

`Value.backward` is the sweep of `thm:backward-sweep`.
"""

import math
import reprlib

from .operations import OPERATIONS, SIGNS, Scalar, at, local_derivative, number


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
        self.value = number("value", value)
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

    @property
    def at_kink(self):
        """Whether its operation has no derivative here, so that its edges carry a convention instead.

        A tie of a node with itself is none: max(x, x) is x.
        """
        kink = OPERATIONS[self.operation].kink if self.inputs else None
        same = len(self.operands) == 2 and self.operands[0] is self.operands[1]
        return kink is not None and not same and kink(*map(_plain, self.operands))

    def edges(self):
        """(operand, local derivative) for every edge into this node.

        Raises:
            ValueError: where a local derivative does not exist or is too large.
        """
        if not self.operands:
            return []
        operation = OPERATIONS[self.operation]
        plain = tuple(map(_plain, self.operands))
        return [
            (operand, local_derivative(operation, k, plain, self.value))
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


def _plain(operand):
    return operand.value if isinstance(operand, Value) else operand


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


class Dual(Scalar):
    """A number with its tangent, the derivative by one chosen input; the pair is computed together.

    Raises:
        TypeError, ValueError: as `Value`; also where a derivative does not exist or is too large.
    """

    __slots__ = ("tangent", "value", "varies")

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = number("value", value), number("tangent", tangent)
        # Whether it depends on the chosen input; a tangent of 0 alone does not tell.
        self.varies = self.tangent != 0

    @classmethod
    def _result(cls, operation, operands, plain, value):
        tangent = 0.0
        for k, operand in enumerate(operands):
            if isinstance(operand, Dual) and operand.varies:
                tangent += (
                    local_derivative(operation, k, plain, value) * operand.tangent
                )  # eq:tangent-recursion
        if not math.isfinite(tangent):
            raise ValueError(f"{operation.name}: the tangent at {at(plain)} is too large for a float")
        result = cls(value, tangent)
        result.varies = any(isinstance(operand, Dual) and operand.varies for operand in operands)
        return result

    def __repr__(self):
        return f"Dual({self.value}, tangent={self.tangent})"
