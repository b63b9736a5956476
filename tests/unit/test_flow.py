"""Ensembles, theory, deep sweeps, clipping, and the stored grid."""

import inspect
import json
import math
import re

import numpy as np
import pytest

import backprop as bp
from backprop import flow, show

from .nets import ELEMENTWISE, PAIRS, random_case

SIZES = [4, 6, 6, 6, 1]


@pytest.mark.parametrize("name", sorted(bp.activations.ACTIVATIONS))
def test_the_steepest_slope_that_the_search_finds_is_the_stored_one(name):
    z, slope = flow.steepest(name)
    row = bp.activations.get(name)
    assert slope == pytest.approx(row.max_derivative, rel=1e-12)
    if row.derivative is not None:
        assert row.derivative(np.array([z]))[0] == slope


def test_where_the_slope_is_largest():
    assert flow.steepest("gelu")[0] == pytest.approx(math.sqrt(2), abs=1e-6)
    assert flow.steepest("sigmoid")[0] == pytest.approx(0, abs=1e-6)
    assert flow.steepest("relu")[0] > 0


def test_the_table_of_slopes_has_every_activation_once():
    rows = flow.slopes()
    assert [row.name for row in rows] == list(bp.activations.ACTIVATIONS)
    z = np.linspace(-12, 12, 2401)
    names = {
        "exp": np.exp, "tanh": np.tanh, "ln": np.log, "max": np.maximum, "z": z, "s": bp.activations.sigmoid,
        "Phi": bp.activations._normal_cdf, "phi": bp.activations._normal_pdf,
    }  # fmt: skip
    for row in rows:
        if row.name == "softmax":
            continue
        sigma = bp.activations.get(row.name)
        for text, expected in ((row.formula, sigma.value(z)), (row.derivative, sigma.derivative(z))):
            code = re.sub(r"\b(z|s\(z\)) (Phi|phi|\()", r"\1 * \2", text).replace("^", "**")
            code = re.sub(r"(\d) z", r"\1 * z", code).replace("tanh z", "tanh(z)").replace("exp z", "exp(z)")
            parts = [np.broadcast_to(eval(part, {}, names), z.shape) for part in code.split(" or ")]
            value = parts[0] if len(parts) == 1 else np.where(z > 0, *parts)
            np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-12, err_msg=f"{row.name}: {text}")
        low, high = row.range
        assert (sigma.value(z) >= low - 1e-12).all() and (sigma.value(z) <= high).all()


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_without_additions_the_sweeps_are_those_of_the_core(output, loss):
    net, X, Y = random_case("tanh", output, loss, 4, 3, seed=5)
    fwd, core = flow.forward(net, X), bp.forward(net, X)
    grads, expected = flow.backward(net, fwd, Y), bp.backward(net, core, Y)
    for l in range(1, net.L + 1):
        assert (fwd.z[l] == core.z[l]).all() and (fwd.a[l] == core.a[l]).all()
        assert (grads.delta[l] == expected.delta[l]).all()
        assert (grads.W[l] == expected.W[l]).all() and (grads.b[l] == expected.b[l]).all()


@pytest.mark.parametrize("name", [*sorted(set(ELEMENTWISE)), "softmax"])
@pytest.mark.parametrize(("skip", "norm"), [(True, False), (False, True), (True, True)])
def test_the_sweeps_with_additions_pass_the_gradient_check(name, skip, norm):
    rng = np.random.default_rng(11)
    net = bp.Network.random([3, 4, 4, 4, 2], name, "softmax", "cross_entropy", "glorot", rng)
    for b in net.b[1:]:
        b += rng.normal(size=b.shape)
    X, Y = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(2), size=4).T
    # Kinked activations: no step of 1e-6 crosses 0 for this seed.
    assert flow.difference_error(net, X, Y, skip, norm, h=1e-6) < 1e-6


@pytest.mark.parametrize("norm", [False, True])
def test_a_branch_factor_passes_the_gradient_check(norm):
    rng = np.random.default_rng(7)
    net = bp.Network.random([3, 5, 5, 5, 2], "tanh", "identity", "half_squared_error", "lecun", rng)
    X, Y = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    assert flow.difference_error(net, X, Y, skip=0.3, norm=norm) < 1e-6
    full, part = (flow.forward(net, X, skip=s).a[2] - flow.forward(net, X, skip=s).a[1] for s in (True, 0.25))
    np.testing.assert_allclose(part, full / 4, rtol=1e-12)


