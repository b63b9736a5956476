"""Backward sweeps that are WRONG ON PURPOSE, to show what each rule of the right one is for.

Each function makes one mistake and is otherwise `graph.Value.backward`. Use none of them.
"""

from .sweeps import topological_order


def _reset(output):
    for node in topological_order(output):
        node.grad = 0.0
    output.grad = 1.0


def by_recursion(output):
    """WRONG: no topological order. Each node passes on what it has as often as it is reached.

    A node that is used twice is reached twice, and the second time it passes on again what it
    had already passed on.
    """

    def descend(node):
        for operand, local in node.edges():
            operand.grad += node.grad * local
        for operand in node.inputs:
            descend(operand)

    _reset(output)
    descend(output)


def in_post_order(output):
    """WRONG: the topological order forward instead of backward. Nodes pass on before they receive."""
    _reset(output)
    for node in topological_order(output):
        for operand, local in node.edges():
            operand.grad += node.grad * local


def by_assignment(output):
    """WRONG: = instead of +=. Of several uses of a node only the last one handled counts."""
    _reset(output)
    for node in reversed(topological_order(output)):
        for operand, local in node.edges():
            operand.grad = node.grad * local


def without_reset(output, keep="inputs"):
    """WRONG: adjoints of an earlier sweep stay and are added to.

    Args:
        output: a `graph.Value`.
        keep: "inputs", only nodes without operands keep theirs; "all", every node does.

    Raises:
        ValueError: for another `keep`.
    """
    if keep not in ("inputs", "all"):
        raise ValueError(f"keep: expected 'inputs' or 'all', got {keep!r}")
    nodes = topological_order(output)
    for node in nodes:
        if keep == "inputs" and node.operands:
            node.grad = 0.0
    output.grad = 1.0
    for node in reversed(nodes):
        for operand, local in node.edges():
            operand.grad += node.grad * local
