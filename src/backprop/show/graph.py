"""The computation graph: a rectangle a node, the function inside, the name outside.

Below a rectangle stand name and value (blue, upright), above it the adjoint (vermilion, italic).
"""

import textwrap
from dataclasses import dataclass
from html import escape

from ..graph import Expression, Value, decimal, formula_of, inputs_first, names_of, topological_order
from .svg import Svg, head, rectangle, text

LARGEST = 60  # nodes; above that nobody reads a picture
CHARACTER = 7.6  # width of a character at the book's 13 px, on the safe side
BOX, ABOVE, BELOW = 32, 22, 24  # height of a rectangle, and of the text above and below it
GAP_X, GAP_Y, MARGIN = 38, 16, 12
LANE = 14  # height that an edge takes where it passes a column


@dataclass
class Place:
    """Where something stands in its column: a node with its texts, or an edge that passes by."""

    depth: int
    width: float = 0.0
    height: float = LANE
    x: float = 0.0  # centre
    y: float = 0.0
    texts: tuple = ()  # formula, name and value, adjoint


def graph_svg(graph, digits=4, gradients=True):
    """A computation graph of at most 60 nodes with the numbers of both sweeps.

    Args:
        graph: a `graph.Expression`, or a `graph.Value` after its `backward`.
        digits: decimals of the numbers.
        gradients: False leaves the adjoints out.

    Returns:
        An `Svg`. Columns from left to right are the depths: a node stands right of its operands.

    Raises:
        TypeError: if `graph` is neither.
        ValueError: for a graph of more than 60 nodes.
    """
    output = graph.output if isinstance(graph, Expression) else graph
    if not isinstance(output, Value):
        raise TypeError(f"graph: expected an Expression or a Value, got {type(output).__name__}")
    nodes = inputs_first(topological_order(output))
    if len(nodes) > LARGEST:
        raise ValueError(
            f"graph: a picture holds at most {LARGEST} nodes, got {len(nodes)}; print its trace()"
        )
    names = names_of(nodes)
    places, columns, lanes = _arrange(nodes, names, digits, gradients)
    width, height = _coordinates(columns)
    body = [_edge(points) for points in _edges(nodes, places, lanes)]
    says = []
    for node in nodes:
        here = places[node]
        formula, value, adjoint = here.texts
        left, top = here.x - here.width / 2, here.y - BOX / 2
        body.append(rectangle(left, top, here.width, BOX, corner=4))
        body.append(text(here.x, here.y + 4.5, formula))
        body.append(text(here.x, top + BOX + 16, value, "halo fwd"))
        if gradients:
            body.append(text(here.x, top - 7, adjoint, "halo bwd"))
        made = "" if not node.operands else f" = {formula_of(node, names)}"
        back = f" with adjoint {adjoint.removeprefix('∂ ')}" if gradients else ""
        says.append(f"{names[node]}{made} = {value.rpartition(' = ')[2]}{back}")
    title = f"Computation graph of {len(nodes)} nodes. "
    return Svg("".join(body), width, height, title + "; ".join(says) + ".")


def mistake(source, message, column=None):
    """A text with a mark under the column (from 1) where it is wrong, and the message below.

    Returns:
        An `Svg`.
    """
    letter = 8.4  # width of a monospaced character at 14 px
    lines = textwrap.wrap(message, 60)
    body = [f'<text x="{MARGIN}" y="30" class="start code" textLength="{len(source) * letter:.1f}">']
    body[0] += f"{escape(source)}</text>"
    if column is not None:
        body.append(text(MARGIN + (column - 0.5) * letter, 46, "▲", "bwd"))
    body += [text(MARGIN, 70 + 18 * i, words, "start") for i, words in enumerate(lines)]
    width = 2 * MARGIN + sorted([len(source) * letter, *(CHARACTER * len(words) for words in lines)])[-1]
    return Svg("".join(body), width, 70 + 18 * len(lines), f"{source}: {message}")


def _short(words, most=22):
    return words if len(words) <= most else words[: most - 1] + "…"


def _arrange(nodes, names, digits, gradients):
    """Columns of places, ordered so that edges cross little; an edge gets a lane in each column it passes."""
    places, lanes, columns = {}, {}, []

    def put(depth, place):
        while len(columns) <= depth:
            columns.append([])
        columns[depth].append(place)
        return place

    depths = {}
    for node in nodes:
        depths[node] = 1 + sorted(depths[o] for o in node.inputs)[-1] if node.inputs else 0
        number = decimal(node.value, digits).replace("-", "−")
        adjoint = f"∂ {decimal(node.grad, digits)}".replace("-", "−") if gradients else ""
        shown = {other: _short(name, 12) for other, name in names.items()}
        formula = _short(formula_of(node, shown).replace(" * ", " · ").replace(" - ", " − "))
        texts = (formula, f"{shown[node]} = {number}", adjoint)
        wide = CHARACTER * sorted(map(len, texts))[-1] + 8
        places[node] = put(depths[node], Place(depths[node], wide, ABOVE + BOX + BELOW, texts=texts))
    neighbours = {id(place): [] for column in columns for place in column}
    for node in nodes:
        for operand in dict.fromkeys(node.inputs):
            before = places[operand]
            lanes[operand, node] = [put(d, Place(d)) for d in range(depths[operand] + 1, depths[node])]
            for place in [*lanes[operand, node], places[node]]:
                neighbours.setdefault(id(place), []).append(before)
                neighbours[id(before)].append(place)
                before = place
    _order(columns, neighbours)
    return places, columns, lanes


