"""Training against plain loops, closed recursions and PyTorch; and what it says to bad input."""

import copy
import io
import math
import re
import sys

import numpy as np
import pytest

import backprop as bp
from backprop import training

from .nets import random_case

SEED = 8


def case(N=10, loss="cross_entropy", output="softmax", seed=SEED, dtype=float):
    print("seed", seed)
    return random_case("tanh", output, loss, 2, N, seed, dtype)


def parameters(net):
    return [*net.W[1:], *net.b[1:]]


def assert_same(net, other, rtol=1e-12):
    for p, q in zip(parameters(net), parameters(other), strict=True):
        np.testing.assert_allclose(p, q, rtol=rtol, atol=1e-14)


def by_hand(net, X, Y, eta, epochs, size, momentum=0.0, l2=0.0, clip=None, seed=0):
    """The same training as a plain loop over `value_and_grad`."""
    net = copy.deepcopy(net)
    rng, N = np.random.default_rng(seed), X.shape[1]
    before = [np.zeros_like(p) for p in parameters(net)]
    for _ in range(epochs):
        order = rng.permutation(N) if size < N else np.arange(N)
        for i in range(0, N, size):
            batch = order[i : i + size]
            _, grads = bp.value_and_grad(net, X[:, batch], Y[:, batch])
            g = [dW + l2 * W for dW, W in zip(grads.W[1:], net.W[1:], strict=True)] + grads.b[1:]
            length = np.linalg.norm(np.concatenate([a.ravel() for a in g]))
            if clip is not None and length > clip:
                g = [a * (clip / length) for a in g]
            change = [momentum * c - eta * a for c, a in zip(before, g, strict=True)]
            for p, c in zip(parameters(net), change, strict=True):
                p += c
            before = change
    return net


@pytest.mark.parametrize("size", [1, 4, 5, 10, 99])
@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.8}, {"l2": 0.3}, {"clip": 0.1}, {"momentum": 0.5, "l2": 0.1, "clip": 0.3}],
    ids=str,
)
def test_training_equals_a_plain_loop(size, settings):
    net, X, Y = case()
    settings = {"momentum": 0.0} | settings
    trained, _ = bp.train(net, X, Y, eta=0.3, epochs=4, batch_size=size, seed=5, **settings)
    expected = by_hand(net, X, Y, 0.3, 4, size, seed=5, **settings)
    assert_same(trained, expected)
    assert abs(trained.W[1] - net.W[1]).max() > 1e-3


@pytest.mark.parametrize("loss", ["half_squared_error", "binary_cross_entropy"])
def test_other_losses(loss):
    net, X, Y = case(loss=loss, output="sigmoid")
    trained, _ = bp.train(net, X, Y, eta=0.2, epochs=3, batch_size=4, momentum=0.0, seed=1)
    assert_same(trained, by_hand(net, X, Y, 0.2, 3, 4, seed=1))


def test_no_batch_size_means_all_examples_in_their_order():
    net, X, Y = case()
    whole, _ = bp.train(net, X, Y, epochs=3, batch_size=None, momentum=0.0, seed=1)
    assert_same(whole, by_hand(net, X, Y, 0.1, 3, 10))


def test_the_network_and_the_examples_stay_as_they_are():
    net, X, Y = case()
    kept = copy.deepcopy((parameters(net), X, Y))
    trained, _ = bp.train(net, X, Y, epochs=2, batch_size=3)
    for now, then in zip([*parameters(net), X, Y], [*kept[0], *kept[1:]], strict=True):
        assert (now == then).all()
    assert not any(np.shares_memory(p, q) for p in parameters(net) for q in parameters(trained))


def test_the_seed_decides_the_order():
    net, X, Y = case()
    run = lambda seed: bp.train(net, X, Y, epochs=2, batch_size=3, seed=seed).net.W[1]
    assert (run(1) == run(1)).all() and abs(run(1) - run(2)).max() > 1e-6


def test_float32_stays_float32():
    net, X, Y = case(dtype=np.float32)
    trained, history = bp.train(net, X, Y, epochs=2, batch_size=3, l2=0.1, clip=0.5)
    assert {p.dtype for p in parameters(trained)} == {np.dtype(np.float32)}
    assert all(isinstance(value, float) for value in history.cost)


