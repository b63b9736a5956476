"""What `diagnose` says: right, right up to rounding, wrong and where, or not compared and why."""

import numpy as np
import pytest

import backprop as bp
from backprop import clinic, data, diagnosis, judge, numeric, training
from backprop.diagnosis import diagnose

from .nets import changed, random_case

RIGHT = "Right for this cost, these parameters and this batch."


def right_gradients(**changes):
    net, X, Y = clinic.patient(**changes)
    return net, X, Y, bp.backward(net, bp.forward(net, X), Y)


def scaled(grads, factor):
    return changed(grads, lambda a, name, l: factor * a)


@pytest.mark.parametrize("hidden", ["tanh", "relu", "gelu"])
def test_a_right_gradient_is_called_right(hidden):
    found = diagnose(*right_gradients(hidden=hidden))
    assert found.right and not found.wrong and found.verdict == RIGHT
    assert all(row.factor == pytest.approx(1, abs=1e-5) for row in found.rows)


def test_the_convention_of_the_cost_can_be_given():
    net, X, Y, grads = right_gradients()
    assert diagnose(net, X, Y, scaled(grads, 8), factor=8).right
    assert "8 = N:" in diagnose(net, X, Y, scaled(grads, 8)).verdict
    with pytest.raises(ValueError, match="factor: expected a number other than 0, got 0"):
        diagnose(net, X, Y, grads, factor=0)


def test_one_wrong_entry_is_seen():
    net, X, Y, grads = right_gradients()
    grads.W[2][1, 2] *= 1.01
    found = diagnose(net, X, Y, grads)
    assert [row.name for row in found.rows if not row.right] == ["W[2]"]
    assert found["W[2]"].high == pytest.approx(1.01, rel=1e-9)
    assert "Biases right, weights wrong" in found.verdict


def test_small_errors_are_not_shown_as_1():
    net, X, Y, grads = right_gradients()
    found = diagnose(net, X, Y, scaled(grads, 1 + 1e-3))
    assert found.verdict == "One factor everywhere, 1.001: look for a constant."
    assert str(found["W[2]"]).endswith(" 1.001")
    rng = np.random.default_rng(0)
    noisy = changed(grads, lambda a, name, l: a * (1 + 1e-3 * rng.choice([-1, 1], a.shape)))
    assert "1, but for errors up to 1e-03" in str(diagnose(net, X, Y, noisy)["W[2]"])
    assert str(diagnose(net, X, Y, scaled(grads, 1.2))["W[2]"]).endswith(" 1.2")


def test_nan_and_missing_arrays_are_named():
    net, X, Y, grads = right_gradients()
    grads.W[1][0, 0], grads.b[3] = np.nan, None
    found = diagnose(net, X, Y, grads)
    assert (found["W[1]"].problem, found["b[3]"].problem) == ("1 of 8 entries not finite", "missing")
    assert found.verdict == "Nothing to compare in b[3], W[1]: mend that first."


def test_entries_at_a_kink_are_left_out_and_said():
    net = bp.Network([None, [[1.0], [1.0]], [[1.0, 1.0]]], [None, [[0.0], [5.0]], [[0.0]]],
                     ["relu", "identity"], "squared_error")  # fmt: skip
    grads = bp.backward(net, bp.forward(net, [[0.0]]), [[1.0]])
    grads.b[1][0, 0] = 77.0  # the unit is at its kink
    found = diagnose(net, [[0.0]], [[1.0]], grads)
    assert found.right and "Not compared: b[1] (1 of 2 at a kink)." in found.verdict


