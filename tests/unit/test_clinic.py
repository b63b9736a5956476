"""The clinic: every bug has the fingerprint that its entry claims, and hides where it says."""

import dataclasses
import re
import tomllib

import numpy as np
import pytest

import backprop as bp
from backprop import clinic, programs
from backprop.clinic import BUGS

N, N_L = 8, 3  # of the patient


def factors(found):
    return {row.name: row.factor for row in found.rows}


@pytest.mark.parametrize(
    ("name", "factor", "reading"),
    [
        ("mean-of-means", N_L / N, "0.375 = n_L/N"),
        ("averaging-twice", 1 / N, "0.125 = 1/N"),
        ("wrong-denominator", 1 / N_L, "0.333 = 1/n_L"),
        ("missing-two", 0.5, "0.5 = 1/2"),
        ("wrong-sign", -1, "-1"),
    ],
)
def test_one_factor_everywhere(name, factor, reading):
    found = BUGS[name].examine()
    assert list(factors(found).values()) == pytest.approx([factor] * 6, rel=1e-6)
    assert found.verdict == f"One factor everywhere, {reading}: look for a constant."
    assert {round(row.angle) for row in found.rows} == {180 if factor < 0 else 0}


BELOW = ["missing-slope", "slope-of-a", "aliased-buffers", "wrong-column-dropped", "mask-of-the-gradient", "slope-not-handed-down"]  # fmt: skip


@pytest.mark.parametrize("name", BELOW)
def test_right_at_the_output_and_wrong_below(name):
    found = BUGS[name].examine()
    assert [row.right for row in found.rows] == [True, True, False, False, False, False]
    assert "from layer 3 to 2" in found.verdict


def test_the_missing_transpose_is_an_error_or_wrong_below():
    with pytest.raises(ValueError, match="matmul"):
        BUGS["missing-transpose"].examine()
    found = BUGS["missing-transpose"].examine(sizes=(2, 4, 4, 4))
    assert [row.right for row in found.rows] == [True, True, False, False, False, False]


@pytest.mark.parametrize("name", ["missing-slope", "slope-of-a"])
def test_with_one_hidden_layer_and_one_example_the_ratio_is_the_factor(name):
    net, X, _ = clinic.patient(sizes=(2, 3, 2), N=1)
    fwd = bp.forward(net, X)
    d = lambda t: 1 / np.cosh(t) ** 2
    expected = (1 if name == "missing-slope" else d(fwd.a[1])) / d(fwd.z[1])
    found = BUGS[name].examine(sizes=(2, 3, 2), N=1)
    assert found["W[1]"].by_row == pytest.approx(expected[:, 0], rel=1e-6)
    assert (found["b[1]"].low, found["b[1]"].high) == pytest.approx(
        (expected.min(), expected.max()), rel=1e-6
    )


def test_the_mask_of_the_gradient_keeps_or_drops_a_whole_unit():
    """One hidden layer, one example: 0, 1, or a gradient where a dead unit has none."""
    seen = set()
    for seed in range(20):
        print("seed", seed)
        net, X, Y = clinic.patient(sizes=(2, 4, 2), hidden="relu", N=1, seed=seed)
        wrong, fwd = BUGS["mask-of-the-gradient"].gradients(net, X, Y), bp.forward(net, X)
        blame, alive = net.W[2].T @ (fwd.a[2] - Y), fwd.z[1] > 0
        np.testing.assert_allclose(wrong.b[1], np.where(blame > 0, blame, 0), rtol=1e-12)
        np.testing.assert_allclose(wrong.W[1], wrong.b[1] @ X.T, rtol=1e-12)
        seen |= set(zip((wrong.b[1] != 0).ravel().tolist(), alive.ravel().tolist(), strict=True))
    assert seen == {(True, True), (True, False), (False, True), (False, False)}
    net, X, Y = clinic.patient(hidden="relu")
    wrong, true = BUGS["mask-of-the-gradient"].gradients(net, X, Y), bp.backward(net, bp.forward(net, X), Y)
    assert (wrong.b[1] >= 0).all() and (wrong.b[2] >= 0).all() and (true.b[1] < 0).any()


