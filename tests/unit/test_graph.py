"""Computation graphs against SymPy and mpmath, their pitfalls, and what people may type."""

import copy
import gc
import inspect
import itertools
import math
import random
import re
import sys
import warnings
import weakref
from fractions import Fraction
from xml.etree import ElementTree

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import backprop as bp
from backprop import graph, show
from backprop.graph import Dual, Value, expression, pitfalls

SEED = 3
mpmath.mp.dps = 40

# What each operation is, said by mpmath.
TRUTH = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: mpmath.power(x, y),
    "neg": lambda x: -x,
    "exp": mpmath.exp,
    "ln": mpmath.log,
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "relu": lambda x: x if x > 0 else mpmath.mpf(0),
    "abs": lambda x: abs(x),
    "max": lambda x, y: max(x, y),
    "min": lambda x, y: min(x, y),
}
POINTS = [-30.0, -3.7, -1.0, -0.2, 1e-3, 0.4, 1.0, 2.5, 7.0, 30.0]


def on(name, *operands):
    """An operation by its operator or function, as a reader would write it."""
    signs = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "/": lambda x, y: x / y,
        "**": lambda x, y: x**y,
        "neg": lambda x: -x,
    }
    return (signs.get(name) or getattr(graph, name))(*operands)


def test_the_table_of_truths_is_complete():
    assert set(TRUTH) == set(graph.OPERATIONS)


@pytest.mark.parametrize("name", graph.OPERATIONS)
def test_values_and_local_derivatives_of_every_operation(name):
    checked = 0
    for point in itertools.product(POINTS, repeat=len(graph.OPERATIONS[name].partials)):
        if name in ("ln", "sqrt", "**") and point[0] < 0:
            continue  # negative bases have a test of their own
        if name in ("max", "min") and point[0] == point[1]:
            continue
        exact = TRUTH[name](*map(mpmath.mpf, point))
        inputs = [Value(v) for v in point]
        output = on(name, *inputs)
        output.backward()
        assert output.value == pytest.approx(float(exact), rel=1e-13, abs=1e-300)
        for k, node in enumerate(inputs):
            order = tuple(int(i == k) for i in range(len(inputs)))
            slope = float(mpmath.diff(TRUTH[name], tuple(map(mpmath.mpf, point)), order))
            assert node.grad == pytest.approx(slope, rel=1e-11, abs=1e-25), (name, point, k)
            dual = on(name, *(Dual(v, float(i == k)) for i, v in enumerate(point)))
            assert (dual.value, dual.tangent) == (output.value, pytest.approx(node.grad, rel=1e-15))
            checked += 1
    assert checked >= 6


def test_methods_functions_and_plain_numbers_agree():
    for name, function in graph.FUNCTIONS.items():
        operands = (0.7, 0.4)[: len(graph.OPERATIONS[function.__name__].partials)]
        plain = function(*operands)
        assert type(plain) is float
        assert function(*map(Value, operands)).value == plain
        assert getattr(Value(operands[0]), name)(*operands[1:]).value == plain
    assert graph.log is graph.ln and abs(Value(-2.0)).value == 2.0 and (+Value(3.0)).value == 3.0


@pytest.mark.parametrize("number", [2, 2.0, Fraction(2), np.float64(2), np.float32(2), np.int64(2)])
def test_plain_numbers_on_both_sides(number):
    x = Value(3.0)
    results = [x + number, number + x, x - number, number - x, x * number, number * x]
    results += [x / number, number / x, x**number, number**x]
    assert [type(r) for r in results] == [Value] * 10
    assert [r.value for r in results] == [5, 5, 1, -1, 6, 6, 1.5, 2 / 3, 9, 8]
    slopes = []
    for result in results:
        result.backward()
        slopes.append(x.grad)
    assert slopes == pytest.approx([1, 1, 1, -1, 2, 2, 0.5, -2 / 9, 6, 8 * math.log(2)])


def test_the_derivatives_keep_their_digits_in_the_tails():
    for name, x in itertools.product(("tanh", "sigmoid"), (-40.0, -20.0, 20.0, 40.0)):
        node = Value(x)
        on(name, node).backward()
        assert node.grad == pytest.approx(float(mpmath.diff(TRUTH[name], x)), rel=1e-12) and node.grad > 0
    assert Value(-1000.0).sigmoid().value == 0.0 and Value(1000.0).tanh().value == 1.0