def xor_at_its_kinks(dtype=float):
    """ReLU, zero biases: at the input (0, 0) every hidden unit stands on its kink."""
    net = bp.Network.random([2, 3, 1], "relu", "sigmoid", "binary_cross_entropy", "he", seed=1, dtype=dtype)
    return net, data.xor().X, data.xor().Y


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("replaced", [None, 123.0])
def test_an_array_that_was_not_compared_is_never_right(dtype, replaced):
    net, X, Y = xor_at_its_kinks(dtype)
    grads = bp.backward(net, bp.forward(net, X), Y)
    if replaced is not None:
        grads.b[1][:] = replaced
    found = diagnose(net, X, Y, grads)
    assert not found.right and not found.wrong
    assert str(found["b[1]"]).endswith("not compared: 3 of 3 at a kink")
    assert (
        found.verdict.startswith("What was compared is right") and "b[1] (3 of 3 at a kink)" in found.verdict
    )
    with pytest.raises(ValueError, match=r"b\[1\] was not compared: .*; move the biases off 0"):
        bp.check_gradients(net, X, Y, grads)
    for l in (1, 2):
        net.b[l] += np.random.default_rng(0).normal(size=net.b[l].shape).astype(dtype)
    grads = bp.backward(net, bp.forward(net, X), Y)
    assert diagnose(net, X, Y, grads).right and bp.check_gradients(net, X, Y, grads)


def test_nothing_at_all_compared():
    net = bp.Network([None, [[0.0]]], [None, [[0.0]]], ["relu"], "squared_error")
    found = diagnose(net, [[1.0]], [[1.0]], bp.Gradients(None, [None, [[5.0]]], [None, [[5.0]]]))
    assert found.verdict == "Nothing could be compared: W[1] (1 of 1 at a kink), b[1] (1 of 1 at a kink)."


def dead_relu(dtype=float):
    """One unit of each hidden layer is dead for the whole batch, the others are alive."""
    net, X, Y = random_case("relu", "identity", "half_squared_error", 3, 4, 3, dtype)
    net.b[1][0], net.b[2][:] = -50, [[5], [-50]]
    return net, X, Y


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_missing_slopes_of_dead_units_are_wrong_and_no_factor(dtype):
    net, X, Y = dead_relu(dtype)
    wrong = clinic.get("missing-slope").gradients(net, X, Y)
    found = diagnose(net, X, Y, wrong)
    assert "Right above layer 2, wrong from there on" in found.verdict
    assert found["W[2]"].beside_zero > 0 and found["W[2]"].factor is None
    assert "entries not 0 where 0 is right" in str(found["W[2]"])


def test_dead_layers_are_named():
    net, X, Y = dead_relu()
    net.b[2][:] = -50
    grads = bp.backward(net, bp.forward(net, X), Y)
    found = diagnose(net, X, Y, grads)
    # W[3] too: the activations that it meets are 0
    assert found.verdict.startswith(f"{RIGHT} All 0, as they should be: W[3], W[2], b[2], W[1], b[1]")
    assert str(found["b[1]"]).endswith("–  0, as it should be")
    grads.b[1][0, 0] = 1e-9
    assert diagnose(net, X, Y, grads)["b[1]"].state == "WRONG"
    one = clinic.patient(sizes=(2, 3, 1), output="softmax", loss="cross_entropy")
    assert "All gradients are 0" in diagnose(*one, bp.value_and_grad(*one)[1]).verdict


DEEP = [("sigmoid", "sigmoid", "half_squared_error", 15), ("sigmoid", "softmax", "cross_entropy", 15)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", DEEP)
@pytest.mark.parametrize("factor", [2, -1, 0, 0.5, 1.01])
def test_tiny_gradients_are_told_from_their_multiples(case, factor, dtype):
    """The gradient of layer 1 behind 15 layers of sigmoids is below 1e-7 of the cost."""
    net, X, Y = random_case(*case, 3, 2, dtype)
    J, grads = bp.value_and_grad(net, X, Y)
    assert abs(grads.W[1]).max() < 1e-7 * J and diagnose(net, X, Y, grads).right
    below = changed(grads, lambda a, name, l: a if l > 3 else a.dtype.type(factor) * a)
    found = diagnose(net, X, Y, below)
    if factor == 0:
        assert found.verdict.startswith("All zero: W[1], W[2], W[3], b[1], b[2], b[3].")
    elif factor == 1.01 and dtype == np.float32:
        assert found.right or "Right above layer 3" in found.verdict  # near float32's bar
    else:
        assert [row.factor for row in found.rows[-6:]] == pytest.approx([factor] * 6, rel=1e-3)
        assert "Right above layer 3, wrong from there on" in found.verdict
    if found.wrong:
        with pytest.raises(bp.GradientError):
            bp.check_gradients(net, X, Y, below)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [1, 10])