def test_the_slope_that_is_not_handed_down_is_one_factor_below_a_single_output():
    small = {"sizes": (2, 4, 1), "N": 1}
    net, X, _ = clinic.patient(**small, output="sigmoid")
    a = bp.forward(net, X).a[2].item()
    found = BUGS["slope-not-handed-down"].examine(**small)
    assert list(factors(found).values()) == pytest.approx([1, 1] + [1 / (a * (1 - a))] * 2, rel=1e-6)


@pytest.mark.parametrize("name", ["l2-missing", "l2-doubled"])
def test_l2_bugs_of_the_weights(name):
    found = BUGS[name].examine()
    assert [row.right for row in found.rows] == [False, True] * 3


def test_l2_on_the_biases():
    found = BUGS["l2-on-biases"].examine()
    assert [row.right for row in found.rows] == [True, False] * 3


@pytest.mark.parametrize(
    ("name", "times_W", "times_b"), [("l2-missing", -1, 0), ("l2-doubled", 1, 0), ("l2-on-biases", 0, 1)]
)
def test_l2_bugs_are_wrong_by_a_multiple_of_the_parameters(name, times_W, times_b):
    net, X, Y = clinic.patient()
    wrong, (_, right) = BUGS[name].gradients(net, X, Y), programs.with_l2(net, X, Y, 0.5)
    for l in (1, 2, 3):
        np.testing.assert_allclose(wrong.W[l] - right.W[l], times_W * 0.5 * net.W[l], atol=1e-14)
        np.testing.assert_allclose(wrong.b[l] - right.b[l], times_b * 0.5 * net.b[l], atol=1e-14)


@pytest.mark.parametrize("name", ["l2-missing", "l2-doubled", "l2-on-biases"])
def test_without_l2_these_bugs_are_none(name):
    assert dataclasses.replace(BUGS[name], arguments={"l2": 0.0}).examine().right


def test_what_else_hides_l2_bugs():
    net, X, Y = clinic.patient()
    assert clinic.diagnose(net, X, Y, BUGS["l2-missing"].gradients(net, X, Y)).right
    for b in net.b[1:]:
        b[...] = 0
    assert clinic.diagnose(net, X, Y, BUGS["l2-on-biases"].gradients_of_the_cost(net, X, Y)).right


def test_the_lost_use_is_what_is_missing():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((2, 3), (2, 1), (3, 1), (3, 8))]
    wrong, right = (p.tied(*arrays) for p in (clinic.plant("one-use-lost").programs, programs))
    W, b, c, X = arrays
    net = bp.Network([None, W, W.T], [None, b, c], ["tanh", "identity"], "half_squared_error")
    _, untied = bp.value_and_grad(net, X, X)
    np.testing.assert_allclose(right[1] - wrong[1], untied.W[2].T, rtol=1e-11)
    assert wrong[0] == right[0] and all((w == r).all() for w, r in zip(wrong[2:], right[2:], strict=True))


def test_a_mask_drawn_anew_keeps_0_1_or_what_was_dropped():
    layer = clinic.plant("mask-drawn-anew").layers.Dropout(0.5, seed=0)
    U, G = np.ones((8, 8)), np.ones((8, 8))
    V = layer.forward(U)
    seen = set(zip(V.ravel().tolist(), layer.backward(G).ravel().tolist(), strict=True))
    assert seen == {(0.0, 0.0), (0.0, 2.0), (2.0, 0.0), (2.0, 2.0)}
    passes = []
    for _ in range(4000):
        layer.forward(U)
        passes.append(layer.backward(G).mean())
    error = np.std(passes) / np.sqrt(len(passes))
    assert np.mean(passes) == pytest.approx(1, abs=4 * error)  # "the mean over many passes is right"
    layer.p = 0
    layer.forward(U)
    assert (layer.backward(G) == G).all()


def test_above_the_dropout_right_and_below_wrong():
    net, X, Y = clinic.patient()
    found = []
    for package in (bp, clinic.plant("mask-drawn-anew")):
        sequence = package.layers.Sequence.of(net)
        sequence.layers.insert(2, package.layers.Dropout(0.5, seed=0))
        sequence.forward(X, Y)
        sequence.backward()
        found.append([layer.dW for layer in sequence.linear])
    assert [np.allclose(r, w) for r, w in zip(*found, strict=True)] == [False, True, True]