@pytest.mark.parametrize(
    ("base", "exponent", "value", "slope"),
    [(0.0, 0, 1, 0), (0.0, 1, 0, 1), (0.0, 2, 0, 0), (-3.0, 2, 9, -6), (-3.0, 0, 1, 0), (-2.0, -1, -0.5, -0.25),
     (-2.0, 3, -8, 12), (0.0, 2.5, 0, 0), (5.0, 0, 1, 0)],
)  # fmt: skip
def test_powers_with_a_constant_exponent(base, exponent, value, slope):
    for x in (Value(base), Dual(base, 1.0)):
        y = x**exponent
        if isinstance(y, Value):
            y.backward()
        assert (y.value, x.grad if isinstance(x, Value) else y.tangent) == (value, slope)
    assert expression(f"x**({exponent})", x=base).grad == {"x": slope}


def test_powers_with_a_variable_exponent():
    x, y = Value(0.0), Value(2.0)
    (x**y).backward()
    assert (x.grad, y.grad) == (0.0, 0.0)
    assert (Dual(-3.0, 1.0) ** Dual(2.0)).tangent == -6.0  # a tangent 0: the exponent does not vary
    for base, exponent in ((-3.0, 2.0), (0.0, 0.0)):
        with pytest.raises(
            ValueError, match=rf"\*\*: no finite derivative by operand 2 at \({base}, {exponent}\)"
        ):
            (Value(base) ** Value(exponent)).backward()


def test_kinks_have_the_conventions_of_the_activations():
    for name, slope in (("relu", 0.0), ("abs", 0.0)):
        node = Value(0.0)
        on(name, node).backward()
        assert node.grad == slope
    assert bp.activations.d_relu(np.zeros(1))[0] == 0
    for name in ("max", "min"):
        x, y = Value(2.0), Value(2.0)
        on(name, x, y).backward()
        assert (x.grad, y.grad) == (0.0, 1.0)
        on(name, x, x).backward()
        assert x.grad == 1.0


def test_max_with_0_is_relu_at_the_kink_too():
    for x in (-1.0, 0.0, 2.0):
        difference = expression("relu(x) - max(x, 0)", x=x)
        assert (difference.value, difference.grad) == (0.0, {"x": 0.0})