def test_what_the_check_passes_in_float32_is_not_called_wrong(seed, scale):
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 3, 5, seed, np.float32)
    for l in (1, 2, 3):
        net.W[l] *= np.float32(scale)
    grads = bp.backward(net, bp.forward(net, X), Y)
    found = diagnose(net, X, Y, grads)
    assert not found.wrong and bp.check_gradients(net, X, Y, grads).checked
    assert found.right or "Not compared" in found.verdict


def test_right_up_to_rounding_is_a_verdict_of_its_own():
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 4, seed=1, dtype=np.float32)
    grads = bp.backward(net, bp.forward(net, X), Y)
    grads.b[2][0, 0] *= 1 + 5e-3
    found = diagnose(net, X, Y, grads)
    assert found.right and found["b[2]"].state == "right up to rounding" and found["W[2]"].state == "right"
    assert (
        found.verdict
        == "Right up to rounding for this cost, these parameters and this batch: errors up to 5e-03."
    )
    report = bp.check_gradients(net, X, Y, grads)
    assert report.rounded == 1 and "1 of them right up to rounding" in str(report)
    # one factor in every entry is no rounding, even within the bar
    grads = scaled(bp.backward(net, bp.forward(net, X), Y), np.float32(1.005))
    assert "But not by chance: one factor everywhere, 1.00" in diagnose(net, X, Y, grads).verdict
    wide = clinic.patient()  # float64, and a gradient that was computed in float32
    coarse = changed(bp.value_and_grad(*wide)[1], lambda a, name, l: a.astype(np.float32) * np.float32(1.001))
    assert diagnose(*wide, coarse).right


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("weights", "biases", "says"),
    [
        (1, 0, "Right"),
        (0, 0, "Differs by λW, λ = 0.1: the L2 term is missing."),
        (2, 0, "Differs by λW: the L2 term has 0.2 = 2λ in place of λ = 0.1."),
        (1 / 2, 0, "Differs by λW: the L2 term has 0.05 = λ/2 in place of λ = 0.1."),
        (1 / 5, 0, "Differs by λW: the L2 term has 0.02 = λ/N in place of λ = 0.1."),
        (1 / 10, 0, "Differs by λW: the L2 term has 0.01 = λ/2N in place of λ = 0.1."),
        (-1, 0, "Differs by λW: the L2 term has -0.1 = −λ in place of λ = 0.1."),
        (1, 1, "Differs by λb, λ = 0.1: L2 on the biases too."),
        (
            2,
            2,
            "Differs by λW and b: the L2 term has 0.2 = 2λ in place of λ = 0.1, and is on the biases too.",
        ),
    ],
)
def test_conventions_of_l2_are_named(weights, biases, says, dtype):
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 5, 4, dtype)
    grads = bp.value_and_grad(net, X, Y)[1]
    share = {"W": weights, "b": biases}
    with_l2 = changed(grads, lambda a, name, l: a + dtype(0.1 * share[name]) * getattr(net, name)[l])
    found = diagnose(net, X, Y, with_l2, l2=0.1)
    assert found.verdict.startswith(says) and found.right == (says == "Right")
    if found.right:
        assert bp.check_gradients(net, X, Y, with_l2, l2=0.1).checked
    else:
        with pytest.raises(bp.GradientError):
            bp.check_gradients(net, X, Y, with_l2, l2=0.1)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_objective_of_training_passes_and_an_untold_l2_is_named(dtype):
    net, X, Y = random_case("relu", "softmax", "cross_entropy", 3, 5, 4, dtype)
    grads = training.objective(net, X, Y, l2=0.1)[1]
    assert bp.check_gradients(net, X, Y, grads, l2=0.1).checked and diagnose(net, X, Y, grads, l2=0.1).right
    assert bp.check_gradients(net, X, Y, l2=0.1).checked  # backward's own, with the term
    with pytest.raises(bp.GradientError):
        bp.check_gradients(net, X, Y, grads)
    says = "Differs by λW, λ = 0.1: an L2 term. If it is meant, pass l2."
    assert diagnose(net, X, Y, grads).verdict == says
    summed = changed(grads, lambda a, n, l: 5 * a - (dtype(0.4) * net.W[l] if n == "W" else 0))
    assert diagnose(net, X, Y, summed, l2=0.1).verdict == (
        "It is 5 = N times the gradient of J plus λW, λ = 0.1."
    )