def parts(name, steps, momentum=0.0, eta=0.01):
    """(patient after the steps, the costs) of the program with a bug."""
    net, X, Y = clinic.patient()
    ill = clinic.plant(name)
    moved = ill.same(net)
    return moved, ill.programs.descend_in_parts(moved, X, Y, eta, steps, momentum=momentum)


def test_without_zeroing_each_step_goes_along_the_sum():
    net, X, Y = clinic.patient()
    one, two = parts("gradients-not-zeroed", 1)[0], parts("gradients-not-zeroed", 2)[0]
    first, second = bp.value_and_grad(net, X, Y)[1], bp.value_and_grad(one, X, Y)[1]
    np.testing.assert_allclose(one.W[1], net.W[1] - 0.01 * first.W[1], rtol=1e-12)
    np.testing.assert_allclose(two.W[1], one.W[1] - 0.01 * (first.W[1] + second.W[1]), rtol=1e-12)
    costs = np.diff(parts("gradients-not-zeroed", 200)[1])
    assert (costs > 0).any() and (costs < 0).any()  # it swings
    assert (np.diff(programs.descend(*clinic.patient(), 0.01, 200)) < 0).all()


def test_the_sign_of_momentum():
    net, X, Y = clinic.patient()
    one, two = parts("momentum-sign", 1, 0.9)[0], parts("momentum-sign", 2, 0.9)[0]
    first, second = bp.value_and_grad(net, X, Y)[1], bp.value_and_grad(one, X, Y)[1]
    np.testing.assert_allclose(one.W[1], net.W[1] - 0.01 * first.W[1], rtol=1e-12)
    np.testing.assert_allclose(two.W[1], one.W[1] - 0.01 * (second.W[1] - 0.9 * first.W[1]), rtol=1e-12)


@pytest.mark.parametrize(
    ("package", "limit"), [(bp, 1 / (1 - 0.9)), (clinic.plant("momentum-sign"), 1 / (1 + 0.9))]
)
def test_steps_with_momentum_under_a_constant_gradient(package, limit):
    """The label is so far away that the gradient stays at -1e9; eta times it is 1."""
    after = []
    for steps in (200, 201):
        flat = package.network.Network([None, [[1.0]]], [None, [[0.0]]], ["identity"], "half_squared_error")
        package.programs.descend_in_parts(flat, [[0.0]], [[1e9]], 1e-9, steps, momentum=0.9)
        after.append(flat.b[1].item())
    assert after[1] - after[0] == pytest.approx(limit, rel=1e-5)


def own_step_ratio(name, eta=1e-5, **changes):
    """{eq}`eq:step-test` with the cost and gradient of the program itself."""
    bug = BUGS[name]
    net, X, Y = clinic.patient(**(bug.setting | changes))
    program = getattr(clinic.plant(name).programs, bug.program.split(".")[1])
    J, g = program(net, X, Y)
    squared = sum((v**2).sum() for v in g.W[1:] + g.b[1:])
    for p, v in zip(net.W[1:] + net.b[1:], g.W[1:] + g.b[1:], strict=True):
        p -= eta * v
    return (J - program(net, X, Y)[0]) / (eta * squared)


@pytest.mark.parametrize("name", ["softmax-twice", "column-minus-flat"])
def test_cost_and_gradient_of_these_programs_agree_with_each_other(name):
    assert own_step_ratio(name) == pytest.approx(1, abs=1e-3)
    assert not BUGS[name].examine().right


@pytest.mark.parametrize("name", ["softmax-twice", "column-minus-flat"])
def test_their_learning_curves_fall(name):
    bug = BUGS[name]
    net, X, Y = clinic.patient(**bug.setting)
    program, costs = getattr(clinic.plant(name).programs, bug.program.split(".")[1]), []
    for _ in range(60):
        J, g = program(net, X, Y)
        costs.append(J)
        for p, v in zip(net.W[1:] + net.b[1:], g.W[1:] + g.b[1:], strict=True):
            p -= 0.1 * v
    assert costs == sorted(costs, reverse=True) and costs[-1] < 0.95 * costs[0]


