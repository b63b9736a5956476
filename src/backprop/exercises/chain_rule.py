"""Exercises of chapter 1: the chain rule."""

import numpy as np

from .. import chain_rule, graph
from .exercise import Choice, Exercise, Formula, Number, Option, Order, Program, Slip, tex
from .tried import tried

CHAPTER = "01-chain-rule"


def remainder(text):
    """The largest |f(h) − f(0) − f′(0) h| over some steps h."""
    at = graph.expression(text, x=0.0)
    steps = (-2.0, -1.0, -0.3, 0.4, 1.0, 2.0)
    return max(abs(graph.expression(text, x=h).value - at.value - at.grad["x"] * h) for h in steps)


affine = Exercise(
    name="exact-first-order",
    title="Where first order is everything",
    chapter=CHAPTER,
    trains=("eq:first-order",),
    level=1,
    minutes=3,
    task=lambda rng: dict(zip("abc", (int(n) for n in rng.choice(np.arange(2, 10), 3)), strict=True)),
    text=lambda t: r"Let $\Delta y = f(0 + \Delta x) - f(0)$ be the true change of $y = f(x)$ from $x = 0$.",
    steps=(
        Choice(
            "exact",
            r"For which $f$ is $\Delta y = f'(0)\,\Delta x$ exactly right for *every* $\Delta x$?",
            lambda t: 0.0,
            (
                Option(
                    lambda t: f"$f(x) = x^2 + {t.a}$",
                    lambda t: remainder(f"x^2 + {t.a}"),
                    r"Here $f'(0) = 0$, but $\Delta y = (\Delta x)^2$: slope 0 does not mean no change.",
                    ("eq:first-order",),
                ),
                Option(
                    lambda t: rf"$f(x) = {t.b}\sin x$",
                    lambda t: remainder(f"{t.b}*sin(x)"),
                    r"That $\sin x$ is nearly $x$ holds for small $x$ only; the remainder is not 0.",
                    ("eq:first-order",),
                ),
                Option(
                    lambda t: f"$f(x) = {t.a}x - {t.c}$",
                    lambda t: remainder(f"{t.a}*x - {t.c}"),
                    "The graph is a straight line, and only straight lines have no remainder.",
                ),
                Option(
                    lambda t: f"$f(x) = x^3 + {t.c}x$",
                    lambda t: remainder(f"x^3 + {t.c}*x"),
                    r"The second derivative at 0 is 0, but $\Delta y = f'(0)\,\Delta x + (\Delta x)^3$.",
                    ("eq:first-order",),
                ),
            ),
        ),
    ),
    hints=(
        r"Write down $f(h) - f(0)$ and $f'(0)\,h$ for each.",
        "Which difference of the two is 0 for every $h$?",
    ),
    solution=lambda t: (
        rf"For $f(x) = {t.a}x - {t.c}$ one has $f(h) - f(0) = {t.a}h = f'(0)\,h$. In general "
        r"$f(h) = f(0) + f'(0)\,h$ for every $h$ says that the graph is a straight line. The other three "
        r"leave "
        rf"$h^2$, ${t.b}(\sin h - h)$ and $h^3$."
    ),
)


def root_chain(rng):
    """The chain y = √(c + e^{kx}) in four steps, with `chain_rule.sweep` through them."""
    k, c, x = int(rng.integers(2, 5)), int(rng.integers(1, 9)), int(rng.integers(-6, 7)) / 10
    steps = [
        (lambda v: k * v, lambda v: float(k)),
        (np.exp, np.exp),
        (lambda v: c + v, lambda v: 1.0),
        (np.sqrt, lambda v: 0.5 / np.sqrt(v)),
    ]
    u, slopes, adjoints = chain_rule.sweep(steps, x)
    return {
        "k": k,
        "c": c,
        "x": x,
        "u": np.array(u[1:]),
        "s": np.array(slopes[1:]),
        "d": np.array(adjoints[:-1]),
    }