def test_a_stacked_ensemble_takes_the_branch_factor():
    plain = flow.ensemble(SIZES, "relu", "he", [3, 0, 8], skip=0.3)
    stacked = flow.stacked_ensemble(SIZES, "relu", "he", [3, 0, 8], skip=0.3)
    np.testing.assert_allclose(stacked.delta, plain.delta, rtol=1e-9)


def test_the_controls_change_what_they_should_and_nothing_else():
    """Weights anew: the forward pass and the output error stay. With linear units slopes apart change nothing."""
    of = lambda name, *fresh: flow.stacked_ensemble(SIZES, name, "he", range(6), fresh=fresh)
    real, anew, both = of("tanh"), of("tanh", "weights"), of("tanh", "weights", "slopes")
    assert (real.z == anew.z).all() and (real.z == both.z).all()
    assert (real.delta[:, -1] == anew.delta[:, -1]).all() and (real.delta[:, 0] != anew.delta[:, 0]).all()
    assert (anew.delta[:, 0] != both.delta[:, 0]).all()
    np.testing.assert_array_equal(of("identity", "slopes").delta, of("identity").delta)
    # By hand: the weights of the seed FRESH further on, the slopes of this one.
    net, other = (
        bp.Network.random(SIZES, "tanh", "identity", "half_squared_error", "he", np.random.default_rng(seed))
        for seed in (2, 2 + flow.FRESH)
    )
    rng = np.random.default_rng(2)
    bp.Network.random(SIZES, "tanh", "identity", "half_squared_error", "he", rng)
    fwd = bp.forward(net, rng.normal(size=(SIZES[0], 1)))
    delta = fwd.a[-1] - rng.normal(size=(SIZES[-1], 1))
    for l in range(net.L - 1, 0, -1):
        delta = (1 - fwd.a[l] ** 2) * (other.W[l + 1].T @ delta)
    assert anew.delta[2, 0] == pytest.approx(np.linalg.norm(delta), rel=1e-9)


def test_singular_values_are_those_of_the_jacobian_by_differences():
    net = bp.Network.random([4, 6, 5, 3], "tanh", "identity", "half_squared_error", "lecun", seed=2)
    x = np.random.default_rng(2).normal(size=(4, 1))
    columns = [
        (bp.forward(net, x + h).z[3] - bp.forward(net, x - h).z[3]) / 2e-6
        for h in 1e-6 * np.eye(4)[:, :, None]
    ]
    expected = np.linalg.svd(np.hstack(columns), compute_uv=False)
    np.testing.assert_allclose(flow.singular_values(net, x), expected, rtol=1e-6)
    with pytest.raises(ValueError, match=r"x: expected shape \(4, 1\), got \(4, 2\)"):
        flow.singular_values(net, np.hstack([x, x]))


def test_a_sample_of_the_stored_controls_is_what_runs():
    """A tenth of the seeds, GELU: their root mean square lies near the stored one, with and without cuts."""
    stored = {row["activation"]: row for row in flow.measurements()["controls"]}
    assert set(stored) == {"sigmoid", "tanh", "softplus", "relu", "elu", "gelu"}
    sizes = [10] + [64] * 20 + [1]
    for name in stored:
        assert stored[name]["theory"] == pytest.approx(flow.theory(sizes, name, "he").delta[0], rel=1e-4)
        for cut in ("", "weights", "weights+slopes"):
            for values in stored[name][cut].values():
                assert values == sorted(values)
    for cut in ((), ("weights", "slopes")):
        found = np.median(flow.stacked_ensemble(sizes, "gelu", "he", range(100), fresh=cut).relative[:, 0])
        assert found == pytest.approx(stored["gelu"]["+".join(cut)]["median"][1], rel=0.5)


def test_the_gradient_check_notices_a_wrong_backward_sweep(monkeypatch):
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 4, 3, seed=5)
    monkeypatch.setattr(flow, "layer_norm_vjp", lambda u, s, g: (g - g.mean(axis=0, keepdims=True)) / s)
    assert flow.difference_error(net, X, Y, norm=True) > 1e-3


def test_skips_are_only_between_hidden_layers_of_one_width():
    net = bp.Network.random([5, 5, 5, 3, 3, 3], "tanh", "identity", "half_squared_error", "lecun", 1)
    assert flow.forward(net, np.ones((5, 2)), skip=True).skips == {1, 2, 4}