def test_a_factor_needs_every_entry():
    net, X, Y, grads = right_gradients()
    wrong = scaled(grads, 2.0)
    wrong.W[1][0, 0] *= 1.001
    assert "One factor" not in diagnose(net, X, Y, wrong).verdict
    net, X, Y = dead_relu()
    wrong = scaled(bp.value_and_grad(net, X, Y)[1], 2.0)
    assert "One factor everywhere, 2" in diagnose(net, X, Y, wrong).verdict
    wrong.W[1][0, 0] = 1e-8  # where 0 is right: no factor makes that
    assert "One factor" not in diagnose(net, X, Y, wrong).verdict


def test_a_saturated_reader_s_slope_is_not_called_wrong():
    """1 - a² loses its digits where tanh saturates; that is rounding, whatever the relative error is."""
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 2, 3, 0)
    net.W[1] *= 4.0
    fwd = bp.forward(net, X)
    delta = net.W[2].T @ (fwd.a[2] - Y) * (1 - fwd.a[1] ** 2)
    grads = bp.backward(net, fwd, Y)
    grads.W[1], grads.b[1] = delta @ X.T / 3, delta.sum(axis=1, keepdims=True) / 3
    assert not diagnose(net, X, Y, grads).wrong


# Other people's shapes


class Tensor:
    """What a framework hands over: to be detached, then read by numpy."""

    def __init__(self, array, followed=True):
        self.array, self.followed = array, followed

    def detach(self):
        return Tensor(self.array, False)

    def __array__(self, dtype=None, copy=None):
        if self.followed:
            raise RuntimeError("can't call numpy() on a tensor that requires grad")
        return np.asarray(self.array, dtype)


FORMS = {
    "Gradients": lambda g: g,
    "value_and_grad": lambda g: (0.5, g),
    "(dW, db)": lambda g: (g.W, g.b),
    "lists without None": lambda g: (g.W[1:], g.b[1:]),
    "dict of lists": lambda g: {"W": g.W, "b": g.b[1:]},
    "dict dW": lambda g: {"dW": g.W[1:], "db": g.b[1:]},
    "dict of arrays": lambda g: {f"{n}{l}": getattr(g, n)[l] for n in "Wb" for l in (1, 2, 3)},
    "dict dW1": lambda g: {f"d{n}{l}": getattr(g, n)[l] for n in "Wb" for l in (1, 2, 3)},
    "flat biases": lambda g: bp.Gradients(None, g.W, [None, *(b.ravel() for b in g.b[1:])]),
    "nested lists": lambda g: ([w.tolist() for w in g.W[1:]], [b.tolist() for b in g.b[1:]]),
    "tensors": lambda g: ([Tensor(w) for w in g.W[1:]], [Tensor(b) for b in g.b[1:]]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_of_gradients_are_read(form):
    net, X, Y, grads = right_gradients(sizes=(2, 4, 5, 3))
    assert diagnose(net, X, Y, FORMS[form](grads)).verdict == RIGHT
    assert bp.check_gradients(net, X, Y, FORMS[form](grads)).checked == 55
    wrong = scaled(grads, 2.0)
    assert "One factor everywhere, 2" in diagnose(net, X, Y, FORMS[form](wrong)).verdict
    with pytest.raises(bp.GradientError):
        bp.check_gradients(net, X, Y, FORMS[form](wrong))


def test_transposed_arrays_are_explained():
    net, X, Y, grads = right_gradients(sizes=(2, 4, 4, 3))
    rows = changed(grads, lambda a, name, l: a.T)
    found = diagnose(net, X, Y, rows)
    hint = "transposed? your layout is rows"
    assert found["W[1]"].problem == f"shape (2, 4) instead of (4, 2): {hint}"
    assert found["b[1]"].problem == f"shape (1, 4) instead of (4, 1): {hint}"
    assert found["W[2]"].problem == f"equal to the transposed true one: {hint}"  # a square one
    with pytest.raises(
        ValueError, match=r"gradients.W\[1\]: expected shape \(4, 2\), got \(2, 4\): transposed\?"
    ):
        bp.check_gradients(net, X, Y, rows)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda g: 3, TypeError, "gradients: expected Gradients, .*, got int"),
        (lambda g: {"weights": 3}, TypeError, "got a dict with the keys weights"),
        (lambda g: {"W": g.W, "b": 3}, TypeError, "gradients.b: expected a list of arrays, got int"),
        (lambda g: (g.W, g.b[2:]), ValueError, "gradients.b: expected a list of length 4 with None at index 0, "
                                               "or of its 3 arrays, got length 2"),
        (lambda g: ([*g.W[1:]], [["a"], [1.0], [1.0]]), TypeError, "gradients.b: expected real numbers"),
        (lambda g: {"W1": g.W[1], "W9": g.W[1]}, ValueError, "expected keys for 3 layers, got W9 too"),
    ],
)  # fmt: skip
def test_what_is_no_gradient_is_explained(given, error, message):
    net, X, Y, grads = right_gradients()
    for instrument in (diagnose, bp.check_gradients):
        with pytest.raises(error, match=message):
            instrument(net, X, Y, given(grads))