by_hand = Exercise(
    name="chain-by-hand",
    title="A chain by hand, forward and backward",
    chapter=CHAPTER,
    trains=("eq:chain-rule",),
    level=1,
    minutes=10,
    task=root_chain,
    text=lambda t: (
        rf"Break $y = \sqrt{{{t.c} + e^{{{t.k}x}}}}$ into $u_1 = {t.k}x$, $u_2 = e^{{u_1}}$, $u_3 = {t.c} + "
        rf"u_2$, $y = \sqrt{{u_3}}$, and make the table of values and derivatives at $x = {t.x}$."
    ),
    steps=(
        Number("values", "The values $u_1, u_2, u_3, y$", lambda t: t.u),
        Number(
            "slopes",
            r"The local derivatives $\frac{du_1}{dx}, \frac{du_2}{du_1}, \frac{du_3}{du_2}, \frac{dy}{du_3}$",
            lambda t: np.array([t.k, t.values[1], 1, 0.5 / np.sqrt(t.values[2])]),
            (
                Slip(
                    "½ forgotten",
                    lambda t: t.s * [1, 1, 1, 2],
                    r"The derivative of $\sqrt{u}$ has a ½: $1/(2\sqrt u)$.",
                ),
                Slip(
                    "slope at the wrong place",
                    lambda t: np.array([t.k, np.exp(t.x), 1, t.s[3]]),
                    "You took the derivative of the exponential function at $x$. It is taken at its own "
                    "input, $u_1$.",
                    ("eq:chain-rule",),
                ),
            ),
        ),
        Number(
            "derivatives",
            r"The derivatives of $y$ by $x, u_1, u_2, u_3$",
            lambda t: np.cumprod(t.slopes[::-1])[::-1],
            (
                Slip(
                    "from the input",
                    lambda t: np.cumprod(t.slopes),
                    "You multiplied from the input on: these are derivatives *by $x$*. Start at $y$ and go "
                    "back.",
                    ("eq:chain-rule",),
                ),
                Slip(
                    "last inner derivative forgotten",
                    lambda t: np.cumprod(t.slopes[::-1])[::-1] / [t.k, 1, 1, 1],
                    "The factor of the first step is missing: $u_1$ changes faster than $x$.",
                    ("eq:chain-rule",),
                ),
            ),
        ),
    ),
    hints=(
        "Each value uses only the one above it. Each derivative uses only the one below it.",
        r"$\frac{dy}{du_2} = \frac{dy}{du_3} \cdot \frac{du_3}{du_2}$, and so on upward.",
        lambda t: rf"$y = {tex(t.u[3])}$ and $\frac{{dy}}{{du_3}} = \frac{{1}}{{2y}} = {tex(t.s[3])}$.",
    ),
    solution=lambda t: (
        "| | value | local derivative | derivative of $y$ by it |\n|---|---|---|---|\n"
        + f"| $x$ | {t.x} | | {tex(t.d[1])} · {t.k} = {tex(t.d[0])} |\n"
        + f"| $u_1$ | {tex(t.u[0])} | {t.k} | {tex(t.d[2])} · {tex(t.s[1])} = {tex(t.d[1])} |\n"
        + f"| $u_2$ | {tex(t.u[1])} | {tex(t.s[1])} | {tex(t.d[3])} · 1 = {tex(t.d[2])} |\n"
        + f"| $u_3$ | {tex(t.u[2])} | 1 | {tex(t.d[3])} |\n"
        + f"| $y$ | {tex(t.u[3])} | {tex(t.s[3])} | 1 |\n\n"
        + rf"In closed form $\frac{{dy}}{{dx}} = "
        rf"\frac{{{t.k} e^{{{t.k}x}}}}{{2\sqrt{{{t.c} + e^{{{t.k}x}}}}}}$."
    ),
)

