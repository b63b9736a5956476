"""Layers: the right numbers in both layouts, and clear errors."""

import numpy as np
import pytest

import backprop as bp
from backprop import gradcheck, layers, programs

from .nets import random_case


def two_examples():
    """Columns: V = (2 3) U + 1, by hand."""
    return layers.Linear([[2.0, 3.0]], [[1.0]]), np.array([[5.0, 0.0], [7.0, 1.0]])


def test_linear_by_hand_in_columns():
    layer, U = two_examples()
    assert layer.forward(U).tolist() == [[32, 4]]
    assert layer.backward([[10.0, 1.0]]).tolist() == [[20, 2], [30, 3]]
    assert layer.dW.tolist() == [[50, 71]] and layer.db.tolist() == [[11]]


def test_linear_by_hand_in_rows():
    layer = layers.Linear([[2.0], [3.0]], [[1.0]], "rows")
    assert layer.forward([[5.0, 7.0], [0.0, 1.0]]).tolist() == [[32], [4]]
    assert layer.backward([[10.0], [1.0]]).tolist() == [[20, 30], [2, 3]]
    assert layer.dW.tolist() == [[50], [71]] and layer.db.tolist() == [[11]]


def test_a_second_backward_writes_anew():
    layer, U = two_examples()
    layer.forward(U)
    for _ in range(2):
        layer.backward([[10.0, 1.0]])
        assert layer.dW.tolist() == [[50, 71]] and layer.db.tolist() == [[11]]


def test_softmax_couples_units_in_both_layouts():
    rng = np.random.default_rng(0)
    U, G = rng.normal(size=(2, 3, 4))
    a = bp.activations.softmax(U)
    expected = np.stack([(np.diag(p) - np.outer(p, p)) @ g for p, g in zip(a.T, G.T, strict=True)], axis=1)
    columns, rows = layers.Activation("softmax"), layers.Activation("softmax", "rows")
    np.testing.assert_allclose(columns.forward(U).sum(axis=0), 1)
    np.testing.assert_allclose(rows.forward(U.T), a.T)
    np.testing.assert_allclose(columns.backward(G), expected, rtol=1e-12)
    np.testing.assert_allclose(rows.backward(G.T), expected.T, rtol=1e-12)


@pytest.mark.parametrize("layout", layers.LAYOUTS)
def test_each_layer_against_differences(layout):
    rng = np.random.default_rng(3)
    U = rng.normal(size=(4, 4))
    for layer in (layers.Linear(rng.normal(size=(4, 4)), np.ones((4, 1) if layout == "columns" else (1, 4)), layout),
                  layers.Activation("tanh", layout), layers.Activation("softmax", layout)):  # fmt: skip
        G = rng.normal(size=layer.forward(U).shape)
        np.testing.assert_allclose(
            layer.backward(G), programs.layer_differences(layer, U, G), rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5])
def test_dropout_hands_back_through_the_mask_of_its_forward(p):
    rng = np.random.default_rng(4)
    layer = layers.Dropout(p, seed=5)
    for _ in range(3):
        U, G = rng.normal(size=(2, 20, 3))
        numeric = programs.layer_differences(layer, U, G)
        V = layer.forward(U)
        assert set((V / U).round(12).ravel()) <= {0.0, round(1 / (1 - p), 12)}
        np.testing.assert_allclose(layer.backward(G), numeric, rtol=1e-7, atol=1e-9)


def test_dropout_drops_its_share_and_keeps_the_mean():
    layer, U = layers.Dropout(0.3, seed=0), np.ones((100, 1000))
    V = layer.forward(U)
    assert (V == 0).mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / V.size))
    assert V.mean() == pytest.approx(1, abs=4 * np.sqrt(0.3 / 0.7 / V.size))
    assert (layer.forward(U) != V).any()  # a mask of its own each time
    layer.p = 0
    assert (layer.forward(U) == U).all()
    assert layer.forward(np.ones((2, 2), np.float32)).dtype == np.float32


def test_saturated_outputs_give_finite_numbers():
    loss = layers.Loss("cross_entropy")
    assert loss.forward([[1000.0], [0.0]], [[0.0], [1.0]]) == 1000
    assert loss.backward().tolist() == [[1.0], [-1.0]]


def test_the_loss_divides_by_the_number_of_examples_and_by_nothing_else():
    U, Y = np.zeros((3, 5)), np.ones((3, 5))
    for layout in layers.LAYOUTS:
        loss = layers.Loss("half_squared_error", layout)
        number = 5 if layout == "columns" else 3
        assert loss.forward(U, Y) == pytest.approx(0.5 * 15 / number)
        np.testing.assert_allclose(loss.backward(), -np.ones((3, 5)) / number)


@pytest.mark.parametrize("layout", layers.LAYOUTS)
@pytest.mark.parametrize(("output", "loss"), [("sigmoid", "squared_error"), ("softmax", "cross_entropy")])
def test_the_derivative_by_the_input_of_a_network(layout, output, loss):
    net, X, Y = random_case("tanh", output, loss, 2, 2, seed=3)
    turn = np.transpose if layout == "rows" else np.asarray
    sequence = layers.Sequence.of(net, layout)
    sequence.forward(turn(X), turn(Y))
    dX = turn(sequence.backward())
    for index in np.ndindex(*X.shape):
        costs = []
        for step in (1e-5, -1e-5):
            moved = X.copy()
            moved[index] += step
            costs.append(bp.cost(net, bp.forward(net, moved), Y))
        assert dX[index] == pytest.approx((costs[0] - costs[1]) / 2e-5, rel=1e-6, abs=1e-9)