def test_an_ensemble_is_made_of_real_backward_sweeps():
    found = flow.ensemble(SIZES, "relu", "he", [4, 9], scale=1.3)
    for i, seed in enumerate([4, 9]):
        rng = np.random.default_rng(seed)
        net = bp.Network.random(SIZES, "relu", "identity", "half_squared_error", "he", rng)
        net = net.with_parameters([None] + [1.3 * w for w in net.W[1:]], net.b)
        fwd = bp.forward(net, rng.normal(size=(4, 1)))
        grads = bp.backward(net, fwd, rng.normal(size=(1, 1)))
        for l in range(1, 5):
            assert found.delta[i, l - 1] == pytest.approx(math.sqrt((grads.delta[l] ** 2).sum()))
            assert found.W[i, l - 1] == pytest.approx(math.sqrt((grads.W[l] ** 2).sum()))
            assert found.z[i, l - 1] == pytest.approx(math.sqrt((fwd.z[l] ** 2).mean()))


def test_the_ensemble_calls_the_backward_sweep_of_the_core(monkeypatch):
    calls = []
    real = bp.network.backward
    monkeypatch.setattr(bp.network, "backward", lambda *args: calls.append(1) or real(*args))
    flow.ensemble(SIZES, "tanh", "glorot", range(5))
    assert len(calls) == 5


@pytest.mark.parametrize("name", flow.ACTIVATIONS)
@pytest.mark.parametrize("init", ["glorot", "he", "lecun"])
@pytest.mark.parametrize("sizes", [SIZES, [8] * 9 + [2]])
def test_a_stacked_ensemble_has_the_numbers_of_the_core(name, init, sizes):
    """Against `ensemble`, which runs `bp.backward` without additions, and `flow.backward` with them."""
    for skip in (False, True):
        for norm in (False, True):
            one = flow.ensemble(sizes, name, init, [3, 0, 8], scale=1.3, skip=skip, norm=norm)
            other = flow.stacked_ensemble(sizes, name, init, [3, 0, 8], 1.3, skip, norm)
            assert other.seeds == [3, 0, 8]
            for field in ("z", "delta", "W"):
                # Layer normalisation takes differences; there a small error signal has lost digits.
                np.testing.assert_allclose(
                    getattr(other, field), getattr(one, field), rtol=1e-7 if norm else 1e-11
                )


def test_a_stacked_ensemble_after_another_scale_or_scheme():
    """The draws are kept; what is made of them is not."""
    call = lambda init, scale: flow.stacked_ensemble(SIZES, "tanh", init, range(4), scale).delta
    first = call("he", 1.0)
    assert not np.allclose(call("he", 2.0), first) and not np.allclose(call("lecun", 1.0), first)
    np.testing.assert_array_equal(call("he", 1.0), first)


def test_quantiles_and_mean_square():
    found = flow.ensemble(SIZES, "tanh", "glorot", range(40))
    relative = np.array([row / row[-1] for row in found.delta])
    assert found.delta.shape == (40, 4) and found.quantiles().shape == (5, 4)
    for l in range(4):
        ordered = sorted(relative[:, l])
        assert found.quantiles([0.0, 1.0])[:, l].tolist() == [ordered[0], ordered[-1]]
        assert found.quantiles([0.5])[0, l] == pytest.approx((ordered[19] + ordered[20]) / 2)
        assert found.rms[l] == pytest.approx(math.sqrt(sum(v * v for v in ordered) / 40))


def test_theory_by_hand():
    """ReLU and He: a factor 1 in each layer; ReLU and LeCun: a half; identity and Glorot with widths."""
    np.testing.assert_allclose(flow.theory(SIZES, "relu", "he").delta, 1, rtol=1e-12)
    np.testing.assert_allclose(flow.theory(SIZES, "relu", "lecun").chi, 0.5, rtol=1e-12)
    np.testing.assert_allclose(flow.theory(SIZES, "relu", "he", scale=3.0).chi, 9, rtol=1e-12)
    predicted = flow.theory([4, 6, 2, 1], "identity", "glorot", q0=5.0)
    np.testing.assert_allclose(predicted.q, [5 * 4 * 0.2, 4 * 6 * 0.25, 6 * 2 * 2 / 3], rtol=1e-12)
    np.testing.assert_allclose(predicted.chi, [6 * 0.25, 2 * 2 / 3], rtol=1e-12)
    np.testing.assert_allclose(predicted.delta, np.sqrt([1.5 * 4 / 3, 4 / 3, 1]), rtol=1e-12)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_theory_with_normalisation_against_an_ensemble(name):
    sizes = [200, 200, 200, 200, 200, 1]
    measured = flow.ensemble(sizes, name, "lecun", range(60), norm=True).rms
    # 60 seeds and width 200: a few per cent of chance, two per cent a layer of order 1/width.
    np.testing.assert_allclose(measured, flow.theory(sizes, name, "lecun", norm=True).delta, rtol=0.2)
    other = flow.theory(sizes, name, "lecun", norm=True, scale=2.0).delta
    np.testing.assert_allclose(other, flow.theory(sizes, name, "lecun", norm=True).delta, rtol=1e-12)