product_rule = Exercise(
    name="product-from-paths",
    title="The product rule, from two paths",
    chapter=CHAPTER,
    trains=("eq:chain-rule-paths", "thm:chain-rule-paths"),
    level=1,
    minutes=5,
    task=lambda rng: {"n": int(rng.integers(2, 7)), "k": int(rng.integers(2, 10))},
    text=lambda t: (
        rf"Let $u_1 = x^{t.n}$, $u_2 = \sin({t.k}x)$ and $y = u_1 u_2$. Two paths lead from $x$ to $y$. "
        "Type formulas as `2*x^3*cos(4*x)`."
    ),
    steps=(
        Formula(
            "dydx",
            r"$\frac{dy}{dx}$",
            lambda t: f"{t.n}*x^{t.n - 1}*sin({t.k}*x) + {t.k}*x^{t.n}*cos({t.k}*x)",
            {"x": (0.2, 2.0)},
            (
                Slip(
                    "product of the derivatives",
                    lambda t: f"{t.n}*x^{t.n - 1}*{t.k}*cos({t.k}*x)",
                    "You multiplied the two derivatives. Each path has its own product, and the products "
                    "are added.",
                    ("eq:chain-rule-paths",),
                ),
                Slip(
                    "inner derivative forgotten",
                    lambda t: f"{t.n}*x^{t.n - 1}*sin({t.k}*x) + x^{t.n}*cos({t.k}*x)",
                    "The sine has an inner function, and its derivative is missing as a factor.",
                    ("eq:chain-rule",),
                ),
                Slip(
                    "sign of the cosine",
                    lambda t: f"{t.n}*x^{t.n - 1}*sin({t.k}*x) - {t.k}*x^{t.n}*cos({t.k}*x)",
                    "The derivative of the sine is plus the cosine; the minus belongs to the cosine's own.",
                ),
                Slip(
                    "one path only",
                    lambda t: f"{t.n}*x^{t.n - 1}*sin({t.k}*x)",
                    "This is the path through $u_1$ alone. The other one, through $u_2$, is added to it.",
                    ("eq:chain-rule-paths",),
                ),
            ),
        ),
    ),
    hints=(
        r"One path goes through $u_1$, one through $u_2$; the sum of both is $\frac{dy}{dx}$.",
        r"The partial derivatives of $y = u_1 u_2$ are $u_2$ and $u_1$.",
        lambda t: rf"$\frac{{du_2}}{{dx}} = {t.k}\cos({t.k}x)$.",
    ),
    solution=lambda t: (
        rf"$$\frac{{dy}}{{dx}} = u_2 \frac{{du_1}}{{dx}} + u_1 \frac{{du_2}}{{dx}} = \sin({t.k}x) \cdot "
        rf"{t.n} x^{{{t.n - 1}}} + x^{{{t.n}}} \cdot {t.k} \cos({t.k}x)$$"
    ),
)

power = Exercise(
    name="power-of-itself",
    title="A variable in base and exponent",
    chapter=CHAPTER,
    trains=("eq:chain-rule-paths", "thm:chain-rule-paths"),
    level=2,
    minutes=8,
    task=lambda rng: {"k": int(rng.integers(2, 6)), "x": float(rng.choice([0.5, 1.2, 1.5, 2.0]))},
    text=lambda t: (
        f"Find the derivative of $y = x^{{{t.k}x}}$ for $x > 0$ with two paths, $y = u_1^{{u_2}}$ with $u_1 "
        f"= x$ and $u_2 = {t.k}x$, and its value at $x = {t.x}$. Write `ln(x)` for the logarithm."
    ),
    steps=(
        Formula(
            "dydx",
            r"$\frac{dy}{dx}$",
            lambda t: f"{t.k}*x^({t.k}*x)*(1 + ln(x))",
            {"x": (0.3, 2.0)},
            (
                Slip(
                    "power rule alone",
                    lambda t: f"{t.k}*x*x^({t.k}*x - 1)",
                    "You let the exponent stand still: this is the path through the base only. Add the "
                    "other one.",
                    ("eq:chain-rule-paths",),
                ),
                Slip(
                    "exponential rule alone",
                    lambda t: f"{t.k}*x^({t.k}*x)*ln(x)",
                    "You let the base stand still: this is the path through the exponent only. Add the "
                    "other one.",
                    ("eq:chain-rule-paths",),
                ),
                Slip(
                    "inner derivative forgotten",
                    lambda t: f"x^({t.k}*x)*({t.k} + ln(x))",
                    r"On the path through the exponent the factor $\frac{du_2}{dx}$ is missing.",
                    ("eq:chain-rule",),
                ),
            ),
        ),
        Number(
            "value",
            "Its value at that point, to three decimals",
            lambda t: graph.expression(f"x^({t.k}*x)", x=t.x).grad["x"],
            (
                Slip(
                    "base 10",
                    lambda t: t.k * t.x ** (t.k * t.x) * (1 + np.log10(t.x)),
                    "You took the logarithm to base 10. Derivatives of powers have the natural one.",
                ),
            ),
            3,
        ),
    ),
    hints=(
        "Differentiate once as if only the base were variable, once as if only the exponent were.",
        r"The partial derivatives are $u_2 u_1^{u_2 - 1}$ and $u_1^{u_2} \ln u_1$.",
        lambda t: f"The paths' sum has the common factor ${t.k}\\,x^{{{t.k}x}}$.",
    ),
    solution=lambda t: (
        rf"On the open set where $u_1 > 0$ both partial derivatives are continuous, so $y$ is "
        rf"differentiable."
        "\n\n"
        rf"$$\frac{{dy}}{{dx}} = {t.k}x \cdot x^{{{t.k}x - 1}} \cdot 1 + x^{{{t.k}x}} \ln x \cdot {t.k} = "
        rf"{t.k}\,x^{{{t.k}x}} (1 + \ln x)$$"
        f"\n\nAt $x = {t.x}$ this is {tex(t.value, 3)}."
    ),
)


