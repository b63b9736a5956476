"""The worked example's listing: forward, backward and one step, every product and sum spelt out.

In the listing z[1]_2 is unit 2 of layer 1, z_2^(1) in the formulas; units count from 1. Its letters
are those of a course (`letters`). Every number comes from `forward` and `backward`; this module only
writes them down.
"""

import inspect
import textwrap

import numpy as np

from . import checks, network
from . import letters as notations
from .network import backward, cost, forward

MOST_PARAMETERS = 500  # beyond that nobody reads the listing


def explain(net, x, y, eta=0.5, notation=None):
    """Print one step of gradient descent on one example, with every product and sum.

    Args:
        net: a `Network` of at most 500 parameters.
        x: one input, (n_0,) or (n_0, 1).
        y: its label, (n_L,) or (n_L, 1), or a number where n_L = 1.
        eta: step size, > 0.
        notation: whose letters to use: one of `letters.profiles()`, such as "cmu"; None for the book's
            (or those that the environment variable BACKPROP_NOTATION names).

    Raises:
        ValueError: for a network that is too large, x or y of a wrong shape, eta <= 0, or an unknown
            notation.
        TypeError: for entries that are no real numbers.
    """
    print(listing(net, x, y, eta, notation))


def listing(net, x, y, eta=0.5, notation=None):
    """What `explain` prints, as a string. Arguments and errors as there."""
    s = notations.of(notation)
    size = sum(w.size for w in net.W[1:]) + sum(v.size for v in net.b[1:])
    if size > MOST_PARAMETERS:
        raise ValueError(f"net: expected at most {MOST_PARAMETERS} parameters to list, got {size}")
    if not eta > 0 or not np.isfinite(eta):
        raise ValueError(f"eta: expected a finite step size > 0, got {eta}")
    x = _column("x", x, net.sizes[0], net.dtype)
    y = _column("y", y, net.sizes[-1], net.dtype)
    fwd = forward(net, x)
    grads = backward(net, fwd, y)
    stepped = net.with_parameters(
        [None] + [w - eta * g for w, g in zip(net.W[1:], grads.W[1:], strict=True)],
        [None] + [v - eta * g for v, g in zip(net.b[1:], grads.b[1:], strict=True)],
    )
    after = forward(stepped, x)
    L = net.L
    sections = [
        ("Forward", forward_lines(net, fwd, s)),
        ("Loss", [loss_line(net, fwd, y, s)]),
        ("Output error", output_error_lines(net, fwd, y, grads, s)),
        *[
            (f"Hidden error, layer {l}", hidden_error_lines(net, fwd, grads, l, s))
            for l in range(L - 1, 0, -1)
        ],
        ("Gradients", gradient_lines(net, fwd, grads, s)),
        (f"Updated parameters, {s.step} = {eta:g}", update_lines(net, grads, stepped, eta, s)),
        ("After the step", [*_values(s.act, L, after.a[L]), loss_line(net, after, y, s)]),
    ]
    return "\n\n".join("\n".join([title, *("  " + line for line in lines)]) for title, lines in sections)


def code_of(what):
    """Print the code behind a formula, as it stands in the source.

    Args:
        what: a label such as "eq:delta-hidden", for the line of `backprop.network` that computes
            it; or a function, for its body without the docstring.

    Raises:
        ValueError: if no line carries the label; the message lists the labels there are.
    """
    if callable(what):
        body = inspect.getsource(what).split('"""')[-1]
        print(textwrap.dedent(body).strip())
        return
    lines = inspect.getsource(network).splitlines()
    found = [line.strip() for line in lines if line.rstrip().endswith(f"  # {what}")]
    if not found:
        known = sorted(line.split("  # ")[1] for line in lines if "  # eq:" in line)
        raise ValueError(f"what: expected a function or one of {', '.join(known)}, got {what!r}")
    print("\n".join(found))