def test_momentum_is_its_closed_recursion():
    """Changes are a sum: v_t = -eta Σ_k momentum^(t-k) g_k."""
    net, X, Y = case()
    descent, seen = bp.Descent(net, eta=0.2, momentum=0.7), []
    for t in range(6):
        before = descent.net.W[1].copy()
        descent.step(X, Y)
        seen.append(descent.gradients.W[1].copy())
        expected = -0.2 * sum(0.7 ** (t - k) * g for k, g in enumerate(seen))
        np.testing.assert_allclose(descent.net.W[1] - before, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(descent.velocity.W[1], expected, rtol=1e-9, atol=1e-12)
    assert descent.updates == 6


def test_it_is_what_torch_does():
    torch = pytest.importorskip("torch")
    net, X, Y = case(N=8)
    theirs = [torch.tensor(p, requires_grad=True) for p in parameters(net)]
    W, b = theirs[: net.L], theirs[net.L :]
    groups = [{"params": W, "weight_decay": 0.05}, {"params": b, "weight_decay": 0.0}]
    optimiser = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    descent = bp.Descent(net, eta=0.1, momentum=0.9, l2=0.05)
    for _ in range(20):
        optimiser.zero_grad()
        z = W[1] @ torch.tanh(W[0] @ torch.tensor(X) + b[0]) + b[1]
        (-(torch.tensor(Y) * torch.log_softmax(z, 0)).sum(0).mean()).backward()
        optimiser.step()
        descent.step(X, Y)
    for mine, other in zip(parameters(descent.net), theirs, strict=True):
        np.testing.assert_allclose(mine, other.detach().numpy(), rtol=1e-9, atol=1e-12)


def l2_objective(net, X, Y, l2):
    return bp.cost(net, bp.forward(net, X), Y) + training.penalty(net, l2)


def test_the_gradient_with_l2_is_that_of_cost_and_penalty():
    net, X, Y = case()
    _, grads = training.objective(net, X, Y, l2=0.4)
    h = 1e-5
    for theta, gradient in zip(parameters(net), [*grads.W[1:], *grads.b[1:]], strict=True):
        for index in np.ndindex(*theta.shape):
            there = theta[index]
            theta[index] = there + h
            up = l2_objective(net, X, Y, 0.4)
            theta[index] = there - h
            down = l2_objective(net, X, Y, 0.4)
            theta[index] = there
            assert gradient[index] == pytest.approx((up - down) / (2 * h), rel=1e-6, abs=1e-9)


def test_the_cost_is_told_without_the_penalty():
    net, X, Y = case()
    J, _ = bp.value_and_grad(net, X, Y)
    assert bp.Descent(net, l2=5.0).step(X, Y) == pytest.approx(J, rel=1e-12)
    assert training.penalty(net, 5.0) == pytest.approx(2.5 * sum((w**2).sum() for w in net.W[1:]))


def test_clipping_shortens_the_change_to_eta_times_the_limit():
    net, X, Y = case()
    for clip, expected in ((0.01, 0.01), (1e6, None)):
        descent = bp.Descent(net, eta=0.5, clip=clip)
        descent.step(X, Y)
        moved = np.linalg.norm(
            np.concatenate(
                [(p - q).ravel() for p, q in zip(parameters(descent.net), parameters(net), strict=True)]
            )
        )
        assert moved == pytest.approx(0.5 * (expected or descent.gradient_norm), rel=1e-9)


def test_clipping_factor():
    assert training.clipping_factor(10.0, 2.5) == 0.25
    assert [training.clipping_factor(length, 2.5) for length in (0.0, 2.4, 2.5)] == [1.0] * 3


def test_gradient_norms():
    net, X, Y = case()
    descent = bp.Descent(net, l2=0.1, clip=1e-3)
    assert descent.gradient_norms is None and descent.gradient_norm is None
    descent.step(X, Y)
    _, grads = training.objective(net, X, Y, 0.1)
    assert descent.gradient_norms[0] is None
    assert descent.gradient_norms[1:] == pytest.approx([np.linalg.norm(g) for g in grads.W[1:]])
    whole = np.concatenate([g.ravel() for g in grads.W[1:] + grads.b[1:]])
    assert descent.gradient_norm == pytest.approx(np.linalg.norm(whole))


def test_batches_may_grow_and_shrink():
    net, X, Y = case()
    descent, plain = bp.Descent(net, eta=0.1), copy.deepcopy(net)
    for n in (3, 10, 1, 7):
        descent.step(X[:, :n], Y[:, :n])
        _, grads = bp.value_and_grad(plain, X[:, :n], Y[:, :n])
        for p, g in zip(parameters(plain), [*grads.W[1:], *grads.b[1:]], strict=True):
            p -= 0.1 * g
    assert_same(descent.net, plain)


def test_the_history():
    net, X, Y = case(N=10)
    V, VY = X[:, :4], Y[:, :4]
    trained, history = bp.train(net, X, Y, epochs=3, batch_size=4, validation=(V, VY), seed=2)
    assert history.epochs == [0, 1, 2, 3] and history.best == 3 and history.seconds > 0
    for where, (inputs, labels), costs, shares in (
        ("train", (X, Y), history.cost, history.accuracy),
        ("validation", (V, VY), history.validation_cost, history.validation_accuracy),
    ):
        for e, which in ((0, net), (3, trained)):
            fwd = bp.forward(which, inputs)
            assert costs[e] == pytest.approx(bp.cost(which, fwd, labels), rel=1e-12), where
            assert shares[e] == np.mean(fwd.a[-1].argmax(0) == labels.argmax(0)), where
    # The norms of one epoch: the mean over its three updates.
    descent, order = bp.Descent(net, 0.1, 0.9), np.random.default_rng(2).permutation(10)
    seen = []
    for batch in (order[:4], order[4:8], order[8:]):
        descent.step(X[:, batch], Y[:, batch])
        seen.append(descent.gradient_norms[1:])
    assert len(history.gradient_norms) == 3 and history.gradient_norms[0][0] is None
    assert history.gradient_norms[0][1:] == pytest.approx(np.mean(seen, axis=0))


def test_without_validation_or_classes_there_is_no_such_history():
    net, X, Y = case(loss="half_squared_error", output="identity")
    _, history = bp.train(net, X, Y, epochs=1)
    assert history.accuracy is history.validation_cost is history.validation_accuracy is None


def test_accuracy_by_hand():
    net = bp.Network([None, np.eye(2)], [None, np.zeros((2, 1))], ["softmax"], "cross_entropy")
    X = np.array([[3.0, 0, 1, 0], [0, 3, 0, 1]])
    Y = np.array([[1.0, 0, 0, 0], [0, 1, 1, 1]])
    assert bp.accuracy(net, X, Y) == 0.75
    net = bp.Network([None, np.eye(2)], [None, np.zeros((2, 1))], ["sigmoid"], "binary_cross_entropy")
    assert bp.accuracy(net, X - 0.5, Y) == 0.75
    assert bp.accuracy(net, [[1, -1], [1, -1]], [[1, 0], [0, 0]]) == 0.5  # both entries must be right


def test_accuracy_needs_a_classifier_and_labels():
    net, X, Y = case(output="identity", loss="half_squared_error")
    with pytest.raises(ValueError, match="net: expected a softmax or sigmoid output, got identity"):
        bp.accuracy(net, X, Y)
    net, X, Y = case()
    with pytest.raises(ValueError, match=r"Y: expected shape \(3, 10\), got \(3, 9\)"):
        bp.accuracy(net, X, Y[:, 1:])


def overfitting(patience, epochs=400):
    """Noise as labels: the validation cost turns upwards soon."""
    rng = np.random.default_rng(SEED)
    X, V = rng.normal(size=(2, 4, 20))
    Y, VY = rng.integers(0, 2, (2, 1, 20)).astype(float)
    net = bp.Network.random([4, 30, 1], "tanh", "sigmoid", "binary_cross_entropy", "glorot", seed=SEED)
    return net, bp.train(net, X, Y, eta=0.3, epochs=epochs, validation=(V, VY), patience=patience), (V, VY)


def test_patience_stops_and_returns_the_best_network():
    _, (trained, history), (V, VY) = overfitting(patience=5)
    costs = history.validation_cost
    assert history.best == int(np.argmin(costs)) and history.epochs[-1] == history.best + 5 < 400
    assert bp.cost(trained, bp.forward(trained, V), VY) == pytest.approx(min(costs), rel=1e-12)
    assert costs[-1] > min(costs)


def test_patience_that_never_ends_still_returns_the_best_network():
    _, (trained, history), (V, VY) = overfitting(patience=1000, epochs=60)
    assert history.epochs[-1] == 60 > history.best == int(np.argmin(history.validation_cost))
    assert bp.cost(trained, bp.forward(trained, V), VY) == pytest.approx(
        min(history.validation_cost), rel=1e-12
    )


def linear():
    """y = x²-shaped cost: gradient descent with eta > 2 / curvature doubles and doubles."""
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["identity"], "half_squared_error")
    return net, np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]])