def layouts(rng):
    """Maps u = P x and y = q u with sizes that fit in one order only; and two square matrices."""
    n, m = (int(v) for v in rng.choice([2, 3, 4], 2, replace=False))
    shapes = {"P": (m, n), "q": (1, m), "A": (2, 2), "B": (2, 2)}
    drawn = {name: rng.choice([-3, -2, -1, 1, 2, 3], shape) for name, shape in shapes.items()}
    return drawn | {"n": n, "m": m}


def multiplied(p, q):
    return p @ q if p.shape[1] == q.shape[0] else "does not exist"


def poll_option(text, value, because):
    """An option that computes with ∂y/∂u and ∂u/∂x in denominator layout."""
    return Option(text, lambda t: value(t.q.T, t.P.T), because, ("eq:chain-rule-denominator", "jacobians"))


layout_poll = Exercise(
    name="layout-poll",
    title="The layout poll",
    chapter=CHAPTER,
    trains=("eq:chain-rule-denominator",),
    level=2,
    minutes=8,
    task=layouts,
    text=lambda t: (
        rf"Let $u = g(x)$ and $y = f(u)$, where $x$ is a column of {t.n} entries, $u$ a column of {t.m} and "
        rf"$y$ a number. "
        "Then let $v = P x$ and $w = Q v$ be columns of two entries, so that every shape fits:"
        rf"{chr(10)}{chr(10)}$$P = {tex(t.A, 0)}, \qquad Q = {tex(t.B, 0)}$$"
    ),
    steps=(
        Choice(
            "rule",
            r"Which is $\frac{\partial y}{\partial x}$ in *denominator* layout?",
            lambda t: chain_rule.derivative(
                lambda x: (t.q @ t.P @ x)[0, 0], np.ones((t.n, 1)), "denominator"
            ),
            (
                poll_option(
                    r"$\frac{\partial y}{\partial u}\,\frac{\partial u}{\partial x}$",
                    multiplied,
                    "This is the order of numerator layout. With these shapes the product does not exist.",
                ),
                poll_option(
                    r"$\bigl(\frac{\partial y}{\partial u}\bigr)^\T \frac{\partial u}{\partial x}$",
                    lambda y, u: multiplied(y.T, u),
                    "A row times a matrix with too few rows: it does not exist.",
                ),
                poll_option(
                    r"$\frac{\partial y}{\partial u}\,\bigl(\frac{\partial u}{\partial x}\bigr)^\T$",
                    lambda y, u: multiplied(y, u.T),
                    "A column times a matrix of several rows: it does not exist.",
                ),
                poll_option(
                    r"$\bigl(\frac{\partial y}{\partial u}\bigr)^\T \bigl(\frac{\partial u}{\partial "
                    r"x}\bigr)^\T$",
                    lambda y, u: multiplied(y.T, u.T),
                    "The right numbers, as a row: that is numerator layout.",
                ),
                poll_option(
                    r"$\bigl(\frac{\partial y}{\partial u}\,\frac{\partial u}{\partial x}\bigr)$",
                    multiplied,
                    "Parentheses change nothing: it is the first option again.",
                ),
                poll_option(
                    "none of the above",
                    lambda y, u: multiplied(u, y),
                    r"It is $\frac{\partial u}{\partial x}\,\frac{\partial y}{\partial u}$, the inner "
                    r"derivative first.",
                ),
            ),
        ),
        Number(
            "square",
            r"$\frac{\partial w}{\partial x}$ in denominator layout",
            lambda t: (t.B @ t.A).T,
            (
                Slip(
                    "outer first",
                    lambda t: t.B.T @ t.A.T,
                    "You put the outer derivative first. In denominator layout the inner one comes first; "
                    "with equal sizes the shapes do not warn you.",
                    ("eq:chain-rule-denominator",),
                ),
                Slip(
                    "numerator layout",
                    lambda t: t.B @ t.A,
                    "This is the Jacobian, numerator layout. Denominator layout is its transpose.",
                    ("eq:chain-rule-denominator",),
                ),
                Slip(
                    "wrong product",
                    lambda t: t.A @ t.B,
                    r"From $w = Q P x$ follows a product with $Q$ on the left.",
                    ("eq:chain-rule-jacobian",),
                ),
            ),
            0,
        ),
    ),
    hints=(
        r"In denominator layout $\frac{\partial u}{\partial x}$ has a row for each entry of $x$.",
        lambda t: (
            rf"$\frac{{\partial u}}{{\partial x}}$ is {t.n} × {t.m}, $\frac{{\partial y}}{{\partial u}}$ is "
            rf"{t.m} × 1."
        ),
        r"$w = (QP)\,x$; in denominator layout its derivative is $(QP)^\T = P^\T Q^\T$.",
    ),
    solution=lambda t: (
        rf"$\frac{{\partial u}}{{\partial x}}$ is {t.n} × {t.m}, $\frac{{\partial y}}{{\partial u}}$ is "
        rf"{t.m} × 1, and $\frac{{\partial y}}{{\partial x}}$ must be {t.n} × 1. A and E would be ({t.m} × "
        rf"1)({t.n} × {t.m}), "
        f"B (1 × {t.m})({t.n} × {t.m}), C ({t.m} × 1)({t.m} × {t.n}): they do not exist. D is (1 × "
        f"{t.m})({t.m} × {t.n}), a row. So **F**: the right answer has the inner derivative first.\n\n"
        r"$$\frac{\partial w}{\partial x} = \frac{\partial v}{\partial x}\,\frac{\partial w}{\partial v} = "
        r"P^\T Q^\T = "
        rf"{tex(t.square, 0)}, \qquad \text{{but }} Q^\T P^\T = {tex(t.B.T @ t.A.T, 0)}$$"
        "\n\nIf all sizes are equal, shapes cannot tell: option A exists and is wrong."
    ),
)


