"""Pictures and demos show the core's numbers, in words too."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import backprop as bp
from backprop import complexity, demos, show


def case():
    net = bp.Network.random([2, 3, 1], "tanh", "identity", "half_squared_error", "glorot", seed=3)
    fwd = bp.forward(net, [[0.5], [-1.0]])
    return net, fwd, np.array([[0.2]]), bp.backward(net, fwd, [[0.2]])


def texts(svg):
    root = ElementTree.fromstring(str(svg))
    return [(t.text, t.get("class", "")) for t in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_diagram_carries_every_number_with_its_class():
    net, fwd, y, grads = case()
    shown = texts(show.network_diagram(net, fwd, y, grads))
    number = lambda v: f"{v:.4f}".replace("-", "−")
    forward = [t for t, c in shown if "fwd" in c]
    backward = [t for t, c in shown if "bwd" in c]
    for l in (1, 2):
        for j in range(net.sizes[l]):
            assert number(fwd.a[l][j, 0]) in forward
            assert f"z {number(fwd.z[l][j, 0])}" in forward
            assert f"δ {number(grads.delta[l][j, 0])}" in backward
        for w, g in zip(net.W[l].ravel(), grads.W[l].ravel(), strict=True):
            assert number(w) in [t for t, _ in shown]
            assert f"∂ {number(g)}" in backward


def test_forward_only_when_no_gradients_are_given():
    net, fwd, y, _ = case()
    assert not [t for t, c in texts(show.network_diagram(net, fwd, y)) if "bwd" in c]


def test_the_description_stands_in_for_the_picture():
    net, fwd, y, grads = case()
    svg = show.network_diagram(net, fwd, y, grads)
    root = ElementTree.fromstring(str(svg))
    assert root.get("role") == "img" and root.get("aria-label") == svg.text == repr(svg)
    assert f"δ = {grads.delta[2][0, 0]:.4f}".replace("-", "−") in svg.text
    assert svg._repr_html_().startswith('<div class="bp-scroll"')


def test_a_batch_is_no_picture():
    net = bp.Network.random([2, 2])
    with pytest.raises(ValueError, match="expected the sweep of one example, got 3"):
        show.network_diagram(net, bp.forward(net, np.ones((2, 3))))


def test_a_figure_prints_nothing_and_leaves_the_style_alone():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    before = plt.rcParams["axes.grid"]
    assert show.loss_curve(range(3), [3.0, 2.0, 1.0], marked=(1,)) is None
    axes = plt.gcf().axes[0]
    assert list(axes.lines[0].get_ydata()) == [3.0, 2.0, 1.0] and axes.texts[0].get_text() == "1: 2.0000"
    assert plt.rcParams["axes.grid"] == before
    plt.close("all")


def numbers(text):
    return [float(n.replace("−", "-")) for n in re.findall(r"[-−]?\d+\.\d+", text)]


def test_the_first_demo_starts_with_every_gradient_alive():
    text = demos.tiny_network.view().text
    gradients = [numbers(line)[-1] for line in text.splitlines() if line.startswith(("δ[2]", "∂ℓ"))]
    assert gradients == [-0.5, -0.5, -0.25, 0.125]
    assert "δ[1] = 0.5·δ[2]·relu'(z[1]) = -0.2500" in text
    assert "inactive" not in text


@pytest.mark.parametrize("seed", range(20))
def test_the_demo_shows_the_core_s_numbers(seed):
    rng = np.random.default_rng(seed)
    x1, x2, w11, w21, w_out, target = (float(v) for v in np.round(rng.uniform(-2, 2, 6), 1))
    view = demos.tiny_network.view(x1=x1, x2=x2, w11=w11, w21=w21, w_out=w_out, target=target)
    z = w11 * x1 + w21 * x2
    h = max(z, 0)
    error = w_out * h - target
    back = w_out * error * (z > 0)
    expected = {"z[1]": z, "a[1]": h, "ŷ": w_out * h, "ℓ": error**2 / 2, "δ[2]": error,
                "∂ℓ/∂w_out": error * h, "∂ℓ/∂w11": back * x1, "∂ℓ/∂w21": back * x2}  # fmt: skip
    lines = dict(line.split(" = ", 1) for line in view.text.splitlines() if " = " in line)
    for name, value in expected.items():
        assert float(lines[name].split(" = ")[-1]) == pytest.approx(value, abs=5.1e-5), name
    assert ("inactive for this input" in view.text) == (z < 0)


@pytest.mark.parametrize("hidden", ["relu", "sigmoid", "tanh", "gelu", "elu", "softplus", "identity"])
@pytest.mark.parametrize("edge", ["w11", "w21", "w_out"])
def test_the_path_of_an_edge_multiplies_to_its_gradient(hidden, edge):
    state = {"hidden": hidden, "x1": 0.7, "w11": -0.4, "x2": -1.2, "w21": -0.9, "w_out": 1.3, "target": -0.8}
    view = demos.tiny_network.view(edge=edge, **state)
    path = view.text.split("The path of ")[1].splitlines()[1:]
    *factors, product = (numbers(line)[-1] for line in path)
    assert len(factors) == (2 if edge == "w_out" else 4)
    assert np.prod(factors) == pytest.approx(product, abs=3e-4)
    h = 0.1  # the smallest step of a slider; the third derivatives of a smooth unit are below 3 here
    up, down = (demos.tiny_network.view(**state | {edge: state[edge] + s}).numbers["loss"] for s in (h, -h))
    assert (up - down) / (2 * h) == pytest.approx(view.numbers["d" + edge], abs=h**2)
    assert f"W[{2 if edge == 'w_out' else 1}]" in str(view.svg).split(f'data-value="{edge}"')[1].split(">")[0]


def test_the_kink_and_the_inactive_unit_in_words():
    assert "sits at its kink: z[1] = 0" in demos.tiny_network.view(x1=0.3, w11=1.0, x2=0.3, w21=-1.0).text
    text = demos.tiny_network.view(x1=-2.0).text
    assert "inactive for this input" in text and "-0.0000" not in text
    assert 'class="unit dead"' in str(demos.tiny_network.view(x1=-2.0).svg)


def test_gradients_can_be_switched_off():
    view = demos.tiny_network.view(gradients=False)
    assert "∂" not in view.text and "δ" not in view.svg.text


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x3": 1.0}, ValueError, r"expected controls among \['x1', .*got \['x3'\]"),
        ({"x1": 2.5}, ValueError, "x1: expected -2 to 2, got 2.5"),
        ({"x1": "1"}, TypeError, "x1: expected a number, got '1'"),
        ({"x1": float("nan")}, ValueError, "x1: expected -2 to 2, got nan"),
        ({"gradients": 1}, TypeError, "gradients: expected True or False, got 1"),
    ],
)
def test_states_that_a_demo_does_not_have(change, error, message):
    with pytest.raises(error, match=message):
        demos.tiny_network.view(**change)


def test_sliders_go_to_the_nearest_step():
    assert demos.tiny_network.view(x1=0.30000000000000004).text == demos.tiny_network.view(x1=0.3).text


def test_a_notebook_gets_text_picture_and_widget():
    bundle = demos.tiny_network._repr_mimebundle_()
    assert sorted(bundle) == ["application/vnd.jupyter.widget-view+json", "text/html", "text/plain"]
    assert bundle["text/plain"] == demos.tiny_network.view().text
    assert "<svg" in bundle["text/html"] and bundle["text/plain"].splitlines()[0] in bundle["text/html"]


def small():
    W = [None, [[1.0, -1.0], [0.5, 2.0]], [[2.0, -1.0]]]
    b = [None, [[0.5], [-1.5]], [[0.25]]]
    return bp.Network(W, b, ["sigmoid", "tanh"], "half_squared_error")


def count(svg, shape):
    return len(list(ElementTree.fromstring(str(svg)).iter("{http://www.w3.org/2000/svg}" + shape)))


def test_the_diagram_in_symbols_names_units_and_shapes():
    svg = show.symbol_diagram([2, 4, 3])
    shown = dict(texts(svg))
    for name in ("x₁", "x₂", "a⁽¹⁾₄", "z⁽¹⁾₄", "a⁽²⁾₃", "z⁽²⁾₃", "z⁽¹⁾: 4 × 1", "a⁽⁰⁾: 2 × 1"):
        assert "fwd" in shown[name], name
    assert {"W⁽¹⁾: 4 × 2", "b⁽¹⁾: 4 × 1", "W⁽²⁾: 3 × 4", "b⁽²⁾: 3 × 1", "w⁽¹⁾₁₂", "w⁽²⁾₁₂"} <= set(shown)
    assert (count(svg, "circle"), count(svg, "line")) == (9, 20)
    assert svg.text.startswith("Neural-network diagram 2-4-3: 9 circles, 20 edges.")
    assert [t for t in shown if t.startswith("layer")] == [
        "layer 0, input",
        "layer 1, hidden",
        "layer 2, output",
    ]


def test_every_edge_carries_its_weight_from_tail_to_head():
    svg = show.symbol_diagram([2, 2, 1], shapes=False, all_weights=True)
    shown = [t for t, _ in texts(svg)]
    assert sorted(t for t in shown if t.startswith("w")) == sorted(
        ["w⁽¹⁾₁₁", "w⁽¹⁾₁₂", "w⁽¹⁾₂₁", "w⁽¹⁾₂₂", "w⁽²⁾₁₁", "w⁽²⁾₁₂"]
    )
    assert "w⁽¹⁾₁₂ on the edge from x₂ to a⁽¹⁾₁" in svg.text
    assert not [t for t in shown if t[0] in "zb"]  # pre-activations and biases are inside a unit
    assert (count(svg, "circle"), count(svg, "line")) == (5, 6)


@pytest.mark.parametrize("sizes", [[2, 4, 3], [2, 2, 1], [1, 1], [5, 1, 4]])
def test_every_mark_of_a_picture_lies_inside_it(sizes):
    net = bp.Network.random(sizes, "tanh", "identity", "squared_error") if sum(sizes) < 7 else small()
    x, y = np.ones((net.sizes[0], 1)), np.ones((net.sizes[-1], 1))
    for svg in (
        show.symbol_diagram(sizes),
        show.symbol_diagram(sizes, False, True),
        show.network_graph(net, x, y),
    ):
        root = ElementTree.fromstring(str(svg))
        xs = [float(e.get(k)) for e in root.iter() for k in ("x", "cx", "x1", "x2") if e.get(k)]
        ys = [float(e.get(k)) for e in root.iter() for k in ("y", "cy", "y1", "y2") if e.get(k)]
        assert 0 <= min(xs) and max(xs) <= svg.width and 0 <= min(ys) and max(ys) <= svg.height


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([2, 10], r"layers of at most 9 units to draw, got \[2, 10\]"),
        ([2, 0], "positive integers"),
        ([3], "at least two"),
    ],
)
def test_diagrams_that_cannot_be_drawn(sizes, message):
    with pytest.raises(ValueError, match=message):
        show.symbol_diagram(sizes)


def test_the_graph_has_a_rectangle_a_variable_and_no_label_on_an_edge():
    svg = show.network_graph(small(), [[1.0], [0.75]], [[-0.125]])
    shown = [t for t, _ in texts(svg)]
    assert (count(svg, "rect"), count(svg, "line"), count(svg, "circle")) == (19, 20, 0)
    assert len(shown) == 2 * 19  # a name and a function (or value) for each rectangle, nothing else
    values = {"w⁽¹⁾₁₁": "1", "w⁽¹⁾₁₂": "−1", "w⁽¹⁾₂₁": "0.5", "w⁽¹⁾₂₂": "2", "b⁽¹⁾₁": "0.5", "b⁽¹⁾₂": "−1.5",
              "w⁽²⁾₁₁": "2", "w⁽²⁾₁₂": "−1", "b⁽²⁾₁": "0.25", "x₁": "1", "x₂": "0.75", "y": "−0.125"}  # fmt: skip
    functions = {"z⁽¹⁾₂": "∑ₖ w₂ₖxₖ + b₂ from x₁, x₂, w⁽¹⁾₂₁, w⁽¹⁾₂₂, b⁽¹⁾₂", "a⁽¹⁾₂": "σ(z₂) from z⁽¹⁾₂",
                 "z⁽²⁾₁": "∑ₖ w₁ₖaₖ + b₁ from a⁽¹⁾₁, a⁽¹⁾₂, w⁽²⁾₁₁, w⁽²⁾₁₂, b⁽²⁾₁",
                 "ŷ": "tanh z₁ from z⁽²⁾₁", "ℓ": "½ (ŷ − y)² from ŷ, y"}  # fmt: skip
    said = dict(
        s.split(" = ", 1) for s in svg.text.split(": ", 1)[1].split("edges. ")[1].rstrip(".").split("; ")
    )
    assert {name: said[name] for name in values | functions} == values | functions
    # The name stands above its function: a pair for each node, in this order.
    pairs = dict(zip(shown[1::2], shown[0::2], strict=True))
    assert all(pairs[name] == value for name, value in values.items())
    assert not {"σ(z⁽¹⁾₁)", "∂"} & set(shown)


def test_several_outputs_are_told_apart():
    net = bp.Network.random([1, 2], output="relu", loss="squared_error")
    svg = show.network_graph(net, [[1.0]], [[0.0], [1.0]])
    assert {"ŷ₁", "ŷ₂", "y₁", "y₂", "max(0, z₂)", "‖ŷ − y‖²"} <= {t for t, _ in texts(svg)}
    assert "from ŷ₁, ŷ₂, y₁, y₂" in svg.text


@pytest.mark.parametrize(
    ("sizes", "kind", "x", "message"),
    [
        ([4, 5], {}, np.ones((4, 1)), "expected at most 24 parameters to draw, got 25"),
        ([1, 1], {"output": "gelu"}, [[1.0]], r"activations among .* got \['gelu'\] and squared_error"),
        (
            [1, 2],
            {"output": "softmax", "loss": "cross_entropy"},
            [[1.0]],
            "got .*softmax.* and cross_entropy",
        ),
        ([2, 1], {}, [[1.0]], r"x: expected shape \(2, 1\), got \(1, 1\)"),
    ],
)
def test_graphs_that_cannot_be_drawn(sizes, kind, x, message):
    net = bp.Network.random(sizes, **{"output": "identity", "loss": "squared_error", **kind})
    with pytest.raises(ValueError, match=message):
        show.network_graph(net, x, np.ones((sizes[-1], 1)))


def test_the_measured_speed_is_drawn_as_stored():
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    stored = {name: complexity.measurements(name) for name in ("engine", "scaling")}
    assert show.speed(stored["engine"]) is None
    axes = plt.gcf().axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["tiny", "small", "medium", "large"]
    drawn = {c.get_label(): list(c.lines[0].get_xdata()) for c in axes.containers}
    cases = [c for c in stored["engine"]["cases"] if (c["dtype"], c["hidden"]) == ("float64", "sigmoid")]
    assert drawn["fast path"] == [c["ratio"]["fast"][1] for c in cases]
    assert show.scaling(stored["scaling"]) is None
    lines = plt.gcf().axes[0].lines
    curves = stored["scaling"]["curves"].values()
    assert [list(line.get_ydata()) for line in lines] == [[q[1] for q in c["ms"]] for c in curves]
    assert show.ladder(stored["engine"]) is None
    lines = [line for line in plt.gcf().axes[0].lines if not line.get_label().startswith("_")]
    for line, case in zip(lines, cases, strict=True):
        assert line.get_label() == case["size"]
        assert list(line.get_ydata()) == [case["ratio"][rung][1] for rung in show.RUNGS]
    plt.close("all")


def test_learning_curves_are_drawn_with_their_labels(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    curves = {"right": [3.0, 2.0, 1.0], "wrong": [3.0, 4.0]}
    assert show.clinic.learning_curves(curves) is None
    axes = plt.gcf().axes[0]
    assert {line.get_label(): list(line.get_ydata()) for line in axes.lines} == curves
    assert axes.get_yscale() == "log"
    looks = [(line.get_linestyle(), line.get_color(), line.get_marker()) for line in axes.lines]
    assert len(set(looks)) == 2
    with pytest.raises(ValueError, match="curves: expected at most 5, got 6"):
        show.clinic.learning_curves({str(k): [1.0] for k in range(6)})
    plt.close("all")


def test_the_histogram_of_ratios_holds_each_once(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    values = [0.2, 0.5, 0.99, 1.01, 1.02, 1.16, 9.0]
    assert show.clinic.ratios(values) is None
    axes = plt.gcf().axes[0]
    bars = [(bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height()) for bar in axes.patches]
    assert [sum(low <= v < high for v in values) for low, high, _ in bars] == [height for *_, height in bars]
    assert sum(height for *_, height in bars) == len(values) and axes.get_xscale() == "log"
    assert sum(height for low, _, height in bars if low > 0.999) == 4  # 1 is a border
    plt.close("all")


def test_what_is_noticed_and_what_is_missed_stands_in_its_row_and_column(monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: None)
    assert show.clinic.caught(["a", "b"], ["p", "q", "r"], [[True, False, True], [True, True, False]]) is None
    axes = plt.gcf().axes[0]
    points = {line.get_label(): sorted(map(tuple, line.get_xydata().tolist())) for line in axes.lines}
    assert points == {"noticed": [(0, 0), (0, 1), (1, 1), (2, 0)], "missed": [(1, 0), (2, 1)]}
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["p", "q", "r"]
    show.clinic.caught(["a"], ["p"], [[True]])
    assert [len(line.get_xdata()) for line in plt.gcf().axes[0].lines] == [1, 0]
    plt.close("all")


def test_a_fingerprint_has_a_cell_for_each_entry():
    bug = bp.clinic.get("missing-slope")
    found = bug.examine(sizes=(2, 3, 2), N=1)
    svg = show.fingerprint(found)
    shown = texts(svg)
    assert [t for t, c in shown if t.startswith(("W", "b"))] == ["W[1]", "b[1]", "W[2]", "b[2]"]
    wrong = [t for t, c in shown if "bwd" in c]
    expected = [f"{r:.0f}" if r > 10 else f"{r:.2f}" for r in found["W[1]"].by_row]
    assert wrong == [r for r in expected for _ in range(2)] + expected
    assert [t for t, c in shown if t == "1" and "bwd" not in c] == ["1"] * 8  # W[2] and b[2]
    assert svg.text.endswith("W[1]: 6 of 6 entries wrong; b[1]: 3 of 3 entries wrong; "
                             "W[2]: 0 of 6 entries wrong; b[2]: 0 of 2 entries wrong.")  # fmt: skip


def test_a_fingerprint_names_wrong_shapes_zeros_and_large_ratios():
    svg = show.fingerprint(bp.clinic.get("bias-wrong-axis").examine())
    assert ("?", "bwd") in texts(svg) and "b[1]: shape (1, 8) instead of (4, 1)" in svg.text
    zeros = show.fingerprint(bp.clinic.get("output-layer-left-out").examine())
    assert [t for t, c in texts(zeros) if "bwd" in c] == ["0"] * 15
    shown = [t for t, c in texts(show.fingerprint(bp.clinic.get("missing-slope").examine()))]
    assert {">99", "−0.17", "0.067"} < set(shown) and max(map(len, shown)) == 5


def test_a_dot_stands_where_there_is_nothing_to_compare():
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["identity"], "squared_error")
    grads = bp.backward(net, bp.forward(net, [[0.0]]), [[1.0]])
    shown = [t for t, _ in texts(show.fingerprint(bp.clinic.diagnose(net, [[0.0]], [[1.0]], grads)))]
    assert shown == ["W[1]", "·", "b[1]", "1"]


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(np.inf, "≠0"), (-np.inf, "≠0"), (0.0, "0"), (2e-5, "≈0"), (-2e-3, "≈0"), (1.0004, "≈1"), (0.9999, "≈1"),
     (1e6, ">99"), (-1e6, "<−99"), (-98.7, "−99"), (9.996, "10"), (0.0123, "0.012"), (-1.5, "−1.50")],
)  # fmt: skip
def test_ratios_fit_into_their_cells_and_a_wrong_one_reads_neither_0_nor_1(ratio, word):
    net = bp.Network([None, [[1.0]]], [None, [[0.5]]], ["identity"], "half_squared_error")
    x, y = ([[0.0]], [[0.0]]) if np.isinf(ratio) else ([[1.0]], [[0.0]])  # ∂J/∂W is 0 and 1.5
    grads = bp.backward(net, bp.forward(net, x), y)
    grads.W[1][:] = np.copysign(1, ratio) if np.isinf(ratio) else 1.5 * ratio
    shown = [t for t, c in texts(show.fingerprint(bp.clinic.diagnose(net, x, y, grads))) if "bwd" in c]
    assert shown == [word] and len(word) <= 5


def test_a_fingerprint_says_what_was_not_compared():
    net = bp.Network([None, [[1.0]]], [None, [[0.0]]], ["relu"], "squared_error")
    grads = bp.Gradients(None, [None, [[0.0]]], [None, [[7.0]]])
    svg = show.fingerprint(bp.clinic.diagnose(net, [[0.0]], [[1.0]], grads))
    assert svg.text.endswith("b[1]: 0 of 1 entries wrong, not compared: 1 of 1 at a kink.")
    assert [t for t, _ in texts(svg)] == ["W[1]", "·", "b[1]", "·"]


def test_the_diagram_in_another_notation():
    view = demos.tiny_network.view(notation="goodfellow")
    assert "h[1]_1 = 1.0000 from a = 1.0000, g = −0.2500" in view.svg.text
    assert ">a 1.0000<" in str(view.svg) and ">g −0.2500<" in str(view.svg) and ">δ" not in str(view.svg)
    assert ">t 1.0000<" in str(demos.tiny_network.view(notation="bishop").svg)
