"""Formulas in the letters of other courses and textbooks, run as a reader of that notation sees them.

Two kinds: the book's own formulas with their macros set in a profile's letters, and what notation.yml has
as the text's own form. The names are looked up by writing out each symbol with numbers for its indices.
"""

import re
from functools import cache

import numpy as np
import pytest
from extensions import notation
from extensions.expansion import expand

from backprop import gradcheck

from ..unit.nets import random_case
from .printed import page
from .printed.arrays import profile_arrays, slope
from .printed.page import Printed, equations, spaced
from .printed.tex import NOTATION

SEED = 1
# The book's formulas of a network, with the layers that each holds for: from the first to L minus the second.
OURS = {
    "eq:pre-activation": (1, 0), "eq:activation": (1, 0), "eq:forward-index": (1, 0), "eq:forward-batch": (1, 0),
    "eq:delta-output": (1, 0), "eq:delta-hidden": (1, 1), "eq:gradient-weights": (1, 0), "eq:gradient-bias": (1, 0),
    "eq:hidden-error-index": (1, 1),
}  # fmt: skip
# Forms that the evaluator has no meaning for, word for word: layers that only an index tells, one variable
# that is overwritten, examples as superscripts, products without brackets, words.
PINNED = {
    ("forward", "fau"): r"z_k = \sum_j w_{kj}\, a_j + b_k, \qquad a_k = \sigma(z_k)",
    ("forward", "bishop"): r"a_j = \sum_i w_{ji}\, z_i, \qquad z_j = h(a_j)",
    ("forward", "rows"): r"Z_l = A_{l-1} W_l + \ones\, b_l, \qquad A_l = \sigma(Z_l)",
    ("error-signal", "iith"): r"\frac{\partial \ell}{\partial s^{l}_j}",
    ("error-signal", "fau"): r"\frac{\partial J}{\partial a_k}",
    ("error-signal", "goodfellow"): r"g = \nabla_{a^{(k)}} J",
    ("error-signal", "bishop"): r"\delta_j \equiv \frac{\partial E_n}{\partial a_j}",
    (
        "output-error",
        "fau",
    ): r"\frac{\partial J}{\partial a_k} = \frac{\partial J}{\partial \hat y_k} \quad \text{at the output}",
    (
        "output-error",
        "goodfellow",
    ): r"\begin{aligned} g &\leftarrow \nabla_{\hat y} L(\hat y, y) \\ g &\leftarrow g \odot f'\bigl(a^{(l)}\bigr) \end{aligned}",
    ("output-error", "bishop"): r"\delta_k = y_k - t_k",
    ("output-error", "rows"): r"D_{\nlayers} = \nabla_{A_{\nlayers}}\,\loss \had \sigma'(Z_{\nlayers})",
    (
        "hidden-error",
        "fau",
    ): r"\frac{\partial J}{\partial a^{(L-2)}_j} = \sum_k \frac{\partial J}{\partial a^{(L-1)}_k}\, \sigma'_k\, w_{kj}",
    (
        "hidden-error",
        "goodfellow",
    ): r"\begin{aligned} g &\leftarrow \bigl(W^{(k+1)}\bigr)^{\top} g \\ g &\leftarrow g \odot f'\bigl(a^{(k)}\bigr) \end{aligned}",
    ("hidden-error", "bishop"): r"\delta_j = h'(a_j) \sum_k w_{kj}\, \delta_k",
    ("hidden-error", "ng"): r"dZ^{[l]} = W^{[l+1]T} dZ^{[l+1]} * g^{[l]\prime}\bigl(Z^{[l]}\bigr)",
    ("hidden-error", "rows"): r"D_l = D_{l+1} W_{l+1}^{\T} \had \sigma'(Z_l)",
    (
        "weights",
        "fau",
    ): r"\frac{\partial J}{\partial w_{kj}} = \frac{\partial J}{\partial a_k}\, \sigma'_k\, a_j",
    ("weights", "goodfellow"): r"\nabla_{W^{(k)}} J = g\, \bigl(h^{(k-1)}\bigr)^{\top}",
    ("weights", "bishop"): r"\frac{\partial E_n}{\partial w_{ji}} = \delta_j\, z_i",
    ("weights", "rows"): r"\frac{\partial \cost}{\partial W_l} = \frac{1}{\nexamples}\, A_{l-1}^{\T} D_l",
    ("biases", "fau"): r"\frac{\partial J}{\partial b_k} = \frac{\partial J}{\partial a_k}\, \sigma'_k",
    ("biases", "goodfellow"): r"\nabla_{b^{(k)}} J = g",
    ("biases", "bishop"): r"\frac{\partial E_n}{\partial w_{j0}} = \delta_j",
    ("biases", "ng"): r"db^{[l]} = \frac{1}{m} \sum_{i=1}^{m} dz^{[l](i)}",
    ("biases", "rows"): r"\frac{\partial \cost}{\partial b_l} = \frac{1}{\nexamples}\, \ones^{\T} D_l",
    ("squared-error", "cmu"): r"\ell = \lVert o^{(L)}_{1:} - y \rVert^2",
    ("cost", "fau"): "J",
    ("cost", "bishop"): r"E = \sum_{n=1}^{N} E_n",
}