def sizes(rng):
    return {
        "n": [int(v) for v in rng.choice([10, 20, 30, 40, 50, 60], 3, replace=False)]
        + [int(rng.integers(2, 9)), 1]
    }


def terms(t, first, last):
    """n_l n_{l-1} for l = first, ..., last."""
    return [t.n[l] * t.n[l - 1] for l in range(first, last + 1)]


def unequal(n):
    return chain_rule.multiplications(n, "output") - chain_rule.multiplications(n, "input")


order = Exercise(
    name="order-of-products",
    title="From which end?",
    chapter=CHAPTER,
    trains=("eq:cost-from-output", "eq:cost-from-input"),
    level=1,
    minutes=8,
    task=sizes,
    text=lambda t: (
        f"A chain of functions has the sizes {', '.join(map(str, t.n))}; the last one is the loss."
    ),
    steps=(
        Number(
            "output",
            "How many multiplications does the product of its Jacobians take, started at the output?",
            lambda t: chain_rule.multiplications(t.n, "output"),
            (
                Slip(
                    "all Jacobians",
                    lambda t: sum(terms(t, 1, 4)),
                    "You counted the Jacobian of the loss as a product. Four factors need three products.",
                    ("eq:cost-from-output",),
                ),
                Slip(
                    "from the input",
                    lambda t: chain_rule.multiplications(t.n, "input"),
                    "This is the count from the input.",
                    ("eq:cost-from-input",),
                ),
            ),
            0,
        ),
        Number(
            "input",
            "And started at the input?",
            lambda t: chain_rule.multiplications(t.n, "input"),
            (
                Slip(
                    "factor forgotten",
                    lambda t: sum(terms(t, 2, 4)),
                    "Each product keeps as many columns as the input has entries; that factor is missing.",
                    ("eq:cost-from-input",),
                ),
                Slip(
                    "all Jacobians",
                    lambda t: t.n[0] * sum(terms(t, 1, 4)),
                    "You counted the first Jacobian as a product. It is the start.",
                    ("eq:cost-from-input",),
                ),
            ),
            0,
        ),
        Choice(
            "same",
            "Which chain costs the same from both ends?",
            lambda t: 0,
            (
                Option(
                    "sizes 4, 3, 2, 1",
                    lambda t: unequal([4, 3, 2, 1]),
                    "Narrow at the output: start there.",
                    ("eq:cost-from-output",),
                ),
                Option(
                    "sizes 1, 9, 9, 9",
                    lambda t: unequal([1, 9, 9, 9]),
                    "One input: start at the input.",
                    ("eq:cost-from-input",),
                ),
                Option(
                    "sizes 5, 5, 5, 5",
                    lambda t: unequal([5] * 4),
                    "All products are square. One single product would do, too.",
                ),
                Option(
                    "sizes 2, 7, 7, 3",
                    lambda t: unequal([2, 7, 7, 3]),
                    "The ends differ, and the smaller one wins.",
                    ("eq:cost-from-output",),
                ),
            ),
        ),
    ),
    hints=(
        r"A $p \times q$ matrix times a $q \times r$ matrix takes $p\,q\,r$ multiplications.",
        "From the output the product always has one row. From the input it always has as many columns as "
        "the input.",
        lambda t: f"From the output the terms are {', '.join(map(str, terms(t, 1, 3)))}.",
    ),
    solution=lambda t: (
        rf"From the output: ${' + '.join(map(str, terms(t, 1, 3)))} = {t.output}$."
        f"\n\nFrom the input: ${t.n[0]} \\cdot ({' + '.join(map(str, terms(t, 2, 4)))}) = {t.input}$, "
        f"{t.input / t.output:.1f} times as many.\n\nIf all sizes are equal to $n$, both take $(\\nlayers - "
        f"1)\\,n^3$. "
        r"If $\nlayers = 2$, there is one product only. With one input and many outputs, start at the input."
    ),
)