def test_the_cost_after_two_softmaxes_has_a_floor():
    floor = np.log(1 + (N_L - 1) / np.e)
    ill = clinic.plant("softmax-twice").programs
    for size in (10.0, 1000.0):  # as sure and as right as can be
        net = bp.Network([None, size * np.eye(3)], [None, np.zeros((3, 1))], ["softmax"], "cross_entropy")
        assert ill.by_layers(net, np.eye(3), np.eye(3))[0] == pytest.approx(floor, abs=1e-3)
        assert programs.by_layers(net, np.eye(3), np.eye(3))[0] < 1e-3
    for seed in range(20):
        net, X, Y = clinic.patient(output="softmax", loss="cross_entropy", seed=seed)
        assert ill.by_layers(net, X, Y)[0] > floor


def test_a_column_minus_a_flat_array_learns_the_mean_label():
    bug = BUGS["column-minus-flat"]
    net, X, Y = clinic.patient(**bug.setting)
    (J, wrong), n = clinic.plant(bug.name).programs.recorded(net, X, Y), X.shape[1]
    a = bp.forward(net, X).a[3]
    assert pytest.approx(((a.T - Y) ** 2).mean()) == J  # all n² pairs
    _, mean = programs.rows(net, X, np.full((1, n), Y.mean()))
    for l in (1, 2, 3):
        np.testing.assert_allclose(wrong.W[l], mean.W[l], rtol=1e-10)
    found = bug.examine()
    assert [row.right for row in found.rows] == [False, True] + [False] * 4
    with pytest.raises(ValueError, match=re.escape("(8,3) (24,)")):
        bug.examine(sizes=(2, 4, 4, 3))


def test_nan_through_where_from_710_on_while_the_outputs_stay():
    ill = clinic.plant("nan-through-where")
    with np.errstate(over="ignore", invalid="ignore"):
        slope = ill.activations.d_elu(np.array([[709.0], [710.0]])).ravel()
        assert slope[0] == 1 and np.isnan(slope[1])
        net, X, Y = clinic.patient(hidden="elu")
        net.b[1][0] = 1000.0
        assert (ill.network.forward(ill.same(net), X).a[3] == bp.forward(net, X).a[3]).all()
        found = clinic.diagnose(net, X, Y, BUGS["nan-through-where"].gradients(net, X, Y))
    assert found["b[1]"].problem == "1 of 4 entries not finite" and found["W[2]"].right


def test_differences_of_the_output_know_no_labels():
    bug = BUGS["differences-of-the-output"]
    net, X, Y = clinic.patient()
    first, second = bug.gradients(net, X, Y), bug.gradients(net, X, Y + 1)
    assert all((u == v).all() for u, v in zip(first.W[1:], second.W[1:], strict=True))
    np.testing.assert_allclose(first.b[3], 1 / N_L, rtol=1e-8)
    assert not bug.examine().right


def test_a_check_that_draws_anew_gives_one_over_h():
    ill, rng = clinic.plant("check-draws-anew"), np.random.default_rng(0)
    layer, (U, G) = ill.layers.Dropout(0.5, seed=1), rng.normal(size=(2, 3, 8))
    sizes = [abs(ill.programs.layer_differences(layer, U, G, h)).mean() for h in (1e-5, 1e-6)]
    assert sizes[0] > 1e4 and sizes[1] == pytest.approx(10 * sizes[0], rel=0.5)
    layer.p = 0
    np.testing.assert_allclose(ill.programs.layer_differences(layer, U, G), G, rtol=1e-8)


@pytest.mark.parametrize("name", ["softmax-as-sigmoid", "one-slope-too-many", "softmax-wrong-axis", "softmax-twice", "differences-of-the-output"])  # fmt: skip
def test_wrong_from_the_output_on(name):
    found = BUGS[name].examine()
    assert not any(row.right for row in found.rows)
    assert found.verdict.startswith("Wrong from the output on")


def test_special_factors_of_the_output_bugs():
    found = BUGS["softmax-as-sigmoid"].examine(sizes=(2, 4, 2))
    assert list(factors(found).values()) == pytest.approx([0.5] * 4, rel=1e-6)
    net, X, _ = clinic.patient(sizes=(2, 4, 1), N=1, output="sigmoid", loss="binary_cross_entropy")
    a = bp.forward(net, X).a[2].item()
    found = BUGS["one-slope-too-many"].examine(sizes=(2, 4, 1), N=1)
    assert list(factors(found).values()) == pytest.approx([a * (1 - a)] * 4, rel=1e-6)