def test_a_diverging_run_stops_and_says_where():
    net, X, Y = linear()
    with pytest.raises(bp.DivergenceError) as caught:
        bp.train(net, X, Y, eta=10, epochs=50, batch_size=1, momentum=0.0)
    found = str(caught.value)
    epoch, update = int(found.split()[1].rstrip(",")), int(found.split()[3].rstrip(":"))
    assert epoch == (update - 1) // 2 + 1 and "eta = 10" in found and "diverges" in found
    assert isinstance(caught.value, ArithmeticError)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("eta", [1e200, 1e300, 1e308])
def test_not_finite_is_divergence_without_a_warning(eta):
    net, X, Y = linear()
    with pytest.raises(bp.DivergenceError, match="epoch 1, update 2: the (cost|norm).* (inf|nan|e\\+)"):
        bp.train(net, X, Y, eta=eta, epochs=3, batch_size=1, momentum=0.0)
    with pytest.raises(bp.DivergenceError, match="epoch 1, .*(inf|nan)"):
        bp.train(net, X, Y, eta=eta, epochs=3, batch_size=None, momentum=0.0)


def test_a_gradient_without_bounds_is_divergence_too():
    """The cost is finite, the norm of the gradient overflows."""
    net, _, _ = linear()
    with pytest.raises(bp.DivergenceError, match="update 1: the norm of the gradient is inf"):
        bp.Descent(net).step([[1e10]], [[1e150]])


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_limit_of_the_cost_is_relative_to_the_first_cost_or_to_1(scale):
    """J = (s w)²/2 and a factor -3 a step: the last cost allowed is at most FAR times max(1, first)."""
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["identity"], "half_squared_error")
    X, Y = np.array([[scale, -scale]]), np.zeros((1, 2))
    descent, first = bp.Descent(net, eta=4 / scale**2), scale**2 / 2
    limit, cost = training.FAR * max(1, first), first
    while cost <= limit:
        assert descent.step(X, Y) == pytest.approx(cost, rel=1e-9)
        cost *= 9
    said = re.escape(f"the cost is {cost:.3g}, it was {first:.3g} at the start")
    with pytest.raises(bp.DivergenceError, match=said):
        descent.step(X, Y)


