"""Two pictures of one network: the neural-network diagram and the computation graph, in symbols.

The conventions are those of `chapters/02-notation`: in the diagram a circle is a unit and an edge
a weight; in the graph a rectangle is a variable, with its function inside and its name outside.
"""

from itertools import pairwise

from .. import checks
from .svg import Svg, arrow, circle, lowered, raised, rectangle, signed, text

MOST_UNITS = 9  # an index is one digit
MOST_PARAMETERS = 24  # beyond that the leaves of the graph fill more than a page

RADIUS, COLUMN, ROW, MARGIN = 24, 190, 88, 60
SLOT, GAP, HEIGHT = 54, 36, 26

SIGMA = {"identity": "{}", "sigmoid": "σ({})", "tanh": "tanh {}", "relu": "max(0, {})"}
LOSS = {"half_squared_error": ("½ (ŷ − y)²", "½ ‖ŷ − y‖²"), "squared_error": ("(ŷ − y)²", "‖ŷ − y‖²")}


def symbol_diagram(sizes, shapes=True, all_weights=False):
    """The neural-network diagram of a network, with symbols in place of numbers.

    Args:
        sizes: [n_0, ..., n_L], each at most 9.
        shapes: pre-activations above the units, shapes of the arrays below each layer, and one
            weight of each layer named.
        all_weights: every edge named by its weight.

    Returns:
        An `Svg`: a circle a unit, with its activation inside, an edge a weight.

    Raises:
        ValueError: for sizes that are no positive integers, or a layer of more than 9 units.
    """
    sizes = checks.layer_sizes(sizes)
    if max(sizes) > MOST_UNITS:
        raise ValueError(f"sizes: expected layers of at most {MOST_UNITS} units to draw, got {sizes}")
    L = len(sizes) - 1
    foot = 76 if shapes else 12
    middle = 34 + RADIUS + 18 + (max(sizes) - 1) * ROW / 2
    height, width = 2 * middle - 34 + foot, 2 * MARGIN + L * COLUMN
    at = {
        (l, j): (MARGIN + l * COLUMN, middle + (j - (n + 1) / 2) * ROW)
        for l, n in enumerate(sizes)
        for j in range(1, n + 1)
    }
    edges, labels, units, says = [], [], [], []
    for l, (n_from, n_to) in enumerate(pairwise(sizes), start=1):
        shown = 1, min(2, n_from)  # the weight that stands for all
        for j in range(1, n_to + 1):
            for k in range(1, n_from + 1):
                (x1, y1), (x2, y2) = at[l - 1, k], at[l, j]
                named = all_weights or (shapes and (j, k) == shown)
                edges.append(arrow(x1 + RADIUS, y1, x2 - RADIUS, y2, 2.2 if named else 0.9))
                if named:
                    t = _label_place(n_from, n_to) if all_weights else 0.5
                    x = x1 + RADIUS + t * (x2 - x1 - 2 * RADIUS)
                    labels.append(text(x, y1 + t * (y2 - y1) + 4, _name("w", l, j, k), "halo"))
                    says.append(f"{_name('w', l, j, k)} on the edge from {_unit(l - 1, k)} to {_unit(l, j)}")
    bottom = height - foot + 26
    for l, n in enumerate(sizes):
        x = MARGIN + l * COLUMN
        units.append(text(x, 16, _layer_title(l, L), "name"))
        for j in range(1, n + 1):
            here = at[l, j][1]
            units += [circle(x, here, RADIUS), text(x, here + 5, _unit(l, j), "fwd")]
            if shapes and l > 0:
                units.append(text(x, here - RADIUS - 6, _name("z", l, j), "halo fwd"))
        if shapes:
            a = f"{_name('a', l)}: {n} × 1"
            units.append(text(x, bottom, a, "fwd"))
            says.append(f"layer {l} has {n} units, {a}")
            if l > 0:
                arrays = f"{_name('W', l)}: {n} × {sizes[l - 1]}", f"{_name('b', l)}: {n} × 1"
                units += [text(x - COLUMN / 2, bottom + 18 * i, words) for i, words in enumerate(arrays)]
                units.append(text(x, bottom + 18, f"{_name('z', l)}: {n} × 1", "fwd"))
                says[-1] += f", {_name('z', l)}: {n} × 1; into it {arrays[0]} and {arrays[1]}"
        else:
            says.append(f"layer {l} has the units " + ", ".join(_unit(l, j) for j in range(1, n + 1)))
    title = f"Neural-network diagram {'-'.join(map(str, sizes))}: {sum(sizes)} circles, {len(edges)} edges. "
    return Svg("".join(edges + labels + units), width, height, title + "; ".join(says) + ".")