def test_one_buffer_is_the_slope_at_a_and_reaches_a_curved_output():
    assert BUGS["aliased-buffers"].examine() == BUGS["slope-of-a"].examine()
    assert not BUGS["aliased-buffers"].examine(output="tanh")["b[3]"].right
    net, X, _ = clinic.patient(output="tanh")
    ill = clinic.plant("aliased-buffers")
    assert (ill.network.forward(ill.same(net), X).a[3] == bp.forward(net, X).a[3]).all()


def test_only_weights_or_only_biases():
    found = BUGS["wrong-activation"].examine(sizes=(4, 4, 4, 4))
    assert [row.right for row in found.rows] == [False, True] * 3
    assert found.verdict.startswith("Biases right, weights wrong")
    found = BUGS["bias-not-averaged"].examine()
    assert list(factors(found).values()) == pytest.approx([1, N] * 3, rel=1e-6)
    assert found.verdict.startswith("Weights right, biases wrong")


def test_shapes_are_named():
    assert BUGS["wrong-activation"].examine()["W[3]"].problem == "shape (3, 3) instead of (3, 4)"
    found = BUGS["bias-wrong-axis"].examine()
    assert [row.problem for row in found.rows[1::2]] == [
        f"shape (1, 8) instead of ({n}, 1)" for n in (3, 4, 4)
    ]
    assert found.verdict == "Nothing to compare in b[3], b[2], b[1]: mend that first."
    with pytest.raises(ValueError, match=re.escape("shapes (5,8) (4,8)")):
        BUGS["bias-column-kept"].examine()
    assert (
        BUGS["bias-column-kept"].examine(sizes=(2, 1, 2))["W[1]"].problem == "shape (2, 2) instead of (1, 2)"
    )


def test_the_output_layer_left_out_gets_zeros_and_the_cost_falls_all_the_same():
    found = BUGS["output-layer-left-out"].examine()
    assert list(factors(found).values()) == pytest.approx([0, 0, 1, 1, 1, 1], abs=1e-6)
    assert found.verdict == "All zero: W[3], b[3]. Look for what is left out."
    net, X, Y = clinic.patient()
    costs = []
    for _ in range(200):
        costs.append(bp.cost(net, bp.forward(net, X), Y))
        wrong = BUGS["output-layer-left-out"].gradients(net, X, Y)
        for l in (1, 2, 3):
            net.W[l] -= 0.1 * wrong.W[l]
            net.b[l] -= 0.1 * wrong.b[l]
    right = programs.descend(*clinic.patient(), 0.1, 200)
    assert costs == sorted(costs, reverse=True) and costs[-1] < 0.9 * costs[0]
    assert costs[-1] > 2 * right[-1]  # and it stops falling too early


def test_assignment_keeps_the_last_example():
    net, X, Y = clinic.patient()
    wrong = BUGS["assigned-not-added"].gradients(net, X, Y)
    last = bp.backward(net, bp.forward(net, X[:, [7]]), Y[:, [7]])
    for l in (1, 2, 3):
        np.testing.assert_allclose(wrong.W[l], last.W[l] / 8, rtol=1e-13)
        np.testing.assert_allclose(wrong.b[l], last.b[l] / 8, rtol=1e-13)


def descended(name, eta=0.1, steps=20):
    net, X, Y = clinic.patient()
    ill = clinic.plant(name)
    patient = ill.same(net)
    return ill.programs.descend(patient, X, Y, eta, steps), patient, net


def test_the_stale_cache_stands_still_while_the_weights_move():
    costs, patient, net = descended("stale-cache")
    assert len(set(costs)) == 1 and abs(patient.W[1] - net.W[1]).max() > 0.1
    net, X, Y = clinic.patient()
    first = clinic.gradient_of_step(lambda n, x, y, eta: clinic.plant("stale-cache").programs.descend(n, x, y, eta, 1),
                                    net, X, Y, 0.1)  # fmt: skip
    assert clinic.diagnose(net, X, Y, first).right  # "the first gradient is right"