def test_the_mean_over_a_gaussian():
    assert flow.gaussian_mean(lambda z: z**4, 2.0) == pytest.approx(12, rel=1e-10)
    assert flow.gaussian_mean(bp.activations.relu, 4.0) == pytest.approx(
        2 / math.sqrt(2 * math.pi), rel=1e-12
    )
    assert flow.gaussian_mean(np.cos, 1.0) == pytest.approx(math.exp(-0.5), rel=1e-12)
    assert flow.gaussian_mean(bp.activations.d_relu, 0.3) == pytest.approx(0.5, rel=1e-12)
    assert flow.gaussian_mean(np.cosh, 0.0) == pytest.approx(1, rel=1e-12)


def test_clipping_leaves_the_given_gradients_alone():
    net, X, Y = random_case("tanh", "identity", "half_squared_error", 3, 2, seed=2)
    grads = bp.backward(net, bp.forward(net, X), Y)
    before = [g.copy() for g in grads.W[1:]]
    clipped, length = flow.clip(grads, length_of(grads) / 2)
    assert length == pytest.approx(length_of(grads))
    assert all((a == b).all() for a, b in zip(before, grads.W[1:], strict=True))
    for l in range(1, 4):
        np.testing.assert_allclose(clipped.W[l], grads.W[l] / 2, rtol=1e-12)
        np.testing.assert_allclose(clipped.b[l], grads.b[l] / 2, rtol=1e-12)


def test_a_zero_gradient_stays_zero():
    net, x, y = flow.single_run("relu", "relu")
    clipped, length = flow.clip(bp.backward(net, bp.forward(net, x), y), 1.0)
    assert length == 0 and all((w == 0).all() for w in clipped.W[1:])


def length_of(grads):
    return math.sqrt(sum(float((g * g).sum()) for g in (*grads.W[1:], *grads.b[1:])))


