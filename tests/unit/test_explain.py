"""The listing: every line's arithmetic is right, and the worked example's numbers are the known ones."""

import math
import re

import numpy as np
import pytest

import backprop as bp
from backprop import letters
from backprop.explain import listing

from .nets import PAIRS, random_case

NAMES = {
    "identity": lambda t: t,
    "sigmoid": lambda t: 1 / (1 + math.exp(-t)),
    "tanh": math.tanh,
    "relu": lambda t: max(t, 0.0),
    "leaky_relu": lambda t: t if t > 0 else 0.01 * t,
    "prelu": lambda t: t if t > 0 else 0.25 * t,
    "elu": lambda t: t if t > 0 else math.expm1(t),
    "gelu": lambda t: t * 0.5 * (1 + math.erf(t / math.sqrt(2))),
    "softplus": lambda t: math.log1p(math.exp(t)),
}


def worked_example(notation=None):
    net = bp.Network(
        [None, [[0.15, 0.20], [0.25, 0.30], [0.35, 0.40]], [[0.40, 0.45, 0.50]]],
        [None, [[0.35]] * 3, [[0.60]]],
        ["sigmoid", "sigmoid"],
        "half_squared_error",
    )
    return listing(net, [0.05, 0.10], 0.01, eta=0.5, notation=notation)


def arithmetic(text):
    """The value of a formula as the listing prints it."""
    text = re.sub(r"(\w+)'\(([^()]*)\)", r"slope('\1', \2)", text)
    text = re.sub(r"ln\(1 - ([\d.]+)\)", r"log(1 - \1)", text)
    text = re.sub(r"ln ([\d.]+)", r"log(\1)", text)
    text = text.replace("½", "0.5").replace("²", "**2").replace("·", "*").replace("−", "-")
    slope = lambda name, t: (NAMES[name](t + 1e-6) - NAMES[name](t - 1e-6)) / 2e-6
    return eval(text, {"__builtins__": {}}, NAMES | {"exp": math.exp, "log": math.log, "slope": slope})


def check_lines(text):
    lines = [line.strip() for line in text.splitlines() if " = " in line or " ← " in line]
    checked = 0
    for line in lines:
        *formulas, value = re.split(r" = ", re.sub(r"^.*? ← ", "", line) if "←" in line else line)
        if line.startswith("Updated"):
            continue
        formula = formulas[-1] if ("←" in line or len(formulas) > 1 or "'" in formulas[-1]) else None
        if formula is None or ("∂" in formula or "[" in formula):
            continue
        expected = arithmetic(formula)
        # Numbers are printed to six decimals, hence the result is only as good as they are.
        assert float(value) == pytest.approx(expected, rel=5e-5, abs=2e-5), line
        checked += 1
    return checked


def test_the_worked_example_has_the_known_numbers():
    text = worked_example()
    for number in """
        0.377500 0.392500 0.407500 0.593270 0.596884 0.600488 1.406150 0.803158 0.314550 0.158095
        0.125394 0.050158 0.056428 0.062697 0.241301 0.240613 0.239902 0.012103 0.013577 0.015041
        0.074393 0.074846 0.075298 0.00060516 0.00121031 0.00067886 0.00135772 0.00075206 0.00150412
        0.36280361 0.41257699 0.46235104 0.14969742 0.19939484 0.24966057 0.29932114 0.34962397
        0.39924794 0.5373027536 0.3439484440 0.3432113906 0.3424793992 0.781491 0.297599
    """.split():
        assert re.search(rf"= {re.escape(number)}$", text, re.M), number


def test_every_line_of_the_worked_example_computes():
    # 8 forward, 1 loss, 3 + 9 errors, 9 products, 13 updates, 1 loss after
    assert check_lines(worked_example()) == 44


def test_sections_in_order():
    titles = [line for line in worked_example().splitlines() if line and not line.startswith(" ")]
    assert titles == ["Forward", "Loss", "Output error", "Hidden error, layer 1", "Gradients",
                      "Updated parameters, η = 0.5", "After the step"]  # fmt: skip