def test_the_step_uphill_climbs():
    costs, *_ = descended("step-uphill")
    assert costs == sorted(costs) and costs[-1] > 100 * costs[0]


def test_the_early_update_is_wrong_in_proportion_to_the_step_size():
    net, X, Y = clinic.patient()
    step, true = (
        clinic.plant("update-inside-the-sweep").programs.step,
        bp.backward(net, bp.forward(net, X), Y),
    )
    errors = []
    for eta in (0.1, 0.01):
        used = clinic.gradient_of_step(step, net, X, Y, eta)
        np.testing.assert_allclose(used.W[3], true.W[3], rtol=1e-10)
        errors.append(abs(used.W[2] - true.W[2]).max())
    assert errors[0] == pytest.approx(10 * errors[1], rel=1e-6) and errors[0] > 0.01


def test_softmax_overflows_from_710_on():
    softmax = clinic.plant("softmax-overflow").activations.softmax
    with np.errstate(over="ignore", invalid="ignore"):
        assert softmax(np.array([[709.0], [0.0]]))[0, 0] == 1
        assert np.isnan(softmax(np.array([[710.0], [0.0]]))[0, 0])
        net, X, Y = clinic.patient(output="softmax", loss="cross_entropy")
        net.b[3][0] = 1000.0
        found = clinic.diagnose(net, X, Y, BUGS["softmax-overflow"].gradients(net, X, Y))
    assert found["b[3]"].problem == "1 of 3 entries not finite"


def test_softmax_over_the_batch():
    softmax = clinic.plant("softmax-wrong-axis").activations.softmax
    assert softmax(np.array([[1.0], [2.0]])).tolist() == [[1.0], [1.0]]
    assert abs(softmax(np.array([[1.0, 3.0], [2.0, 1.0]])).sum(axis=0) - 1).min() > 0.1


def test_integers_cut_the_inputs():
    network = clinic.plant("integers-stay-integers").network
    whole = network.Network([None, [[1, 2]]], [None, [[0]]], ["identity"], "squared_error")
    assert network.forward(whole, [[0.5], [0.7]]).a[1].item() == 0
    assert network.forward(whole, [[-0.5], [1.7]]).a[1].item() == 2  # 0 and 1: towards 0


def test_swapped_labels_and_reshaped_examples():
    one_hot = clinic.plant("labels-swapped").programs.one_hot
    assert one_hot(np.array([1, 2, 3, 0]), 4).argmax(axis=0).tolist() == [3, 0, 1, 2]
    rows = np.array([[1, 2, 3], [4, 5, 6]])
    assert clinic.plant("reshape-for-transpose").programs.columns(rows).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_shared_parameters_move_together():
    net, X, Y = clinic.patient()
    ill = clinic.plant("shared-parameters")
    best, kept = ill.same(net), net.W[1].copy()
    programs.descend(net, X, Y, 0.1, 2)
    assert best.W[1] is net.W[1] and (best.W[1] != kept).any() and best.b[1] is not net.b[1]


@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if not bug.wrong_gradient])
def test_the_gradient_of_these_is_right(name):
    assert BUGS[name].examine().right


@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.wrong_gradient])
def test_the_gradient_check_notices_whatever_the_diagnosis_does(name):
    bug = BUGS[name]
    net, X, Y = clinic.patient(**(bug.setting | {"sizes": (2, 4, 5, 3)}))
    with pytest.raises((bp.GradientError, ValueError)):
        bp.check_gradients(net, X, Y, bug.gradients_of_the_cost(net, X, Y))