@cache
def case(loss="half_squared_error"):
    """A network with tanh units everywhere, as σ carries no layer in some texts, and four examples."""
    return random_case("tanh", "tanh", loss, 3, 4, seed=SEED)


@cache
def letters(profile):
    """The environment of a profile, with what its text says about a function or a loss without an index."""
    # CMU's squared error has no factor ½.
    net, X, Y = case("squared_error" if profile == "cmu" else "half_squared_error")
    table = profile_arrays(profile, net, X, Y)
    table |= {r"\sigma": np.tanh, r"\sigma'": lambda z: slope(np.tanh, z), "L": net.L}
    if profile == "nielsen":  # he drops the x of C_x in BP1 to BP4
        table |= {
            name.replace("C_x", "C"): v for name, v in table.items() if "C_x" in name and not callable(v)
        }
    if profile == "ng":  # names of derivatives of the cost
        cost = gradcheck.central_differences(net, X, Y)
        for l in range(1, net.L + 1):
            table |= {f"dW^{{[{l}]}}": cost.W[l], f"db^{{[{l}]}}": cost.b[l]}
    return net, table


def indices(net, first, last):
    """All layers and some units: l, j of layer l, k of the layer before or after."""
    for l in range(first, net.L + 1 - last):
        for j in (1, 2):
            for k in (1, 2):
                above = net.sizes[min(l + 1, net.L)]
                yield {"l": l, "j": j, "k": k, "i": 1, "range j": [{"j": j} for j in range(1, above + 1)]}


@pytest.mark.parametrize("profile", [notation.OWN, *NOTATION["profiles"]])
@pytest.mark.parametrize("label", OURS)
def test_our_formulas_in_every_notation(label, profile):
    net, table = letters(profile)
    tex = expand(equations()[label], notation.plain_macros(NOTATION["symbols"], profile))
    formula = Printed(f"{label} in the notation {profile}", tex)
    for case in indices(net, *OURS[label]):
        formula.holds(table | case, rtol=1e-5, atol=1e-8)


def forms():
    return [(name, text) for name, formula in NOTATION["formulas"].items() for text in formula["others"]]


@pytest.mark.parametrize(("name", "text"), forms())
def test_a_text_s_own_form(name, text):
    """Run in the text's letters, or word for word what this test was written for."""
    tex = spaced(NOTATION["formulas"][name]["others"][text]["form"])
    if (name, text) in PINNED:
        assert tex == PINNED[name, text]
        return
    net, table = letters(text)
    formula = Printed(f"{name} of {text}", tex)
    for case in indices(net, 1, name == "hidden-error"):
        formula.holds(table | case, rtol=1e-5, atol=1e-8)


def test_no_pin_is_needed_less():
    """A form that can be run is not pinned."""
    for (name, text), tex in PINNED.items():
        if text not in NOTATION["profiles"] or re.search(r"\\text", tex):
            continue
        net, table = letters(text)
        with pytest.raises((AssertionError, ValueError, TypeError, KeyError)):
            formula = Printed(f"{name} of {text}", tex)
            for case in indices(net, 1, name == "hidden-error"):
                formula.holds(table | case, rtol=1e-5, atol=1e-8)
    page.unfinished.clear()  # some were left half-way, as was expected