@pytest.mark.parametrize("notation", letters.profiles())
def test_the_listing_in_every_notation_has_the_same_numbers(notation):
    numbers = lambda text: sorted(re.findall(r"(?<=[=←] )-?\d\.\d{6,}$|= (-?\d\.\d{6,})$", text, re.M))
    text = worked_example(notation)
    assert numbers(text) == numbers(worked_example("book"))
    assert check_lines(text) == 44
    s = letters.of(notation)
    for name in (s.pre(1, 2), s.act(1, 2), s.err(1, 3), s.weight(1, 2, 1), s.bias(1, 3), s.loss):
        assert re.search(rf"^  (∂{s.loss}/∂)?{re.escape(name)} [=←] ", text, re.M), name
    assert f"Updated parameters, {s.step} = 0.5" in text


def test_a_folded_bias_is_the_weight_of_an_entry_that_is_1():
    text = worked_example("cmu")
    assert "  s[1]_1 = 0.350000·1 + 0.150000·0.050000 + 0.200000·0.100000 = 0.377500" in text
    assert "  W[1]_3,0 ← 0.350000 - 0.5·0.015041 = 0.3424793992" in text
    assert "b[" not in text and "z[" not in text and "a[" not in text


@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", ["tanh", "softmax", "elu"])
def test_every_line_computes_for_any_network(hidden, output, loss):
    net, X, Y = random_case(hidden, output, loss, 3, 1, seed=4)
    assert check_lines(listing(net, X, Y, 0.1)) > 50


def test_explain_prints_the_listing_and_returns_nothing(capsys):
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=4)
    assert bp.explain(net, X, Y) is None
    assert capsys.readouterr().out == listing(net, X, Y, 0.5) + "\n"


def test_one_example_in_any_form():
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=4)
    assert listing(net, X[:, 0], Y[:, 0]) == listing(net, X.tolist(), Y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.ones((3, 2))}, r"x: expected shape \(3, 1\), got \(3, 2\)"),
        ({"x": np.ones(2)}, r"x: expected shape \(3, 1\), got \(2, 1\)"),
        ({"y": 1.0}, r"y: expected shape \(3, 1\), got \(\)"),
        ({"notation": "mit"}, "notation: expected one of book, cmu, .*, got 'mit'"),
        ({"eta": 0}, "eta: expected a finite step size > 0, got 0"),
        ({"eta": float("inf")}, "eta: expected a finite step size > 0, got inf"),
    ],
)
def test_bad_arguments(arguments, message):
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 1, seed=4)
    with pytest.raises(ValueError, match=message):
        bp.explain(net, **({"x": X, "y": Y, "eta": 0.5} | arguments))


def test_a_large_network_is_not_listed():
    net = bp.Network.random([30, 20, 3])
    with pytest.raises(ValueError, match="expected at most 500 parameters to list, got 683"):
        bp.explain(net, np.ones(30), [1, 0, 0])


def test_the_line_of_a_label_and_the_body_of_a_function_are_printed(capsys):
    bp.code_of("eq:delta-hidden")
    assert capsys.readouterr().out == (
        "delta[l] = sigma[l].vjp(z[l], W[l + 1].T @ delta[l + 1])  # eq:delta-hidden\n"
    )
    bp.code_of(bp.activations.softmax)
    assert capsys.readouterr().out == (
        "e = np.exp(z - z.max(axis=0, keepdims=True))\nreturn e / e.sum(axis=0, keepdims=True)\n"
    )


def test_every_line_with_a_label_can_be_asked_for(capsys):
    labels = ["eq:pre-activation", "eq:activation", "eq:delta-output", "eq:delta-hidden"]
    for label in [*labels, "eq:gradient-weights", "eq:gradient-bias"]:
        bp.code_of(label)
        assert capsys.readouterr().out.count(label) == 1
    with pytest.raises(
        ValueError, match=r"what: expected a function or one of eq:activation, .*got 'eq:bp2'"
    ):
        bp.code_of("eq:bp2")