@pytest.mark.parametrize(
    ("name", "blind"),
    [
        ("mean-of-means", {"N": 3}),
        ("averaging-twice", {"N": 1}),
        ("wrong-denominator", {"sizes": (2, 4, 4, 1)}),
        ("missing-two", {"loss": "half_squared_error"}),
        ("wrong-sign", {"output": "identity", "loss": "half_squared_error"}),
        ("wrong-sign", {"sizes": (2, 4, 4, 1)}),
        ("softmax-as-sigmoid", {"sizes": (2, 4, 4, 1)}),
        ("missing-slope", {"sizes": (2, 3)}),
        ("missing-slope", {"hidden": "identity"}),
        ("slope-of-a", {"hidden": "relu"}),
        ("slope-of-a", {"hidden": "leaky_relu"}),
        ("aliased-buffers", {"hidden": "relu"}),
        ("softmax-as-sigmoid", {"loss": "cross_entropy"}),
        ("one-slope-too-many", {"output": "sigmoid", "loss": "half_squared_error"}),
        ("bias-not-averaged", {"N": 1}),
        ("assigned-not-added", {"N": 1}),
        ("mask-of-the-gradient", {"sizes": (2, 3)}),
        ("mask-of-the-gradient", {"hidden": "identity"}),
        ("slope-not-handed-down", {"sizes": (2, 4, 3), "output": "identity"}),
        ("column-minus-flat", {"N": 1}),
    ],
)
def test_blind_spots(name, blind):
    assert BUGS[name].caught() and not BUGS[name].caught(**blind)


def test_a_relu_network_with_all_units_active_hides_a_missing_slope():
    net, X, Y = clinic.patient(hidden="relu")
    for l in (1, 2):
        net.b[l] += 100.0
    assert clinic.diagnose(net, X, Y, BUGS["missing-slope"].gradients(net, X, Y)).right


def test_every_bug_can_be_planted_and_printed_and_leaves_the_package_alone():
    net, X, Y = clinic.patient()
    before = bp.backward(net, bp.forward(net, X), Y).W[1]
    assert len(BUGS) >= 15 and len({bug.title for bug in BUGS.values()}) == len(BUGS)
    for name, bug in BUGS.items():
        package = clinic.plant(name)
        assert package is clinic.plant(name) and package.network is not bp.network
        text = str(bug).splitlines()
        assert text[0] == f"backprop/{bug.file}.py"
        assert sum(line.startswith("right") for line in text) == sum(
            line.startswith("WRONG") for line in text
        )
        right = next(line for line in text if line.startswith("right"))[7:]
        assert right.strip() and right in bug.source()
        assert bug.fingerprint and bug.missed and bug.mend
    assert (bp.backward(net, bp.forward(net, X), Y).W[1] == before).all()


def test_carets_stand_under_the_change():
    assert str(BUGS["slope-of-a"]).splitlines() == [
        "backprop/network.py",
        "right  delta[l] = sigma[l].vjp(z[l], W[l + 1].T @ delta[l + 1])  # eq:delta-hidden",
        "WRONG  delta[l] = sigma[l].vjp(a[l], W[l + 1].T @ delta[l + 1])  # eq:delta-hidden",
        "                               ^",
    ]
    assert str(BUGS["output-layer-left-out"]).splitlines()[1:] == [
        "right  for l in range(net.L, 0, -1):",
        "WRONG  for l in range(net.L - 1, 0, -1):",
        "                           ^^^^",
    ]
    assert str(BUGS["bias-not-averaged"]).splitlines()[3].rstrip().endswith(" ^")  # something left out
    assert "^" not in str(BUGS["stale-cache"])


def test_a_right_text_that_is_not_there_exactly_once_is_an_error():
    bug = BUGS["step-uphill"]
    with pytest.raises(
        ValueError,
        match=r"bugs.toml, bugs.step-uphill, changes: expected the right text exactly once in programs.py, found it 0",
    ):
        bug.wrong_source("nothing")
    with pytest.raises(ValueError, match="found it 2 times"):
        bug.wrong_source(bug.source() * 2)


ENTRY = """
[bugs.b]
title = "t"
file = "network"
changes = [["right", "wrong"]]
fingerprint = "f"
missed = "m"
mend = "n"
[cases.A]
bug = "b"
"""