def test_float32_stays_float32():
    net, X, Y = random_case("tanh", "softmax", "cross_entropy", 2, 4, seed=0, dtype=np.float32)
    sequence = layers.Sequence.of(net)
    assert sequence.forward(X, Y).dtype == np.float32 and sequence.backward().dtype == np.float32
    assert all(layer.dW.dtype == layer.db.dtype == np.float32 for layer in sequence.linear)


def test_the_cross_entropies_hold_their_output_activation():
    net, _, _ = random_case("tanh", "softmax", "cross_entropy", 2, 4, seed=0)
    assert [type(layer).__name__ for layer in layers.Sequence.of(net).layers] == [
        "Linear",
        "Activation",
        "Linear",
    ]
    net, _, _ = random_case("tanh", "softmax", "squared_error", 2, 4, seed=0)
    assert [layer.row.name for layer in layers.Sequence.of(net).layers[1::2]] == ["tanh", "softmax"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Linear([[1.0]], [[1.0]], "diagonal"), "layout: expected one of columns, rows, got 'diagonal'"),
        (lambda: layers.Linear([1.0], [[1.0]]), r"W: expected shape \(n, m\), got \(1,\)"),
        (lambda: layers.Linear([[1.0, 2.0]], [[1.0, 2.0]]), r"b: expected shape \(1, 1\), got \(1, 2\)"),
        (lambda: layers.Linear([[1.0, 2.0]], [[1.0]], "rows"), r"b: expected shape \(1, 2\), got \(1, 1\)"),
        (lambda: layers.Activation("rely"), "unknown activation 'rely'"),
        (lambda: layers.Activation("relu", None), "layout: expected one of columns, rows, got None"),
        (lambda: layers.Loss("mse"), "unknown loss 'mse'"),
        (lambda: two_examples()[0].forward([[1.0]]), r"U: expected shape \(2, N\), got \(1, 1\)"),
        (lambda: layers.Linear([[1.0, 2.0]], [[0.0, 0.0]], "rows").forward([[1.0, 2.0]]), r"U: expected shape \(N, 1\)"),
        (lambda: two_examples()[0].backward([[1.0]]), "Linear: expected a forward before the backward, got none"),
        (lambda: layers.Activation("relu").backward([[1.0]]), "Activation: expected a forward before"),
        (lambda: layers.Dropout(1.0), "p: expected a share 0 <= p < 1, got 1.0"),
        (lambda: layers.Dropout(-0.1), "p: expected a share 0 <= p < 1, got -0.1"),
        (lambda: layers.Dropout(0.5).backward([[1.0]]), "Dropout: expected a forward before the backward, got none"),
        (lambda: layers.Loss("squared_error").backward(), "Loss: expected a forward before"),
        (lambda: layers.Loss("squared_error").forward([[1.0]], [[1.0, 2.0]]), r"Y: expected shape \(1, 1\), got \(1, 2\)"),
        (lambda: layers.Loss("cross_entropy").forward([[1.0], [2.0]], [[1.0], [1.0]]), "Y: cross_entropy expects"),
        (lambda: layers.Sequence.of(random_case("tanh", "identity", "squared_error", 2, 1, 0)[0], "row"), "layout: expected"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_derivative_of_another_shape_is_refused():
    for layout, U, G in (("columns", (2, 3), (1, 2)), ("rows", (3, 2), (3, 2))):
        W, b = (np.ones((1, 2)), [[0.0]]) if layout == "columns" else (np.ones((2, 1)), [[0.0]])
        layer = layers.Linear(W, b, layout)
        layer.forward(np.ones(U))
        with pytest.raises(ValueError, match="G: expected shape"):
            layer.backward(np.ones(G))
    layer = layers.Activation("tanh")
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"G: expected shape \(2, 3\), got \(3, 2\)"):
        layer.backward(np.ones((3, 2)))
    layer = layers.Dropout(0.5)
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"G: expected shape \(2, 3\), got \(3, 2\)"):
        layer.backward(np.ones((3, 2)))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="U: expected real numbers"):
        two_examples()[0].forward([[1j], [0]])


def test_a_step_on_the_layers_is_a_step_of_the_network():
    """They hold the parameters themselves, not copies."""
    net, X, Y = random_case("tanh", "identity", "squared_error", 2, 4, seed=0)
    sequence = layers.Sequence.of(net)
    before = sequence.forward(X, Y)
    sequence.backward()
    for layer in sequence.linear:
        layer.W -= 0.01 * layer.dW
        layer.b -= 0.01 * layer.db
    after = sequence.forward(X, Y)
    assert after < before and bp.cost(net, bp.forward(net, X), Y) == pytest.approx(after)
    assert gradcheck.check_directions(net, X, Y).worst < 1e-6