def test_a_network_is_expected():
    with pytest.raises(TypeError, match="net: expected a Network, got list"):
        diagnose([], 0, 0, None)


def test_a_row_that_is_zero_where_it_should_be_and_where_it_should_not():
    zero, one, off = np.zeros((2, 2)), np.ones((2, 2)), np.full((2, 2), 1e-14)
    row = diagnosis._row("W[1]", zero, zero, off, 1e-5)
    assert row.right and row.true_zero and row.factor is None
    row = diagnosis._row("W[1]", one, zero, off, 1e-5)
    assert row.wrong and row.beside_zero == 4 and row.factor is None
    row = diagnosis._row("W[1]", np.array([[3e-15, 2.0]]), np.array([[1e-15, 1.0]]), off[:1], 1e-5)
    assert row.ratios == ((None, 2.0),) and row.factor == 2  # the first is nothing but rounding
    row = diagnosis._row("W[1]", zero, one, off, 1e-5)
    assert row.wrong and row.factor == 0


def test_the_states_of_an_entry():
    true, off = np.array([np.nan, 1e-15, 1.0, 1.0, 1.0, 0.0]), np.full(6, 1e-14)
    given = np.array([1.0, -2e-15, 1 + 1e-6, 1 + 5e-3, 1.1, 0.0])
    names = [judge.KINK, judge.SMALL, judge.RIGHT, judge.ROUNDING, judge.WRONG, judge.RIGHT]
    assert judge.states(given, true, off, 1e-2).tolist() == names
    assert judge.states(given, true, off, 1e-5)[3] == judge.WRONG


@pytest.mark.parametrize("output, loss", [("softmax", "cross_entropy"), ("identity", "half_squared_error"),
                                          ("softmax", "squared_error")])  # fmt: skip
@pytest.mark.parametrize("hidden", ["tanh", "relu", "sigmoid", "softplus"])
@pytest.mark.parametrize("scale", [1, 20])
def test_rounding_stays_below_its_bound_and_comes_near_it(hidden, output, loss, scale):
    """Also where units saturate: at 20 times the weights a slope may have no digit left."""
    nearest = 0.0
    for seed in range(5):
        print("seed", seed)
        net, X, Y = random_case(hidden, output, loss, 3, 5, seed, np.float32)
        for l in (1, 2, 3):
            net.W[l] *= np.float32(scale)
        found = judge.judge(net, X, Y, numeric.column(bp.backward(net, bp.forward(net, X), Y)))
        compared = ~np.isnan(found.true) & (found.off > 0)
        share = abs(found.given - found.true)[compared] / found.off[compared]
        nearest = max(nearest, share.max())
        assert (share < 1).all() and not (found.states == judge.WRONG).any()
    assert nearest > (0.02 if scale == 1 else 0)