@pytest.mark.parametrize(
    ("text", "kinks"),
    [
        ("relu(x) - relu(-x)", ["relu(x)", "relu(v2)"]),  # it is x, with the derivative 1; the sweep says 0
        ("abs(x)", ["abs(x)"]),
        ("max(x, 0)", ["max(x, 0)"]),
        ("min(y, x)", ["min(y, x)"]),
        ("max(x, x)", []),  # it is x
        ("relu(x + 1)", []),
        ("relu(0) + x", []),  # no derivative is asked for
    ],
)
def test_a_formula_says_where_it_sits_on_a_kink(text, kinks):
    found = expression(
        text, **{name: 0.0 for name in "xy" if name in text.replace("max", "").replace("exp", "")}
    )
    assert found.kinks == kinks
    note = f"; at a kink of {', '.join(kinks)}: a convention, perhaps no derivative"
    assert repr(found).endswith(note) if kinks else "kink" not in repr(found)
    assert any(node.at_kink for node in found.nodes) == bool(kinks)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: Value(0.0).ln(), r"ln: expected a number > 0, got \(0.0\)"),
        (lambda: graph.ln(-1.5), r"ln: expected a number > 0, got \(-1.5\)"),
        (lambda: Value(-1.0).sqrt(), r"sqrt: expected a number >= 0, got \(-1.0\)"),
        (lambda: Value(3.0) / 0, r"/: expected a divisor other than 0, got \(3.0, 0.0\)"),
        (lambda: 1 / Value(0.0), r"/: expected a divisor other than 0, got \(1.0, 0.0\)"),
        (lambda: Value(0.0) ** -1, r"\*\*: expected a base > 0.*got \(0.0, -1.0\)"),
        (lambda: Value(-2.0) ** 0.5, r"\*\*: expected a base > 0.*got \(-2.0, 0.5\)"),
        (lambda: Dual(-2.0, 1.0) ** 0.5, r"\*\*: expected a base > 0.*got \(-2.0, 0.5\)"),
        (lambda: Value(1000.0).exp(), r"exp: the value at \(1000.0\) is too large"),
        (lambda: Value(10.0) ** 1000, r"\*\*: the value at \(10.0, 1000.0\) is too large"),
        (lambda: Value(1e308) + 1e308, r"\+: the value at \(1e\+308, 1e\+308\) is too large"),
        (lambda: Value(0.0).sqrt().backward(), r"sqrt: no finite derivative by operand 1 at \(0.0\)"),
        (lambda: (Value(1e-320).ln()).backward(), r"ln: no finite derivative"),
        (lambda: (Value(1e-200) * 1e200 * 1e200).backward(), r"backward through \*: an adjoint is too large"),
        (lambda: (Value(1e-160) ** -1).backward(), r"\*\*: no finite derivative by operand 1"),
        (lambda: Dual(1e-100, 1e250) ** -1, r"\*\*: the tangent at"),
        (lambda: Value(math.nan), "value: expected a finite number, got nan"),
        (lambda: Value(10**400), "value: expected a number that fits a float"),
        (lambda: Value(1.0) * 10**400, r"operand of \*: expected a number that fits a float"),
        (lambda: Dual(1.0, math.inf), "tangent: expected a finite number, got inf"),
    ],
)
def test_outside_of_the_domain(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()


@pytest.mark.parametrize("bad", ["2", None, 2j, True, [1.0], np.array([1.0, 2.0]), np.bool_(True), object()])
def test_operands_that_are_no_real_numbers(bad):
    for compute in (lambda: Value(1.0) + bad, lambda: bad * Value(1.0), lambda: Value(1.0).max(bad),
                    lambda: Value(2.0) ** bad, lambda: Dual(1.0) - bad, lambda: graph.exp(bad), lambda: Value(bad)):  # fmt: skip
        with pytest.raises(TypeError, match="expected a real number, got"):
            compute()


def test_kinds_do_not_mix_and_arguments_are_counted():
    with pytest.raises(TypeError, match="one kind, got a Value and a Dual"):
        Value(1.0) + Dual(1.0)
    with pytest.raises(TypeError, match="max: expected 2 operands, got 1"):
        graph.max(Value(1.0))
    with pytest.raises(TypeError, match="name: expected a string, got 3"):
        Value(1.0, 3)
    with pytest.raises(TypeError):
        math.exp(Value(1.0))  # would lose the graph silently


# --- Sweeps ------------------------------------------------------------------------------------


def test_a_second_backward_gives_the_same():
    a = Value(2.0)
    b = a * a
    c = b + b
    for _ in range(3):
        c.backward()
        assert (a.grad, b.grad, c.grad) == (8.0, 2.0, 1.0)


def test_other_outputs_of_the_same_graph():
    x = Value(3.0)
    y, z = x * x, x * 5
    y.backward()
    z.backward()
    assert x.grad == 5.0 and z.grad == 1.0 and y.grad == 1.0  # y is not part of z's graph


def test_a_node_used_many_times():
    x = Value(1.5)
    total = sum(x * k for k in range(10)) + x * x * x
    total.backward()
    assert x.grad == pytest.approx(45 + 3 * 1.5**2)


def test_topological_order_puts_operands_first():
    rng = random.Random(SEED)
    print("seed", SEED)
    pool = [Value(rng.uniform(0.5, 1)) for _ in range(5)]
    for _ in range(200):
        pool.append(graph.max(rng.choice(pool[-20:]), rng.choice(pool)))
    order = graph.topological_order(pool[-1])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order) and order[-1] is pool[-1]
    assert all(place[o] < place[node] for node in order for o in node.inputs)
    moved = {node: i for i, node in enumerate(graph.inputs_first(order))}
    assert all(moved[o] < moved[node] for node in order for o in node.inputs)


def test_a_chain_of_100_000_nodes():
    limit = sys.getrecursionlimit()
    x = Value(1.0, "x")
    y = x
    for _ in range(50_000):
        y = (y + x) * 0.5
    y.backward()
    assert y.value == 1.0 and x.grad == pytest.approx(1.0)
    twin = copy.deepcopy(y)
    twin.backward()
    assert twin is not y and twin.grad == 1.0 and len(graph.topological_order(twin)) == 100_001
    assert repr(y) == "Value(1.0, grad=1.0)"
    gone = weakref.ref(y)
    del y, twin
    gc.collect()
    assert gone() is None
    assert sys.getrecursionlimit() == limit


def test_deepcopy_keeps_what_is_shared():
    x = Value(2.0, "x")
    y = (x * x).named("y")
    y.backward()
    x2, y2 = copy.deepcopy([x, y])
    assert y2.operands[0] is x2 is y2.operands[1] and x2 is not x
    assert (x2.name, x2.grad, y2.value, y2.operation) == ("x", 4.0, 4.0, "*")


@pytest.mark.parametrize(
    ("sweep", "adjoints"),
    [
        (Value.backward, (4.0, 2.0, 1.0)),
        (pitfalls.by_recursion, (8.0, 2.0, 1.0)),
        (pitfalls.in_post_order, (0.0, 2.0, 1.0)),
        (pitfalls.by_assignment, (1.0, 1.0, 1.0)),
    ],
)
def test_wrong_sweeps_give_their_wrong_numbers(sweep, adjoints):
    a = Value(1.0)
    b = a + a
    c = b + b
    for _ in range(2):
        sweep(c)
        assert (a.grad, b.grad, c.grad) == adjoints


