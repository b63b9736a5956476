"""The fingerprint of a wrong gradient: wrong/true in each entry of each array."""

from .svg import Svg, text

WIDTH, HEIGHT, GAP, TOP = 43, 28, 15, 34


def fingerprint(diagnosis):
    """Weights and biases as grids, input side left; a cell holds the ratio of its entry.

    A right entry is a thin cell with a 1, a wrong one a thick vermilion cell with its ratio in
    italics; a dot stands where there is nothing to compare.

    Args:
        diagnosis: what `clinic.diagnose` returned.

    Returns:
        An `Svg`.
    """
    body, says, x, bottom = [], [], 2.0, TOP
    for row in sorted(diagnosis.rows, key=lambda row: (row.name[1:], row.name)):
        cells = row.ratios or (("?",),)
        body.append(text(x + WIDTH * len(cells[0]) / 2, TOP - 12, row.name, "name"))
        for i, line in enumerate(cells):
            for k, ratio in enumerate(line):
                body.append(_cell(x + k * WIDTH, TOP + i * HEIGHT, ratio, row.right))
        wrong = sum(_is_wrong(r, row.right) for line in cells for r in line)
        says.append(f"{row.name}: {row.problem or f'{wrong} of {sum(map(len, cells))} entries wrong'}")
        x += WIDTH * len(cells[0]) + GAP
        bottom = max(bottom, TOP + HEIGHT * len(cells))
    words = "Ratio wrong/true in each entry, layer by layer. " + "; ".join(says) + "."
    return Svg("".join(body), x - GAP + 2, bottom + 4, words)


def stopped():
    """In place of a fingerprint: the program stopped with an error.

    Returns:
        An `Svg`.
    """
    words = "The program with the bug stops with an error."
    return Svg(text(170, 30, words, "bwd"), 340, 50, words + " There is no gradient to compare.")


def _is_wrong(ratio, array_is_right):
    return ratio == "?" or (ratio is not None and not array_is_right and abs(ratio - 1) > 1e-4)


def _cell(x, y, ratio, array_is_right):
    wrong = _is_wrong(ratio, array_is_right)
    classes, inset = ("unit bwdline busy", 2.5) if wrong else ("unit dead", 1)
    box = (
        f'<rect x="{x + inset:.1f}" y="{y + inset:.1f}" width="{WIDTH - 2 * inset:.1f}" '
        f'height="{HEIGHT - 2 * inset:.1f}" class="{classes}"/>'
    )
    return box + text(x + WIDTH / 2, y + HEIGHT / 2 + 5, _word(ratio, wrong), "bwd" if wrong else "name")


def _word(ratio, wrong):
    if ratio is None:
        return "·"
    if ratio == "?" or not wrong:
        return "?" if ratio == "?" else "1"
    if abs(ratio) >= 99.5:
        return ">99" if ratio > 0 else "<−99"
    digits = 0 if abs(ratio) >= 9.995 else 2 if ratio < 0 or ratio >= 0.9995 else 3  # five characters
    return f"{ratio + 0.0:.{digits}f}".replace("-", "−")