def test_digits_with_too_large_a_step_stop():
    train = bp.data.digits().train
    with pytest.raises(bp.DivergenceError, match="eta = 1000"):
        bp.train(bp.Network.random([64, 16, 10]), *train, eta=1000, epochs=2)


def test_a_failed_step_leaves_the_parameters():
    net, X, Y = linear()
    descent = bp.Descent(net, eta=1e200)
    descent.step(X, Y)
    kept = copy.deepcopy(parameters(descent.net))
    with pytest.raises(bp.DivergenceError, match="update 2"):
        descent.step(X, Y)
    assert parameters(descent.net) == kept and descent.updates == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "written"),
    [(Terminal, None, True), (io.StringIO, None, False), (io.StringIO, True, True), (Terminal, False, False)],
)
def test_progress_goes_to_stderr_when_it_is_a_terminal_or_asked_for(
    monkeypatch, capsys, stream, progress, written
):
    monkeypatch.setattr(sys, "stderr", to := stream())
    net, X, Y = case()
    capsys.readouterr()
    _, history = bp.train(net, X, Y, epochs=3, progress=progress, validation=(X, Y))
    assert capsys.readouterr().out == ""
    if not written:
        assert to.getvalue() == ""
        return
    last = to.getvalue().split("\r")[-1]
    assert "[" + 20 * "#" + "] epoch 3/3" in last and last.endswith("\n")
    assert f"cost {history.cost[-1]:.4f}, validation {history.validation_cost[-1]:.4f}" in last