def network_graph(net, x, y):
    """The computation graph of a small network on one example, one node a scalar.

    Args:
        net: a `Network` of at most 24 parameters.
        x: its input, (n_0, 1).
        y: the label, (n_L, 1).

    Returns:
        An `Svg`: a rectangle a variable, its function inside (a leaf: its value), its name above.

    Raises:
        ValueError: for a larger network, wrong shapes, or an activation or loss without a short
            formula.
        TypeError: for entries that are no real numbers.
    """
    size = sum(w.size for w in net.W[1:]) + sum(v.size for v in net.b[1:])
    if size > MOST_PARAMETERS:
        raise ValueError(f"net: expected at most {MOST_PARAMETERS} parameters to draw, got {size}")
    unknown = [name for name in net.activations[1:] if name not in SIGMA]
    if unknown or net.loss not in LOSS:
        raise ValueError(
            f"net: expected activations among {sorted(SIGMA)} and a loss among {sorted(LOSS)}, "
            f"got {list(net.activations[1:])} and {net.loss}"
        )
    x = checks.real_array("x", x, (net.sizes[0], 1))
    y = checks.real_array("y", y, (net.sizes[-1], 1))
    columns, parents = _nodes(net, x, y)
    return _drawn(columns, parents, "-".join(map(str, net.sizes)))


def _nodes(net, x, y):
    """Columns of nodes (name, inside, kind) from left to right, and the parents of each name."""
    L, columns, parents = net.L, [], {}
    current = [(_unit(0, k), signed(v), "input") for k, v in enumerate(x[:, 0], start=1)]
    for l in range(1, L + 1):
        leaves = []
        for j in range(1, net.sizes[l] + 1):
            before = [name for name, _, _ in current]
            ws = [(_name("w", l, j, k), signed(w), "leaf") for k, w in enumerate(net.W[l][j - 1], start=1)]
            b = (_name("b", l, j), signed(net.b[l][j - 1, 0]), "leaf")
            leaves += [*ws, b]
            parents[_name("z", l, j)] = [*before, *(name for name, _, _ in ws), b[0]]
        half = len(leaves) // 2
        columns.append((leaves[:half], current, leaves[half:]))
        source = "x" if l == 1 else "a"
        units = range(1, net.sizes[l] + 1)
        inside = [f"∑ₖ w{lowered(j)}ₖ{source}ₖ + b{lowered(j)}" for j in units]
        columns.append(([], [(_name("z", l, j), f, "node") for j, f in zip(units, inside, strict=True)], []))
        current = []
        for j in units:
            name = _output("ŷ", j, net) if l == L else _unit(l, j)
            current.append((name, SIGMA[net.activations[l]].format(f"z{lowered(j)}"), "node"))
            parents[name] = [_name("z", l, j)]
    labels = [(_output("y", j, net), signed(v), "leaf") for j, v in enumerate(y[:, 0], start=1)]
    columns.append(([], current, labels))
    columns.append(([], [("ℓ", LOSS[net.loss][len(labels) > 1], "node")], []))
    parents["ℓ"] = [name for name, _, _ in [*current, *labels]]
    return columns, parents


def _drawn(columns, parents, sizes):
    above = max(len(top) + len(mid) / 2 for top, mid, _ in columns)
    below = max(len(mid) / 2 + len(low) for _, mid, low in columns)
    middle = 10 + above * SLOT
    at, boxes, edges, says, left = {}, [], [], [], 8.0
    for top, mid, low in columns:
        nodes = [*top, *mid, *low]
        width = max(18 + 6.9 * len(inside) for _, inside, _ in nodes)
        first = middle - (len(top) + len(mid) / 2) * SLOT
        for i, (name, inside, kind) in enumerate(nodes):
            y = first + (i + 0.5) * SLOT + 8
            wide = 18 + 6.9 * len(inside)
            at[name] = (left + (width - wide) / 2, left + (width + wide) / 2, y)
            boxes += [
                rectangle(at[name][0], y - HEIGHT / 2, wide, HEIGHT),
                text(left + width / 2, y + 5, inside),
            ]
            computed = "halo fwd" if kind != "leaf" else "halo"
            boxes.append(text(left + width / 2, y - HEIGHT / 2 - 5, name, computed))
            says.append(
                f"{name} = {inside}" + (f" from {', '.join(parents[name])}" if name in parents else "")
            )
        left += width + GAP
    for name, sources in parents.items():
        for source in sources:
            edges.append(arrow(at[source][1], at[source][2], at[name][0], at[name][2], 0.9))
    count = f"Computation graph of a {sizes} network: {len(at)} nodes, {len(edges)} edges. "
    height = middle + below * SLOT + 14
    return Svg("".join(edges + boxes), left - GAP + 8, height, count + "; ".join(says) + ".")


def _name(letter, l, *indices):
    return letter + raised(f"({l})") + "".join(map(lowered, indices))


def _unit(l, j):
    return f"x{lowered(j)}" if l == 0 else _name("a", l, j)


def _output(letter, j, net):
    return letter if net.sizes[-1] == 1 else letter + lowered(j)


def _layer_title(l, L):
    kind = "input" if l == 0 else "output" if l == L else "hidden"
    return f"layer {l}, {kind}"


def _label_place(n_from, n_to):
    """Nearer to the layer with more units, where edges lie farther apart."""
    return 0.3 if n_from >= n_to else 0.7
