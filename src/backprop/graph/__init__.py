"""Computation graphs of scalars: reverse mode (`Value`), forward mode (`Dual`), formulas as text.

`operations` is the table of operations and their local derivatives, `sweeps` the nodes and both
sweeps over them, `formulas` what a reader types, `jacobians` whole matrices; `pitfalls` holds
backward sweeps that are wrong on purpose.
"""

from .formulas import Expression, expression
from .jacobians import Jacobian, derivative_forward, jacobian_forward, jacobian_reverse
from .operations import (
    CONSTANTS,
    FUNCTIONS,
    OPERATIONS,
    SIGNS,
    Operation,
    Scalar,
    abs,
    cos,
    exp,
    ln,
    log,
    max,
    min,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
)
from .sweeps import Dual, Value, decimal, formula_of, inputs_first, names_of, topological_order, trace

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "OPERATIONS",
    "SIGNS",
    "Dual",
    "Expression",
    "Jacobian",
    "Operation",
    "Scalar",
    "Value",
    "abs",
    "cos",
    "decimal",
    "derivative_forward",
    "exp",
    "expression",
    "formula_of",
    "inputs_first",
    "jacobian_forward",
    "jacobian_reverse",
    "ln",
    "log",
    "max",
    "min",
    "names_of",
    "relu",
    "sigmoid",
    "sin",
    "sqrt",
    "tanh",
    "topological_order",
    "trace",
]