def test_progress_is_written_ten_times_a_second_at_most(monkeypatch):
    monkeypatch.setattr(sys, "stderr", to := io.StringIO())
    net, X, Y = case()
    for seconds, lines in ((0.0, 2), (1.0, 40)):  # between two looks at the clock
        clock = iter(np.arange(1000) * seconds)
        monkeypatch.setattr(training.time, "perf_counter", lambda clock=clock: float(next(clock)))
        bp.train(net, X, Y, epochs=40, progress=True)
        assert to.getvalue().count("\r") == lines
        to.truncate(0)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"eta": 0}, ValueError, "eta: expected a number > 0, got 0"),
        ({"eta": math.inf}, ValueError, "eta: expected a number > 0, got inf"),
        ({"eta": math.nan}, ValueError, "eta: expected a number > 0, got nan"),
        ({"eta": "big"}, TypeError, "eta: expected a number > 0, got 'big'"),
        ({"eta": True}, TypeError, "eta: expected a number > 0, got True"),
        ({"momentum": 1}, ValueError, r"momentum: expected a number in \[0, 1\), got 1"),
        ({"momentum": -0.1}, ValueError, r"momentum: expected a number in \[0, 1\), got -0.1"),
        ({"l2": -1}, ValueError, "l2: expected a number >= 0, got -1"),
        ({"clip": 0}, ValueError, "clip: expected a number > 0 or None, got 0"),
        ({"epochs": 0}, ValueError, "epochs: expected an integer >= 1, got 0"),
        ({"epochs": 1.5}, TypeError, "epochs: expected an integer >= 1, got 1.5"),
        ({"batch_size": 0}, ValueError, "batch_size: expected an integer >= 1 or None, got 0"),
        ({"batch_size": "all"}, TypeError, "batch_size: expected an integer >= 1 or None, got 'all'"),
        ({"patience": 3}, ValueError, "patience: expected a validation set to watch, got validation=None"),
        ({"validation": 3}, ValueError, r"validation: expected a pair \(X, Y\), got int"),
        ({"validation": ([[1.0]], [[1.0]])}, ValueError, r"validation X: expected shape \(3, N\), got \(1, 1\)"),
        ({"X": [[1.0, 2.0]]}, ValueError, r"X: expected shape \(3, N\), got \(1, 2\)"),
        ({"X": [[1j], [1], [1]]}, TypeError, "X: expected real numbers"),
        ({"Y": np.ones((3, 9))}, ValueError, r"Y: expected shape \(3, 10\), got \(3, 9\)"),
        ({"Y": np.ones((3, 10))}, ValueError, "Y: cross_entropy expects each column to be a distribution"),
        ({"net": "net"}, TypeError, "net: expected a Network, got str"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_named(change, error, message):
    net, X, Y = case()
    with pytest.raises(error, match=message):
        bp.train(**({"net": net, "X": X, "Y": Y, "epochs": 1} | change))


def test_validation_labels_are_checked_and_patience_is_a_number():
    net, X, Y = case()
    with pytest.raises(ValueError, match="Y: cross_entropy expects"):
        bp.train(net, X, Y, validation=(X, 0 * Y))
    with pytest.raises(ValueError, match="patience: expected an integer >= 1 or None, got 0"):
        bp.train(net, X, Y, validation=(X, Y), patience=0)


def test_a_bad_batch_is_named_by_a_step():
    net, X, Y = case()
    descent = bp.Descent(net)
    with pytest.raises(ValueError, match=r"X: expected shape"):
        descent.step(X[0], Y)
    with pytest.raises(ValueError, match=r"Y: expected shape \(3, 10\), got \(3, 9\)"):
        descent.step(X, Y[:, 1:])