def forward_lines(net, fwd, s):
    """All pre-activations and activations, layer by layer, in the letters `s`."""
    lines = []
    for l in range(1, net.L + 1):
        lines += pre_activation_lines(net, fwd, l, s) + activation_lines(net, fwd, l, s)
    return lines


def pre_activation_lines(net, fwd, l, s):
    """Pre-activations of layer l, W a + b, unit by unit (`eq:pre-activation`); a folded bias comes first."""
    lines = []
    for j in range(net.sizes[l]):
        products = [f"{_f(w)}·{_f(a)}" for w, a in zip(net.W[l][j], fwd.a[l - 1][:, 0], strict=True)]
        b = _f(net.b[l][j, 0])
        total = " + ".join([f"{b}·1", *products] if s.folded else [*products, b])
        lines.append(f"{s.pre(l, j + 1)} = {total} = {_f(fwd.z[l][j, 0])}")
    return lines


def activation_lines(net, fwd, l, s):
    """Activations of layer l, σ(z), unit by unit (`eq:activation`)."""
    lines = []
    for j in range(net.sizes[l]):
        z, a = _f(fwd.z[l][j, 0]), _f(fwd.a[l][j, 0])
        lines.append(f"{s.act(l, j + 1)} = {_applied(net, fwd, l, j, z)} = {a}")
    return lines


def loss_line(net, fwd, y, s):
    """The loss of the example, ℓ(a, y)."""
    L = net.L
    pairs = [(_f(a), _f(t)) for a, t in zip(fwd.a[L][:, 0], y[:, 0], strict=True)]
    squares = " + ".join(f"({a} - {t})²" for a, t in pairs)
    terms = {
        "half_squared_error": f"½·({squares})" if len(pairs) > 1 else f"½·{squares}",
        "squared_error": squares,
        "binary_cross_entropy": " ".join(f"- {t}·ln {a} - (1 - {t})·ln(1 - {a})" for a, t in pairs),
        "cross_entropy": " ".join(f"- {t}·ln {a}" for a, t in pairs),
    }
    return f"{s.loss} = {terms[net.loss]} = {_f(cost(net, fwd, y))}"


def output_error_lines(net, fwd, y, grads, s):
    """δ of the output layer (`eq:delta-output`)."""
    L, lines = net.L, []
    a, d = fwd.a[L][:, 0], grads.delta[L][:, 0]
    if net.loss_function.value_from_z is not None:
        return [f"{s.err(L, k + 1)} = {_f(a[k])} - {_f(y[k, 0])} = {_f(d[k])}" for k in range(len(a))]
    g = net.loss_function.gradient(fwd.a[L], y)
    factor = "2·" if net.loss == "squared_error" else ""
    for k in range(len(a)):
        difference = f"{factor}({_f(a[k])} - {_f(y[k, 0])})"
        lines.append(f"∂{s.loss}/∂{s.act(L, k + 1)} = {difference} = {_f(g[k, 0])}")
    return lines + _through_activation(net, fwd, grads, L, g, s)


def hidden_error_lines(net, fwd, grads, l, s):
    """δ of layer l from that of layer l + 1 (`eq:delta-hidden`)."""
    W, d = net.W[l + 1], grads.delta[l + 1][:, 0]
    g = W.T @ grads.delta[l + 1]
    lines = []
    for j in range(net.sizes[l]):
        products = " + ".join(f"{_f(w)}·{_f(v)}" for w, v in zip(W[:, j], d, strict=True))
        lines.append(f"({s.weight(l + 1)}ᵀ{s.err(l + 1)})_{j + 1} = {products} = {_f(g[j, 0])}")
    return lines + _through_activation(net, fwd, grads, l, g, s)


def gradient_lines(net, fwd, grads, s):
    """All gradients, from the last layer to the first, in the letters `s`."""
    lines = []
    for l in range(net.L, 0, -1):
        lines += weight_gradient_lines(net, fwd, grads, l, s) + bias_gradient_lines(net, grads, l, s)
    return lines