def test_without_a_reset():
    for keep, after in (("inputs", [8.0, 16.0, 24.0]), ("all", [8.0, 24.0, 48.0])):
        a = Value(2.0)
        b = a * a
        c = b + b
        for expected in after:
            pitfalls.without_reset(c, keep)
            assert a.grad == expected
    with pytest.raises(ValueError, match="keep: expected 'inputs' or 'all', got 'none'"):
        pitfalls.without_reset(c, "none")


# --- Forward mode and Jacobians ----------------------------------------------------------------


def three_outputs(x, y):
    return [graph.sin(x * y), x / y + graph.exp(y), 7.0]


def test_jacobians_of_both_modes_against_sympy():
    x, y = sympy.symbols("x y")
    exact = sympy.Matrix([sympy.sin(x * y), x / y + sympy.exp(y), 7]).jacobian([x, y])
    exact = [[float(v.subs({x: 1.3, y: 0.4})) for v in exact.row(i)] for i in range(3)]
    forward, reverse = (
        graph.jacobian_forward(three_outputs, [1.3, 0.4]),
        graph.jacobian_reverse(three_outputs, [1.3, 0.4]),
    )
    np.testing.assert_allclose(forward.rows, exact, rtol=1e-14)
    np.testing.assert_allclose(reverse.rows, exact, rtol=1e-14)
    assert (forward.sweeps, reverse.sweeps) == (2, 3)


def test_an_output_that_misses_an_input_gets_a_zero():
    rows = graph.jacobian_reverse(lambda x, y: [x * y, x * x], [2.0, 3.0]).rows
    assert rows == [[3.0, 2.0], [4.0, 0.0]]
    assert graph.jacobian_reverse(lambda x, y: [x, x], [2.0, 3.0]).rows == [[1.0, 0.0], [1.0, 0.0]]


def test_derivative_forward():
    f = lambda x, z: graph.exp(x * z)
    assert graph.derivative_forward(f, {"x": 0.5, "z": 3.0}, "x") == pytest.approx(3 * math.exp(1.5))
    assert graph.derivative_forward(lambda x, z: x, {"x": 0.5, "z": 3.0}, "z") == 0.0
    with pytest.raises(ValueError, match="wrt: expected one of x, z, got 'y'"):
        graph.derivative_forward(f, {"x": 0.5, "z": 3.0}, "y")


# --- Formulas as text --------------------------------------------------------------------------