proof = Exercise(
    name="chain-rule-proof",
    title="The proof of the chain rule",
    chapter=CHAPTER,
    trains=("thm:chain-rule", "eq:auxiliary", "eq:no-fraction"),
    level=3,
    minutes=6,
    text=lambda t: (
        r"$g$ is differentiable at $x$, $f$ at $u = g(x)$, and $\Delta u = g(x + h) - g(x)$, $\Delta y = "
        r"f(u + \Delta u) - f(u)$. Prove that $y = f(g(x))$ has the derivative $f'(u)\,g'(x)$, also where "
        r"$\Delta u$ may be 0."
    ),
    steps=(
        Order(
            "proof",
            "Put the steps in order. Two of the lines do not belong.",
            {
                "define": r"Let $\varphi(s) = \frac{f(u + s) - f(u)}{s} - f'(u)$ for $s \ne 0$ and "
                r"$\varphi(0) = 0$.",
                "continuous": r"$\varphi$ is continuous at 0, because $f$ is differentiable at $u$.",
                "identity": r"$f(u + s) - f(u) = (f'(u) + \varphi(s))\,s$ for every $s$, also for 0.",
                "insert": r"Put $s = \Delta u$ and divide by $h$: $\frac{\Delta y}{h} = (f'(u) + "
                r"\varphi(\Delta u)) \frac{\Delta u}{h}$.",
                "vanish": r"As $h \to 0$, $\Delta u \to 0$ and so $\varphi(\Delta u) \to 0$.",
                "limit": r"The right side tends to $f'(u)\,g'(x)$.",
            },
            {
                "continuous": ("define",),
                "identity": ("define",),
                "insert": ("identity",),
                "vanish": ("continuous",),
                "limit": ("insert", "vanish"),
            },
            {
                "divide": (
                    r"$\frac{\Delta y}{h} = \frac{\Delta y}{\Delta u} \cdot \frac{\Delta u}{h}$.",
                    r"it divides by $\Delta u$, which may be 0 for steps as small as you like.",
                ),
                "inverse": (
                    r"Choose $h$ so small that $\Delta u \ne 0$.",
                    r"there need not be such an $h$: a constant $g$ has $\Delta u = 0$ for all.",
                ),
            },
            {
                ("identity", "insert"): r"without the identity one would divide by $\Delta u$.",
                ("continuous", "vanish"): r"that $\varphi(\Delta u)$ tends to $\varphi(0)$ is continuity.",
            },
        ),
    ),
    hints=(
        "The proof must survive a step with no change of $u$.",
        r"First make a function that replaces the quotient. Only then put $\Delta u$ in.",
    ),
    solution=lambda t: (
        "Define, then (in either order) continuity and identity; insert; let $h$ go to 0. Dividing by "
        "$\\Delta u$ is what the function $\\varphi$ avoids: at $\\Delta u = 0$ the identity says $0 = 0$."
    ),
)


