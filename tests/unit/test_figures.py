"""Figures draw the data that they are given, all of it and nothing else."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import backprop as bp
from backprop import flow, show

SIZES = [4, 6, 6, 1]


@pytest.fixture(autouse=True)
def closed():
    plt.close("all")
    yield
    plt.close("all")


def lines(axes):
    return [
        (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist()) for line in axes.lines
    ]


def test_activation_slopes():
    z = np.linspace(-1, 1, 5)
    rows = {"tanh": (np.tanh(z), bp.activations.d_tanh(z)), "relu": (z, z * 0)}
    show.activation_slopes(z, rows)
    panels = plt.gcf().axes
    assert [panel.get_title() for panel in panels] == list(rows)
    for panel, both in zip(panels, rows.values(), strict=True):
        assert lines(panel) == [(z.tolist(), values.tolist()) for values in both]


def test_flow_bands():
    """The median and the theory as lines; the bands are the quantiles on both sides of it."""
    found, theory = (
        flow.ensemble(SIZES, "tanh", "glorot", range(9)),
        flow.theory(SIZES, "tanh", "glorot").delta,
    )
    q = found.quantiles()
    show.flow_bands({"a": (q, theory), "b": (q, None)})
    panels = plt.gcf().axes
    layers = [1, 2, 3]
    assert lines(panels[0]) == [(layers, q[2].tolist()), (layers, theory.tolist())]
    assert lines(panels[1]) == [(layers, q[2].tolist())]
    for panel in panels:
        for band, (low, high) in zip(panel.collections, ((0, 4), (1, 3)), strict=True):
            (path,) = band.get_paths()
            wanted = {(l, v) for i in (low, high) for l, v in zip(layers, q[i].tolist(), strict=True)}
            assert set(map(tuple, path.vertices.tolist())) == wanted


def test_flow_grid():
    """Medians, bars to the quantiles 5 % and 95 %, and the theory, for each start and depth."""
    rows, depths = flow.measurements()["rows"], [5, 20]
    show.flow_grid(rows, depths, ["tanh", "relu"], 16)
    for panel, name in zip(plt.gcf().axes, ("tanh", "relu"), strict=True):
        assert panel.get_title() == name
        drawn = {c.get_label(): c for c in panel.containers}
        theories = [y for _, y in lines(panel)]
        for init, container in drawn.items():
            wanted = [
                next(
                    r
                    for r in rows
                    if (r["activation"], r["init"], r["depth"], r["width"]) == (name, init, d, 16)
                )
                for d in depths
            ]
            median, _, (bars,) = container
            assert median.get_ydata().tolist() == [r["quantiles"][2] for r in wanted]
            ends = [sorted(segment[:, 1]) for segment in bars.get_segments()]
            np.testing.assert_allclose(
                ends, [[r["quantiles"][0], r["quantiles"][4]] for r in wanted], rtol=1e-12
            )
            assert [r["theory"] for r in wanted] in theories


def test_seed_histogram():
    edges = np.geomspace(0.05, 0.5, 4)
    show.seed_histogram([0.1, 0.2, 0.2], edges, ("seed 1", 0.2), "ratio")
    axes = plt.gca()
    bars = [(bar.get_x(), bar.get_width(), bar.get_height()) for bar in axes.patches]
    wanted = [(a, b - a, n) for a, b, n in zip(edges, edges[1:], [1, 2, 0], strict=False)]
    np.testing.assert_allclose(bars, wanted, rtol=1e-12)
    assert lines(axes) == [([0.2, 0.2], [0, 1])]