SYMPY = {"ln": sympy.log, "log": sympy.log, "abs": sympy.Abs, "relu": lambda x: sympy.Max(x, 0), "max": sympy.Max,
         "min": sympy.Min, "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)), "e": sympy.E, "pi": sympy.pi}  # fmt: skip


def random_text(rng, depth):
    """A formula in x, y, z with the operations of the table, as a person might type it."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(["x", "y", "z", "x", "y", "z", "2", "0.5", "1.5e0", "pi", "e"])
    kind = rng.random()
    if kind < 0.45:
        left, right = random_text(rng, depth - 1), random_text(rng, depth - 1)
        text = f"{left} {rng.choice(['+', '-', '*', '/', '*', '+'])} {right}"
        return f"({text})" if rng.random() < 0.5 else text
    if kind < 0.6:
        return f"({random_text(rng, depth - 1)}){rng.choice(['^', '**'])}{rng.choice(['2', '3', '0', '(-1)', '-2', 'z', '0.5'])}"
    if kind < 0.68:
        return f"-{random_text(rng, depth - 1)}"
    if kind < 0.76:
        return f"{rng.choice(['max', 'min'])}({random_text(rng, depth - 1)}, {random_text(rng, depth - 1)})"
    name = rng.choice(["exp", "ln", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "abs"])
    return f"{name}({random_text(rng, depth - 1)})"


def test_300_random_expressions_against_sympy():
    print("seed", SEED)
    rng, done, tried = random.Random(SEED), 0, 0
    names = sympy.symbols("x y z", real=True)
    while done < 300:
        tried += 1
        assert tried < 3000
        text = random_text(rng, 4)
        point = {name: rng.uniform(0.3, 2.5) for name in "xyz" if re.search(rf"\b{name}\b", text)}
        try:
            ours = expression(text, **point)
        except ValueError:
            continue  # outside a domain
        sizes = [abs(node.value) for node in ours.nodes] + [abs(node.grad) for node in ours.nodes]
        if not point or max(sizes) > 1e4 or any(0 < s < 1e-6 for s in sizes):
            continue  # badly conditioned: ten digits cannot be expected
        theirs = sympy.sympify(
            text.replace("^", "**"), locals={**SYMPY, **dict(zip("xyz", names, strict=True))}
        )
        at = {symbol: sympy.Float(repr(point[symbol.name]), 40) for symbol in names if symbol.name in point}
        value = complex(theirs.evalf(30, subs=at))
        assert ours.value == pytest.approx(value.real, rel=1e-10, abs=1e-15), text
        for symbol in at:
            slope = theirs.diff(symbol).subs(at)
            slope = slope.replace(
                sympy.Heaviside, lambda t, *_: sympy.Heaviside(t, sympy.Rational(1, 2))
            ).evalf(30)
            if slope.free_symbols or not slope.is_number:
                pytest.fail(f"SymPy has no number for {text}")
            assert ours.grad[symbol.name] == pytest.approx(float(slope), rel=1e-10, abs=1e-15), text
        f = lambda text=text, **v: rebuilt(text, v)
        for name in point:
            assert graph.derivative_forward(f, point, name) == pytest.approx(
                ours.grad[name], rel=1e-10, abs=1e-10
            ), text
        done += 1
    print(done, "of", tried)


def rebuilt(text, values):
    """The formula on whatever `values` holds, by Python itself (the text is the test's own)."""
    scope = {**graph.FUNCTIONS, **graph.CONSTANTS, **values}
    return eval(text.replace("^", "**"), {"__builtins__": {}}, scope)


def test_the_contract_s_example():
    x, z = 2.0, 3.0
    e = expression("exp(x*z) + x*z/ln(x)", x=x, z=z)
    assert e.value == pytest.approx(math.exp(6) + 6 / math.log(2))
    assert e.grad["x"] == pytest.approx(z * math.exp(6) + z / math.log(2) - 3 / math.log(2) ** 2)
    assert e.grad["z"] == pytest.approx(x * math.exp(6) + x / math.log(2))
    assert type(e.value) is float and all(type(g) is float for g in e.grad.values())
    v = bp.graph.Value(2.0)
    v.backward()
    assert v.grad == 1.0
    assert repr(e).startswith("exp(x*z) + x*z/ln(x) = 412.085, ∂/∂x = ")


def test_equal_parts_are_one_node_and_the_trace_lists_each_once():
    e = expression("exp(x*z) + x*z/ln(x) + sin(ln(x))/(x*z)", x=2, z=3)
    lines = [line.split() for line in e.trace().splitlines()]
    assert lines[0] == ["node", "operation", "value", "adjoint"]
    assert [line[0] for line in lines[1:]] == ["x", "z", *(f"v{i}" for i in range(1, 9))]
    assert [" ".join(line[1:-2]) for line in lines[1:]].count("x * z") == 1
    for node, line in zip(e.nodes, lines[1:], strict=True):
        assert line[-2:] == [f"{node.value:.6f}", f"{node.grad:.6f}"]
    assert len({len(line) for line in e.trace().splitlines()}) == 1
    assert "412.19" in e.trace(2) and "412.191" not in e.trace(2)


def test_names_that_the_trace_gives_avoid_those_that_are_taken():
    e = expression("v1*2 + 1", v1=3)
    assert [line.split()[0] for line in e.trace().splitlines()[1:]] == ["v1", "v2", "v3"]
    x = Value(1e-9, "x")
    ((x * 1e12).named("y")).backward()
    assert "1.000000e-09" in x.trace() and graph.decimal(-0.0, 2) == "0.00"


@pytest.mark.parametrize(
    ("text", "value"),
    [("2^3^2", 512), ("-2^2", -4), ("2**-1", 0.5), ("8/4/2", 1), ("2-3-4", -5), ("2+3*4", 14), ("(2+3)*4", 20), ("2*pi", 2 * math.pi),
     ("ln(e)", 1), ("007", 7), (".5", 0.5), ("5.", 5), ("1e2", 100), ("--3", 3), ("+3", 3), ("3 − 1", 2), ("3·4÷6×2", 4), (" \n2\t", 2),
     ("max(1, 2) - min(3, 4)", -1), ("abs(-3)", 3), ("(((1)))", 1)],
)  # fmt: skip
def test_values_of_plain_arithmetic(text, value):
    e = expression(text)
    assert e.value == pytest.approx(value) and e.grad == {} and len(e.nodes) == 1 and "constant" in e.trace()


def test_names_of_all_sorts():
    assert expression("e + pi", e=1, pi=2).grad == {"e": 1.0, "pi": 1.0}
    assert expression("θ_1*text + self", θ_1=2, text=3, self=1).grad == {"θ_1": 3.0, "text": 2.0, "self": 1.0}
    assert expression("lambda + None", **{"lambda": 1, "None": 2}).value == 3.0
    assert expression("x", x=Fraction(1, 2)).grad == {"x": 1.0}
    assert expression("+".join(["x"] * 400), x=0.5).grad == {"x": 400.0}
    assert expression("(" * 100 + "x" + ")" * 100, x=2.0).value == 2.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the expression is empty"),
        (" \n", "the expression is empty"),
        ("x +", r"ends too early, after '\+' at column 3"),
        ("x + * y", r"unexpected '\*' at column 5"),
        ("x // 2", r"unexpected '/' at column 4"),
        ("2x", r"an operation is missing between '2' and 'x' at column 2; a product needs its \*"),
        ("x y", "between 'x' and 'y' at column 3"),
        ("(x)(x)", r"between '\)' and '\(' at column 4"),
        ("x + w", "unknown name 'w' at column 5; values are given for x"),
        ("f(x)", "unknown function 'f' at column 1; known are exp, ln, log, sqrt, sin"),
        ("1 + x(2)", "'x' at column 5 is not a function"),
        ("x*exp", "'exp' at column 3 is a function: expected its arguments"),
        ("1 + ln(x", "the parenthesis at column 7 is never closed"),
        ("x)", "the parenthesis at column 2 was never opened"),
        ("ln()", "ln at column 1 takes one argument, got 0"),
        ("1+max(x)", "max at column 3 takes 2 arguments, got 1"),
        ("ln(x, 2)", "ln at column 1 takes one argument, got 2"),
        ("x, x", "unexpected ',' at column 2"),
        ("max((x, x))", "unexpected ',' at column 7"),
        ("max(x, )", r"unexpected '\)' at column 8"),
        ("()", r"unexpected '\)' at column 2"),
        ("exp(*x)", r"unexpected '\*' at column 5"),
        ("exp(**x)", r"unexpected '\*\*' at column 5"),
        ("x.real", r"unexpected character '\.' at column 2"),
        ("x if x else x", "between 'x' and 'if' at column 3"),
        ("x = 2", "unexpected character '=' at column 3"),
        ("x # no", "unexpected character '#' at column 3"),
        ("x\0", r"unexpected character '\\x00' at column 2"),
        ("x²", "unexpected character '²' at column 2"),
        ("x + ٣", "unexpected character '٣' at column 5"),
        ("x\ud800", r"unexpected character '\\ud800' at column 2"),
        ("𝟐x", "unexpected character '𝟐' at column 1"),
        ("[x]", r"unexpected character '\[' at column 1"),
        ("__import__('os')", 'unexpected character "\'" at column 12'),
        ("__import__(x)", "unknown function '__import__' at column 1"),
        ("9" * 5000, "the number at column 1 is too large"),
        ("x + 1e999", "the number at column 5 is too large"),
        ("x + 9^9^9^9", r"at column 8: \*\*: the value at \(9.0, 387420489.0\) is too large"),
        ("1/(x - 2)", r"at column 2: /: expected a divisor other than 0, got \(1.0, 0.0\)"),
        ("2*ln((x-2))", r"at column 3: ln: expected a number > 0, got \(0.0\)"),
        ("(-x)^0.5", r"at column 5: \*\*: expected a base > 0"),
        ("sqrt(x-2)", "sqrt: no finite derivative"),
        ("x" * 10_001, "the expression has 10001 characters, expected at most 10000"),
        ("(" * 101 + "x" + ")" * 101, "more than 100 nested parentheses at column 101"),
        ("-" * 9000 + "x", "nested too deeply, in 9001 words"),
        ("^".join("x" * 4000), "nested too deeply, in 7999 words"),
        ("1", "'x': a value is given, but the expression does not use it"),
    ],
)
def test_mistakes_in_the_text(text, message):
    with pytest.raises(ValueError, match=message):
        expression(text, x=2.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2", r"value of 'x': expected a real number, got '2' \(str\)"),
        (2j, "value of 'x': expected a real number"),
        (True, r"value of 'x': expected a real number, got True \(bool\)"),
        (None, "value of 'x': expected a real number, got None"),
        ([1, 2], r"value of 'x': expected a real number, got \[1, 2\] \(list\)"),
        (math.inf, "value of 'x': expected a finite number, got inf"),
        (math.nan, "value of 'x': expected a finite number, got nan"),
        (10**5000, "value of 'x': expected a number that fits a float"),
    ],
    ids=["str", "complex", "bool", "none", "list", "inf", "nan", "huge"],
)
def test_mistakes_in_the_values(value, message):
    with pytest.raises(ValueError, match=message):
        expression("x", x=value)