def weight_gradient_lines(net, fwd, grads, l, s):
    """∂ℓ/∂W = δ aᵀ of layer l, entry by entry (`eq:gradient-weights`)."""
    d, a = grads.delta[l][:, 0], fwd.a[l - 1][:, 0]
    return [
        f"∂{s.loss}/∂{s.weight(l, j + 1, k + 1)} = {_f(d[j])}·{_f(a[k])} = {_f(grads.W[l][j, k])}"
        for j, k in np.ndindex(*net.W[l].shape)
    ]


def bias_gradient_lines(net, grads, l, s):
    """∂ℓ/∂b = δ of layer l, entry by entry (`eq:gradient-bias`)."""
    return [f"∂{s.loss}/∂{s.bias(l, j + 1)} = {_f(g)}" for j, g in enumerate(grads.b[l][:, 0])]


def update_lines(net, grads, stepped, eta, s):
    """Each parameter minus η times its gradient, with more digits: the steps are small."""
    lines = []
    for l in range(net.L, 0, -1):
        for j, k in np.ndindex(*net.W[l].shape):
            step = f"{_f(net.W[l][j, k])} - {eta:g}·{_f(grads.W[l][j, k])}"
            lines.append(f"{s.weight(l, j + 1, k + 1)} ← {step} = {stepped.W[l][j, k]:.8f}")
        for j in range(net.sizes[l]):
            step = f"{_f(net.b[l][j, 0])} - {eta:g}·{_f(grads.b[l][j, 0])}"
            lines.append(f"{s.bias(l, j + 1)} ← {step} = {stepped.b[l][j, 0]:.10f}")
    return lines


def _through_activation(net, fwd, grads, l, upstream, s):
    """δ = J_σ(z)ᵀ g for the layer l, element-wise or softmax."""
    lines = []
    row, z, g, d = net.sigma[l], fwd.z[l], upstream[:, 0], grads.delta[l][:, 0]
    if row.derivative is None:
        a = fwd.a[l][:, 0]
        dot = " + ".join(f"{_f(p)}·{_f(q)}" for p, q in zip(a, g, strict=True))
        lines.append(f"dot = {dot} = {_f(a @ g)}")
        for j in range(len(d)):
            lines.append(f"{s.err(l, j + 1)} = {_f(a[j])}·({_f(g[j])} - {_f(a @ g)}) = {_f(d[j])}")
        return lines
    slope = row.derivative(z)[:, 0]
    for j in range(len(d)):
        lines.append(f"{row.name}'({_f(z[j, 0])}) = {_f(slope[j])}")
    for j in range(len(d)):
        lines.append(f"{s.err(l, j + 1)} = {_f(g[j])}·{_f(slope[j])} = {_f(d[j])}")
    return lines


def _applied(net, fwd, l, j, z):
    """How a[l]_j comes from the pre-activations: σ(z_j), or softmax with its sum."""
    if net.sigma[l].derivative is not None:
        return f"{net.activations[l]}({z})"
    total = " + ".join(f"exp({_f(v)})" for v in fwd.z[l][:, 0])
    return f"exp({z})/({total})"


def _values(name, l, column):
    return [f"{name(l, j + 1)} = {_f(v)}" for j, v in enumerate(column[:, 0])]


def _column(name, value, n, dtype):
    """One example as a column (n, 1), from (n,), (n, 1) or, for n = 1, a number."""
    array = np.asarray(value)
    if array.ndim == 1 or (array.ndim == 0 and n == 1):
        value = array.reshape(-1, 1)
    return checks.real_array(name, value, (n, 1), dtype)


def _f(value):
    """Six decimals; eight for a number below 0.01 that is not 0, to keep its digits."""
    return f"{value:.8f}" if 0 < abs(value) < 0.01 else f"{value:.6f}"