def small():
    return random_case("tanh", "identity", "half_squared_error", 3, 2, seed=2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flow.steepest("step"), "activation: expected one of .*, got 'step'"),
        (lambda: flow.bound(small()[0], 4), r"l: expected a layer, 1 to 3, got 4"),
        (lambda: flow.bound(bp.Network.random([2, 3, 2], "softmax")), "entry by entry, got 'softmax'"),
        (lambda: flow.theory(SIZES, "softmax", "he"), "entry by entry, got 'softmax'"),
        (lambda: flow.theory(SIZES, "relu", "xavier"), "init: expected one of .*, got 'xavier'"),
        (lambda: flow.theory([3], "relu", "he"), "sizes: expected at least two"),
        (lambda: flow.theory(SIZES, "relu", "he", q0=-1.0), "q: expected a finite number >= 0"),
        (lambda: flow.gaussian_mean(np.cos, math.nan), "q: expected a finite number >= 0, got nan"),
        (lambda: flow.ensemble(SIZES, "relu", "he", []), "seeds: expected at least one"),
        (lambda: flow.ensemble(SIZES, "relu", "he", [1], scale=0), "scale: expected a positive"),
        (lambda: flow.stacked_ensemble(SIZES, "relu", "he", []), "seeds: expected at least one"),
        (lambda: flow.stacked_ensemble(SIZES, "relu", "he", [1], scale=0), "scale: expected a positive"),
        (lambda: flow.stacked_ensemble(SIZES, "softmax", "he", [1]), "entry by entry, got 'softmax'"),
        (lambda: flow.stacked_ensemble(SIZES, "relu", "he_uniform", [1]), "init: expected one of glorot, he"),
        (lambda: flow.ensemble(SIZES, "relu", "he", [1], scale=math.inf), "scale: expected a positive"),
        (lambda: flow.ensemble(SIZES, "steps", "he", [1]), "activation: expected one of .*, got 'steps'"),
        (lambda: flow.forward(small()[0], np.ones((2, 5))), r"X: expected shape \(3, N\), got \(2, 5\)"),
        (lambda: flow.difference_error(*small(), h=0), "h: expected a step > 0, got 0"),
        (lambda: flow.clip(bp.backward(small()[0], bp.forward(*small()[:2]), small()[2]), 0.0), "threshold"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_wrong_label_is_named():
    net, X, _ = small()
    with pytest.raises(ValueError, match=r"Y: expected shape \(3, 2\), got \(1, 2\)"):
        flow.backward(net, flow.forward(net, X), np.ones((1, 2)))


def test_a_gradient_that_is_not_finite_is_not_clipped():
    net, X, Y = small()
    grads = bp.backward(net, bp.forward(net, X), Y)
    grads.W[1][0, 0] = np.inf
    with pytest.raises(ValueError, match="gradients: expected finite numbers, got a norm of inf"):
        flow.clip(grads, 1.0)


def test_ratios_to_a_silent_output_are_refused():
    found = flow.ensemble(SIZES, "relu", "he", range(20), output="relu")
    silent = (found.delta[:, -1] == 0).sum()
    assert 0 < silent < 20 and not np.isnan(found.delta).any()
    with pytest.raises(ValueError, match=f"got 0 for {silent} of 20 seeds"):
        found.quantiles()


def test_the_stored_grid_has_every_case():
    stored = flow.measurements()
    assert stored["seeds"] >= 100 and stored["at"] == list(flow.QUANTILES)
    cases = {(r["activation"], r["init"], r["depth"], r["width"]) for r in stored["rows"]}
    assert len(cases) == len(stored["rows"]) == 6 * 3 * 4 * 3
    for row in stored["rows"]:
        values = np.array([*row["quantiles"], row["rms"], row["theory"]])
        assert np.isfinite(values).all() and (values >= 0).all()
        assert row["quantiles"] == sorted(row["quantiles"])
        sizes = [stored["inputs"]] + [row["width"]] * row["depth"] + [1]
        predicted = flow.theory(sizes, row["activation"], row["init"]).delta[0]
        assert row["theory"] == pytest.approx(predicted, rel=1e-4)
    assert "/" not in json.dumps(stored) and "NaN" not in json.dumps(stored)


@pytest.mark.parametrize("index", [0, 26, 60, 111, 144, 180, 204])
def test_a_sample_of_the_stored_grid_is_what_runs(index):
    stored = flow.measurements()
    row = stored["rows"][index]
    assert row["width"] * row["depth"] <= 2560, "this row takes too long for a test"
    sizes = [stored["inputs"]] + [row["width"]] * row["depth"] + [1]
    found = flow.ensemble(sizes, row["activation"], row["init"], range(stored["seeds"]))
    # Five digits are stored; another BLAS may round other bits, which depth magnifies a little.
    np.testing.assert_allclose(found.quantiles()[:, 0], row["quantiles"], rtol=1e-3)
    assert found.rms[0] == pytest.approx(row["rms"], rel=1e-3)


def test_the_figures_draw_what_they_are_given():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    z = np.linspace(-1, 1, 5)
    show.activation_slopes(z, {"tanh": (np.tanh(z), bp.activations.d_tanh(z)), "relu": (z, z * 0)})
    panels = plt.gcf().axes
    assert [panel.get_title() for panel in panels] == ["tanh", "relu"]
    np.testing.assert_array_equal(panels[0].lines[1].get_ydata(), bp.activations.d_tanh(z))
    plt.close("all")

    found, predicted = flow.ensemble(SIZES, "tanh", "glorot", range(9)), flow.theory(SIZES, "tanh", "glorot")
    show.flow_bands({"a": (found.quantiles(), predicted.delta), "b": (found.quantiles(), None)})
    panels = plt.gcf().axes
    np.testing.assert_array_equal(panels[0].lines[0].get_ydata(), found.quantiles()[2])
    np.testing.assert_array_equal(panels[0].lines[1].get_ydata(), predicted.delta)
    assert [len(panel.lines) for panel in panels] == [2, 1]
    plt.close("all")

    stored = flow.measurements()
    show.flow_grid(stored["rows"], [5, 20], ["tanh", "relu"], 16)
    panel = plt.gcf().axes[1]
    he = [r for r in stored["rows"] if (r["activation"], r["init"], r["width"]) == ("relu", "he", 16)]
    expected = [r["quantiles"][2] for r in he if r["depth"] in (5, 20)]
    assert any(line.get_ydata().tolist() == expected for line in panel.lines)
    plt.close("all")

    show.seed_histogram([0.1, 0.2, 0.2], np.geomspace(0.05, 0.5, 4), ("seed 1", 0.2), "ratio")
    assert sum(bar.get_height() for bar in plt.gca().patches) == 3
    plt.close("all")


@pytest.mark.parametrize(
    "thing",
    [
        v
        for k, v in vars(flow).items()
        if inspect.isfunction(v) and v.__module__ == flow.__name__ and k[0] != "_"
    ],
)
def test_public_functions_have_a_docstring(thing):
    assert len(inspect.getdoc(thing) or "") > 20
    if "raise " in inspect.getsource(thing):
        assert re.search(r"Raises:|errors as", inspect.getdoc(thing))