def test_mistakes_in_the_names():
    with pytest.raises(ValueError, match="'exp' is the name of a function and cannot be given a value"):
        expression("exp", exp=1)
    with pytest.raises(ValueError, match="'q', 'w': a value is given, but the expression does not use it"):
        expression("x", x=1, w=2, q=3)
    with pytest.raises(ValueError, match="unknown name 'x' at column 1; no values are given"):
        expression("x")
    for text in (None, 3, b"x"):
        with pytest.raises(TypeError, match="text: expected a string, got"):
            expression(text)


def returns_or_raises_valueerror(text, values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            e = expression(text, **values)
        except ValueError as error:
            assert len(str(error)) < 400
            return None
    assert math.isfinite(e.value) and set(e.grad) == set(values)
    assert all(math.isfinite(g) for g in e.grad.values())
    return e


anything = settings(max_examples=400, deadline=None, derandomize=True)


@anything
@given(st.text(max_size=60))
@example("1if 1else 2")
@example("0x1for x in y")
@example("1_0")
@example("\\\n")
@example("x\r\n\f+1")
@example("ﬁ")
def test_any_text_is_a_formula_or_a_value_error(text):
    returns_or_raises_valueerror(text, {})
    returns_or_raises_valueerror(text, {"x": 2.0})


WORDS = ["x", "y", "e", "pi", "2", "0", "1e308", "1e-308", "0.5", ".", "exp", "ln", "max", "relu", "sqrt", "(", ")", "(", ")",
         ",", "+", "-", "*", "/", "**", "^", " ", "if", "lambda", "for", "\n", "·", "=", "j", "_", "1_000", "0x", "²"]  # fmt: skip


@anything
@given(
    st.lists(st.sampled_from(WORDS), max_size=25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-3, 3),
)
def test_near_misses_too(words, x, y):
    returns_or_raises_valueerror("".join(words), {"x": x, "y": y})


@st.composite
def formulas(draw, depth=4):
    if depth == 0:
        return draw(st.sampled_from(["x", "y", "2", "0", "0.5", "-1", "1e200"]))
    part = formulas(depth=depth - 1)
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return f"({draw(part)}){draw(st.sampled_from(['+', '-', '*', '/', '^', '**']))}({draw(part)})"
    if kind == 1:
        return f"{draw(st.sampled_from(['max', 'min']))}({draw(part)},{draw(part)})"
    if kind == 2:
        return f"{draw(st.sampled_from(['exp', 'ln', 'sqrt', 'sin', 'cos', 'tanh', 'sigmoid', 'relu', 'abs', '-']))}({draw(part)})"
    return draw(part)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(formulas(), st.floats(-1e3, 1e3), st.floats(-3, 3), st.data())
def test_formulas_at_any_point_and_with_a_letter_too_few(text, x, y, data):
    values = {
        name: v for name, v in (("x", x), ("y", y)) if name in text.replace("exp", "").replace("max", "")
    }
    returns_or_raises_valueerror(text, values)
    cut = data.draw(st.integers(0, len(text) - 1))
    returns_or_raises_valueerror(text[:cut] + text[cut + 1 :], values)


@anything
@given(
    st.dictionaries(
        st.text(max_size=4),
        st.one_of(st.none(), st.text(), st.complex_numbers(), st.integers(), st.floats(), st.booleans()),
    )
)
def test_any_values_too(values):
    returns_or_raises_valueerror("x + y", values)


# --- Pictures and docstrings -------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg):
    """Rectangles, texts' boxes and the points of edges, as (x1, y1, x2, y2) and lists of (x, y)."""
    root = ElementTree.fromstring(str(svg))
    boxes = []
    for rect in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        boxes.append((x, y, x + w, y + h))
    words = []
    for t in root.iter(f"{SVG}text"):
        x, y, half = float(t.get("x")), float(t.get("y")), 6.9 * len(t.text) / 2
        words.append((t.text, t.get("class"), (x - half, y - 10, x + half, y + 3)))
    curves = []
    for path in root.iter(f"{SVG}path"):
        points, here = [], (0.0, 0.0)
        for command, numbers in re.findall(r"([MCH])([^MCH]*)", path.get("d")):
            n = [float(v) for v in numbers.split()]
            if command == "M":
                here = (n[0], n[1])
            elif command == "H":
                points += [(here[0] + (n[0] - here[0]) * t / 20, here[1]) for t in range(21)]
                here = (n[0], here[1])
            else:
                for t in (i / 20 for i in range(21)):
                    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
                    corners = (here, (n[0], n[1]), (n[2], n[3]), (n[4], n[5]))
                    points.append(
                        tuple(sum(w * c[k] for w, c in zip(weights, corners, strict=True)) for k in (0, 1))
                    )
                here = (n[4], n[5])
        curves.append(points)
    return boxes, words, curves


def apart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def random_graph(seed, count=30):
    rng = random.Random(seed)
    pool = [Value(rng.uniform(0.5, 2), name) for name in ("x", "y", "z", "w", "bias")]
    while len(pool) < count:
        a, b = rng.choice(pool[-8:]), rng.choice(pool)
        pool.append(rng.choice([a + b, a * 0.5, graph.sin(a), graph.max(a, b), a - b]))
    pool[-1].backward()
    return pool[-1]


@pytest.mark.parametrize("seed", range(25))
def test_nothing_overlaps_in_a_picture(seed):
    output = random_graph(seed, 30)
    svg = show.graph_svg(output)
    boxes, words, curves = drawn(svg)
    assert len(boxes) == len(graph.topological_order(output)) and len(words) == 3 * len(boxes)
    for one, other in itertools.combinations(boxes + [box for _, _, box in words if box], 2):
        inside = one[0] <= other[0] and one[2] >= other[2] and one[1] <= other[1] and one[3] >= other[3]
        assert inside or apart(one, other), (one, other)
    for x1, y1, x2, y2 in boxes + [box for _, _, box in words]:
        assert 0 <= x1 and x2 <= svg.width and 0 <= y1 and y2 <= svg.height
    for points in curves:
        for x, y in points:
            for x1, y1, x2, y2 in boxes:
                assert not (x1 + 0.5 < x < x2 - 0.5 and y1 + 0.5 < y < y2 - 0.5), (
                    "an edge runs through a rectangle"
                )


def test_the_picture_carries_every_number_with_its_class():
    e = expression("exp(x*z) - x*z/ln(x)", x=2, z=3)
    svg = show.graph_svg(e)
    _, words, curves = drawn(svg)
    forward = [t for t, c, _ in words if "fwd" in c]
    backward = [t for t, c, _ in words if "bwd" in c]
    for node, name in graph.names_of(e.nodes).items():
        assert f"{name} = {node.value:.4f}".replace("-", "−") in forward
        assert f"∂ {node.grad:.4f}".replace("-", "−") in backward
    assert len(curves) == sum(len(set(node.inputs)) for node in e.nodes)
    root = ElementTree.fromstring(str(svg))
    assert root.get("role") == "img" and root.get("aria-label") == svg.text
    assert (
        "v1 = x * z = 6.0000 with adjoint 400.5457" in svg.text.replace("−", "-")
        or "v1 = x * z = 6.0000" in svg.text
    )
    assert str(show.graph_svg(e)) == str(svg) == str(show.graph_svg(e.output))


def test_pictures_without_gradients_and_of_odd_graphs():
    e = expression("x*x", x=-2)
    assert (
        "∂" not in str(show.graph_svg(e, gradients=False))
        and "adjoint" not in show.graph_svg(e, gradients=False).text
    )
    assert len(drawn(show.graph_svg(expression("x", x=1)))[0]) == 1
    long_name = "a_very_long_name_of_an_input"
    assert "a_very_long…" in str(show.graph_svg(expression(f"{long_name} + 1", **{long_name: 1})))
    with pytest.raises(TypeError, match="graph: expected an Expression or a Value, got float"):
        show.graph_svg(2.0)
    y = Value(1.0)
    for _ in range(60):
        y = y + 1
    with pytest.raises(ValueError, match="at most 60 nodes, got 61"):
        show.graph_svg(y)


def test_the_loop_of_learning_in_words():
    svg = show.learning_loop()
    words = re.findall(r"<text[^>]*>([^<]*)<", str(svg))
    assert words[:5] == ["forward", "loss", "backward", "accumulate", "update"]
    assert "3. backward: adjoints" in svg.text and str(svg).count("<rect") == 5
    ElementTree.fromstring(str(svg))


PUBLIC = [graph.Value, graph.Value.backward, graph.Value.edges, graph.Value.named, graph.Dual, graph.Operation, graph.Expression,
          graph.expression, graph.trace, graph.topological_order, graph.derivative_forward, graph.jacobian_forward,
          graph.jacobian_reverse, graph.exp, pitfalls.by_recursion, pitfalls.without_reset, show.graph_svg,
          show.learning_loop]  # fmt: skip


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__qualname__)
def test_public_things_have_a_docstring(thing):
    assert len(inspect.getdoc(thing)) > 20
    if inspect.isfunction(thing) and "raise " in inspect.getsource(thing):
        assert "Raises:" in inspect.getdoc(thing)


def test_a_dual_number_knows_that_it_varies_where_its_tangent_is_zero():
    """√(x²) has no derivative at 0, although x² has the tangent 0 there."""
    with pytest.raises(ValueError, match="no finite derivative"):
        graph.derivative_forward(lambda x: graph.sqrt(x * x), {"x": 0.0}, "x")
    assert graph.derivative_forward(lambda x, y: x**y, {"x": -3.0, "y": 2.0}, "x") == -6.0


def test_names_are_strings_and_no_inputs_leave_the_rows():
    with pytest.raises(TypeError, match="name: expected a string, got 5"):
        Value(1.0).named(5)
    assert graph.jacobian_forward(lambda: [1.0, 2.0], []).rows == [[], []]
