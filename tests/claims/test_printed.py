"""The evaluator of printed formulas: what it reads, and what it refuses."""

import numpy as np
import pytest

from .printed.evaluate import Ambiguous, Evaluator
from .printed.page import Printed
from .printed.tex import TexError, parse

A = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
c, d = np.array([[1.0], [-2.0]]), np.array([[0.5], [2.0], [1.0]])
ENV = {
    "A": A, "c": c, "d": d, "t": 3.0, "f": lambda t: t**2, "f'": lambda t: 2 * t, "n": 3, "s_": [None, 1.0, 4.0, 9.0],
    "l": 2, r"\W": lambda l: {2: A, 3: A.T}[l], r"\err": lambda l: {2: d, 3: c}[l], r"\nlayers": 3, "i": 1, "j": 2,
    r"\dactf": lambda l: lambda z: z + l, r"\pre": lambda l: d * l, r"dy/du_": lambda i: 10.0 * i, "e": np.e,
    "w_": lambda j, k: 10 * j + k, r"\cost": 5.0, r"\nabla_{\out}\loss": d, "x": 2.0, "u": 7.0,
}  # fmt: skip


def value(tex, **more):
    ((_, sides),), conditions = parse(tex)
    assert conditions == []
    return Evaluator(ENV | more)(sides[0])


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"2t - \frac{1}{2}", 5.5),
        (r"\tfrac12 t^2", 4.5),
        (r"-t^2", -9),
        (r"f(t + 1)\,t", 48),
        (r"f'(t)^2", 36),
        (r"f\bigl(f(t)\bigr)", 81),
        (r"2u \cdot 3", 42),
        (r"x^2 \sin\frac1x", 4 * np.sin(0.5)),
        (r"e^{\sin(x^2)}", np.exp(np.sin(4))),
        (r"\sum_{k=1}^{n} s_k", 14),
        (r"\sum_{k=2}^{n} k\,s_{k-1} + 1", 2 + 12 + 1),
        (r"\sum_{k=1}^{n} (s_k - 1)^2", 0 + 9 + 64),
        (r"\prod_{k=1}^{n} s_k", 36),
        (r"\max_{1 \le k \le n} (k - s_k)", 0),
        (r"\max\bigl(t, \lvert -4 \rvert\bigr)", 4),
        (r"\sqrt{s_3}\,\sqrt[3]{27}", 9),
        (r"3 t / s_2", 2.25),
        (r"1/n \cdot 1/n", 1 / 9),
        (r"\norm{c}^2", 5),
        (r"[i = j] + [i < j]", 1),
        (r"w_{ij} + w_{j,i}", 12 + 21),
        (r"\frac{dy}{du_j}\,t", 60),
        (r"\begin{cases} t & \text{if } t < 2, \\ 2t & \text{otherwise.} \end{cases}", 6),
        (r"c^{\T} c", 5),
    ],
)
def test_numbers(tex, expected):
    assert value(tex) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"A c", A @ c),
        (r"2\,A c + d", 2 * A @ c + d),
        (r"\bigl(\W{l}\bigr)^{\T} \err{l}", A.T @ d),
        (r"d\,c^\T", d @ c.T),
        (r"(A c) \had d", A @ c * d),
        (r"2\,(d - A c) \had d", 2 * (d - A @ c) * d),
        (r"\dactf{l}(\pre{l}) \had d", (2 * d + 2) * d),
        (r"\diag(c)", np.diag([1.0, -2.0])),
        (r"\diag \dactf{1}(\pre{1}) \, A", np.diag((d + 1)[:, 0]) @ A),
        (r"\prod_{r=2}^{3} \W{r}", A @ A.T),
        (r"[A]_{1, \dots, 2}", A[1:]),
        (r"\begin{bmatrix} 1 \\ c \end{bmatrix}", np.vstack([[[1.0]], c])),
        (r"\begin{bmatrix} d & A \end{bmatrix}", np.hstack([d, A])),
        (r"\begin{pmatrix} t & 1 \\ -1 & 2t \end{pmatrix}", [[3, 1], [-1, 6]]),
        (r"\nabla_{\out}\,\loss", d),
    ],
)
def test_arrays(tex, expected):
    np.testing.assert_allclose(value(tex), expected, rtol=1e-14)


@pytest.mark.parametrize(
    "tex",
    [
        r"A^\T d \had c", r"c \had A^\T d", r"1/2t", r"t/s_1 s_2",
    ],
)  # fmt: skip
def test_what_brackets_would_have_to_explain_is_refused(tex):
    with pytest.raises(Ambiguous):
        value(tex)


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"A d", "do not fit"),
        (r"c + d", "shapes"),
        (r"c + 1", "shapes"),
        (r"c \had d", "shapes"),
        (r"c \had t", "two arrays"),
        (r"c^2", "power"),
        (r"\frac{t}{c}", "number below"),
        (r"\sin c", "of an array"),
        (r"\diag(A)", "no column"),
        (r"[A]_{1, \dots, 3}", "rows 1 to 3"),
        (r"f + 1", "without its argument"),
        (r"f\,c", "without its argument"),
        (r"(t, c)", "no function"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", "different width"),
    ],
)
def test_what_does_not_fit_is_refused(tex, reason):
    with pytest.raises(TexError, match=reason):
        value(tex)


@pytest.mark.parametrize(
    "tex", [r"\weights{l}", r"\act{l}^a^b", r"\act_l", "t +", r"t \had", r"\begin{array} t \end{array}"]
)
def test_what_is_no_formula_is_refused(tex):
    with pytest.raises(TexError):
        value(tex)


def test_a_name_without_a_value_is_refused():
    for tex in (r"\act{l}", "q", "q_i", r"\frac{\partial \loss}{\partial \W{l}}"):
        with pytest.raises(KeyError, match="no value"):
            value(tex)


def formula(tex, conditions=()):
    return Printed("eq:here", tex, conditions)


def test_statements_and_words():
    found = formula(
        r"\begin{aligned} t &= 3 \\ &\quad {} + 0, \\ c^\T c &= 5 \quad \text{for } l < 4. \end{aligned}",
        [r"\text{for }l<4"],
    )
    assert len(found.statements) == 2
    found.holds(ENV)
    with pytest.raises(AssertionError, match="under the words"):
        formula(r"t = 3 \quad \text{for } l < 4")


@pytest.mark.parametrize(
    "tex", ["t = 3 = 4", "t < 3", r"t \le 2", r"t \ge 4", r"A c = c^\T A^\T", r"t = 7 + 3", r"t \approx 4"]
)
def test_what_is_false_fails(tex):
    with pytest.raises(AssertionError, match=r"false|shapes"):
        formula(tex).holds(ENV, approx=1e-3)


def test_an_arrow_changes_what_stands_below_it():
    formula(r"\begin{aligned} t &\leftarrow 2t \\ x &\leftarrow x + t \end{aligned}").holds(
        ENV, after={"t": 6.0, "x": 8.0}
    )
    with pytest.raises(AssertionError, match="false"):
        formula(r"\begin{aligned} t &\leftarrow 2t \\ x &\leftarrow x + t \end{aligned}").holds(
            ENV, after={"t": 6.0, "x": 5.0}
        )