def backward(slopes):
    """[dy/du_0, ..., dy/du_L = 1] from f_1', ..., f_L'."""
    functions = [(lambda v: v, lambda v, s=s: s) for s in slopes]
    return chain_rule.sweep(functions, 0.0)[2] if functions else [1.0]


program = Exercise(
    name="program-chain",
    title="Write the backward sweep through a chain",
    chapter=CHAPTER,
    trains=("eq:chain-rule",),
    level=2,
    minutes=10,
    text=lambda t: (
        r"`slopes` holds the local derivatives $f_1'(x), f_2'(u_1), \dots, f_L'(u_{L-1})$ of $y = f_L(\dots "
        r"f_1(x))$. Return the derivatives of $y$ by $x, u_1, \dots, u_L = y$, one more than slopes."
    ),
    steps=(
        Program(
            "derivatives",
            "Write it with one multiplication a slope.",
            "def derivatives(slopes):\n    result = []\n    return result\n",
            "def derivatives(slopes):\n    result = [1.0]\n    for slope in reversed(slopes):\n        "
            "result.append(result[-1] * slope)\n    return result[::-1]\n",
            tried(
                lambda rng: ([float(v) for v in rng.uniform(0.5, 2, rng.integers(2, 7))],),
                backward,
                (
                    Slip(
                        "from the input",
                        lambda a: backward(a[0][::-1])[::-1],
                        "You multiplied from the input on: that gives derivatives by $x$.",
                        ("eq:chain-rule",),
                    ),
                    Slip(
                        "not turned round",
                        lambda a: backward(a[0])[::-1],
                        "The numbers are right, and stand from $y$ to $x$. Turn them round.",
                    ),
                    Slip(
                        "added",
                        lambda a: 1 + np.cumsum([*a[0], 0.0][::-1])[::-1] - 0.0,
                        "You added the slopes. Along one path they are multiplied.",
                        ("eq:chain-rule",),
                    ),
                    Slip(
                        "end forgotten",
                        lambda a: backward(a[0])[:-1],
                        r"The last entry is missing: $\frac{dy}{dy} = 1$.",
                    ),
                ),
            ),
            {
                "from the input": (
                    "reversed(slopes):\n        result.append(result[-1] * slope)\n    return result[::-1]",
                    "slopes:\n        result.append(result[-1] * slope)\n    return result",
                ),
                "not turned round": ("result[::-1]", "result"),
                "added": ("* slope", "+ slope"),
                "end forgotten": ("result[::-1]", "result[:0:-1]"),
            },
        ),
    ),
    hints=(
        r"Start with $\frac{dy}{dy} = 1$ and go back.",
        "Each new number is the last one times one slope; `reversed(slopes)` gives the slopes from the "
        "output on.",
    ),
    solution=lambda t: (
        f"```python\n{t.derivatives}```\n\nOne multiplication a slope: each product is used again by the "
        f"next."
    ),
)

EXERCISES = (affine, by_hand, product_rule, power, layout_poll, order, proof, program)
