"""The clinic: every bug has the fingerprint that its entry claims, and hides where it says."""

import re

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


BELOW = ["missing-slope", "slope-of-a", "aliased-buffers", "wrong-column-dropped"]


@pytest.mark.parametrize("name", BELOW)
def test_right_at_the_output_and_wrong_below(name):
    found = BUGS[name].examine()
    assert [row.right for row in found.rows] == [True, True, False, False, False, False]
    assert all(row.factor is None for row in found.rows[2:])
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


@pytest.mark.parametrize("name", ["softmax-as-sigmoid", "one-slope-too-many", "softmax-wrong-axis"])
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


@pytest.mark.parametrize("name", sorted(clinic.RIGHT_GRADIENT))
def test_the_gradient_of_these_is_right(name):
    assert BUGS[name].examine().right and not BUGS[name].wrong_gradient


@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.wrong_gradient])
def test_the_gradient_check_notices_whatever_the_diagnosis_does(name):
    bug = BUGS[name]
    net, X, Y = clinic.patient(**(bug.setting | {"sizes": (2, 4, 5, 3)}))
    factor = net.sizes[-1] if bug.program == "programs.rows" else 1
    with pytest.raises((bp.GradientError, ValueError)):
        bp.check_gradients(net, X, Y, scaled(bug.gradients(net, X, Y), factor))


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
        ValueError, match=r"step-uphill: expected the right text exactly once in programs.py, found it 0"
    ):
        bug.wrong_source("nothing")
    with pytest.raises(ValueError, match="found it 2 times"):
        bug.wrong_source(bug.source() * 2)


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