def _order(columns, neighbours):
    """Sort each column by the mean rank of the neighbours, some rounds in both directions."""
    for sweep in range(8):
        forward = sweep % 2 == 0
        for column in columns if forward else columns[::-1]:
            rank = {id(p): i - len(c) / 2 for c in columns for i, p in enumerate(c)}
            side = -1 if forward else 1

            def key(place, rank=rank, side=side):
                near = [rank[id(n)] for n in neighbours[id(place)] if (n.depth - place.depth) * side > 0]
                return sum(near) / len(near) if near else rank[id(place)]

            column.sort(key=key)


def _coordinates(columns):
    """Give every place its centre; return width and height of the picture."""
    heights = [sum(p.height for p in c) + GAP_Y * (len(c) - 1) for c in columns]
    tallest, x = sorted(heights)[-1], MARGIN
    for column, height in zip(columns, heights, strict=True):
        wide = sorted(place.width for place in column)[-1]
        y = MARGIN + (tallest - height) / 2
        for place in column:
            place.x = x + wide / 2
            place.y = y + (ABOVE + BOX / 2 if place.width else LANE / 2)
            place.width = wide if place.width else 0.0
            y += place.height + GAP_Y
        for place in column:
            if not place.width:
                place.width = -wide  # a lane is as long as its column is wide
        x += wide + GAP_X
    return x - GAP_X + MARGIN, tallest + 2 * MARGIN


def _edges(nodes, places, lanes):
    """For every edge the points that it runs through, from rectangle to rectangle."""
    arriving = {node: [] for node in nodes}
    for operand, node in lanes:
        before = lanes[operand, node][-1] if lanes[operand, node] else places[operand]
        arriving[node].append((before.y, operand))
    for node, edges in arriving.items():
        end = places[node]
        for i, (_, operand) in enumerate(sorted(edges, key=lambda edge: edge[0])):
            start = places[operand]
            points = [(start.x + start.width / 2, start.y)]
            for lane in lanes[operand, node]:
                points += [(lane.x + lane.width / 2, lane.y), (lane.x - lane.width / 2, lane.y)]
            spread = (i - (len(edges) - 1) / 2) * 18 / len(edges)
            yield [*points, (end.x - end.width / 2, end.y + spread)]


def _edge(points):
    """A curve through the points, level at each of them, with an arrow head at the last."""
    (x, y), path = points[0], []
    path.append(f"M{x:.1f} {y:.1f}")
    tip = points[-1]
    stops = [*points[1:-1], (tip[0] - 7, tip[1])]
    level = False  # the first piece bends, the next runs along a lane, and so on
    for to_x, to_y in stops:
        middle = (x + to_x) / 2
        path.append(
            f"H{to_x:.1f}"
            if level
            else f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        )
        x, y, level = to_x, to_y, not level
    corners = [tip, (tip[0] - 8, tip[1] - 4), (tip[0] - 8, tip[1] + 4)]
    return f'<path d="{" ".join(path)}" class="edge"/>{head(corners)}'


def learning_loop():
    """The loop of learning: forward, loss, backward, accumulate, update, and forward again."""
    steps = (
        ("forward", "values, inputs to output", "fwd"),
        ("loss", "one number: how wrong", "fwd"),
        ("backward", "adjoints, output to inputs", "bwd"),
        ("accumulate", "add up over the examples", "bwd"),
        ("update", "step against the gradient", ""),
    )
    wide, high, gap = 112, 46, 26
    body = []
    for i, (name, _, flow) in enumerate(steps):
        x = MARGIN + i * (wide + gap)
        body.append(rectangle(x, MARGIN, wide, high, corner=4))
        body.append(text(x + wide / 2, MARGIN + high / 2 + 5, name, flow))
        if i:
            body.append(_edge([(x - gap, MARGIN + high / 2), (x, MARGIN + high / 2)]))
    end, first, low = x + wide / 2, MARGIN + wide / 2, MARGIN + high + 30
    foot = MARGIN + high
    body.append(f'<path d="M{end} {foot} V{low} H{first} V{foot + 7}" class="edge"/>')
    body.append(head([(first, foot), (first - 4, foot + 8), (first + 4, foot + 8)]))
    body.append(text((first + end) / 2, low + 18, "again, with the new parameters", "name"))
    words = "; ".join(f"{i}. {name}: {what}" for i, (name, what, _) in enumerate(steps, start=1))
    return Svg(
        "".join(body), x + wide + MARGIN, low + 30, f"The loop of learning. {words}; then forward again."
    )