def test_a_new_bug_is_one_entry(tmp_path):
    file = tmp_path / "bugs.toml"
    file.write_text(ENTRY)
    bugs, cases = clinic.read(file)
    assert cases == {"A": ("b", {})}
    assert bugs == {"b": clinic.Bug("b", "t", "network", (("right", "wrong"),), "f", "m", "n")}
    assert clinic.read() == (BUGS, clinic.CASES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('missed = "m"', 'mised = "m"', "bugs.toml, bugs.b, mised: expected one of the keys title, file,"),
        ('mend = "n"', "", "bugs.toml, bugs.b, mend: expected a text, got nothing"),
        ('title = "t"', "title = 3", "bugs.toml, bugs.b, title: expected a text, got 3"),
        ('file = "network"', 'file = "netwrk"', "bugs.toml, bugs.b, file: expected a file of the package, got 'netwrk'"),
        ('mend = "n"', 'mend = "n"\nprogram = "steps.f"', "bugs.b, program: expected module.function of the package, got 'steps.f'"),
        ('mend = "n"', 'mend = "n"\nprogram = "programs.f"', "bugs.b, program: expected module.function of the package, got 'programs.f'"),
        ('[["right", "wrong"]]', '[["right"]]', "bugs.b, changes: expected pairs .right, wrong. of texts, got .'right'."),
        ('[["right", "wrong"]]', '"right"', "bugs.b, changes: expected a list, got 'right'"),
        ('mend = "n"', 'mend = "n"\nsetting = { size = 3 }', "bugs.b, setting, size: expected one of the keys sizes, hidden"),
        ('bug = "b"', 'bug = "c"', "bugs.toml, cases.A, bug: expected the name of a bug of this file, got 'c'"),
        ("[cases.A]", "[case.A]", "bugs.toml, case: expected one of the keys bugs, cases, got another"),
        ("[bugs.b]", "[bugs.b", "bugs.toml: expected TOML, got: .*line 2"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_named_with_file_and_key(tmp_path, old, new, message):
    file = tmp_path / "bugs.toml"
    file.write_text(ENTRY.replace(old, new))
    with pytest.raises(ValueError, match=message):
        clinic.read(file)


def test_a_wheel_has_no_names_of_tests():
    pytest.importorskip("hatchling")  # the oldest versions are tried without what builds
    from tools import wheel

    text = (clinic.SOURCES / "data" / "bugs.toml").read_text(encoding="utf-8")
    shipped, whole = tomllib.loads(wheel.without_tests(text)), tomllib.loads(text)
    for entry in whole["bugs"].values():
        entry.pop("test", None)  # there is none where the wheel itself is tested
    assert shipped == whole and "tests/" not in wheel.without_tests(text)


def test_unknown_names_and_cases():
    for function in (clinic.get, clinic.plant):
        with pytest.raises(ValueError, match="unknown bug 'typo'; expected one of mean-of-means"):
            function("typo")
    with pytest.raises(ValueError, match="letter: expected one of A, B, C, D, E, F, got 'G'"):
        clinic.case("G")


def test_the_cases_are_bugs_with_wrong_gradients():
    for letter, (name, _) in clinic.CASES.items():
        assert name in BUGS
        assert not clinic.diagnose(*clinic.case(letter)).right


def test_a_case_can_be_seen_on_another_patient():
    net, X, Y, grads = clinic.case("A", N=3, sizes=(2, 2))
    assert (net.sizes, X.shape) == ([2, 2], (2, 3))
    np.testing.assert_allclose(grads.b[1], 3 * bp.backward(net, bp.forward(net, X), Y).b[1], rtol=1e-13)


def test_the_table_holds_every_bug_once():
    table = clinic.table()
    assert len(repr(table).splitlines()) == len(BUGS) == table._repr_html_().count("<tr>") - 1
    assert "a &gt; 0 exactly" in table._repr_html_()


def test_gradient_of_a_right_step_is_the_gradient_and_the_network_stays():
    net, X, Y = clinic.patient()
    kept = net.W[1].copy()
    assert clinic.diagnose(net, X, Y, clinic.gradient_of_step(programs.step, net, X, Y, 0.5)).right
    assert (net.W[1] == kept).all()


def scaled(grads, factor):
    times = lambda arrays: [None] + [factor * a for a in arrays[1:]]
    return bp.Gradients(None, times(grads.W), times(grads.b))


def test_the_patient_s_labels_suit_its_loss():
    one_hot = clinic.patient(output="softmax")[2]
    assert set(one_hot.ravel()) == {0, 1} and (one_hot.sum(axis=0) == 1).all()
    assert set(clinic.patient(output="sigmoid", loss="binary_cross_entropy")[2].ravel()) == {0, 1}
    assert len(set(clinic.patient()[2].ravel())) == 24
