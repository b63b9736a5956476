"""The fingerprint of a wrong gradient: wrong/true in each entry of each array."""

import math

from .svg import Svg, text

WIDTH, HEIGHT, GAP, TOP = 50, 28, 15, 34  # five characters of 13 px fit, also of a wide font


def fingerprint(diagnosis):
    """Weights and biases as grids, input side left; a cell holds the ratio of its entry.

    A right entry is a thin cell with a 1, a wrong one a thick vermilion cell with its ratio in
    italics, or ≠0 where 0 is right; a dot stands where there is nothing to compare.

    Args:
        diagnosis: what `clinic.diagnose` returned.

    Returns:
        An `Svg`.
    """
    body, says, x, bottom = [], [], 2.0, TOP
    for row in sorted(diagnosis.rows, key=lambda row: (row.name[1:], row.name)):
        cells, marks = (row.ratios, row.marks) if row.ratios else ((("?",),), ((True,),))
        body.append(text(x + WIDTH * len(cells[0]) / 2, TOP - 12, row.name, "name"))
        for i, line in enumerate(cells):
            for k, ratio in enumerate(line):
                body.append(_cell(x + k * WIDTH, TOP + i * HEIGHT, ratio, marks[i][k]))
        wrong, size = sum(sum(map(bool, line)) for line in marks), sum(map(len, cells))
        left_out = f", not compared: {row.left_out}" if row.left_out else ""
        says.append(f"{row.name}: {row.problem or f'{wrong} of {size} entries wrong'}{left_out}")
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


def _cell(x, y, ratio, wrong):
    classes, inset = ("unit bwdline busy", 2.5) if wrong else ("unit dead", 1)
    box = (
        f'<rect x="{x + inset:.1f}" y="{y + inset:.1f}" width="{WIDTH - 2 * inset:.1f}" '
        f'height="{HEIGHT - 2 * inset:.1f}" class="{classes}"/>'
    )
    return box + text(x + WIDTH / 2, y + HEIGHT / 2 + 5, _word(ratio, wrong), "bwd" if wrong else "name")


def _word(ratio, wrong):
    """The ratio in at most five characters, which fit a cell; a wrong one is not rounded to 0 or 1."""
    if ratio is None:
        return "·"
    if ratio == "?" or not wrong:
        return "?" if ratio == "?" else "1"
    if math.isinf(ratio):
        return "≠0"
    if abs(ratio) >= 99.5:
        return ">99" if ratio > 0 else "<−99"
    if ratio == 0:
        return "0"
    digits = 0 if abs(ratio) >= 9.995 else 2 if ratio < 0 or ratio >= 0.9995 else 3
    word = f"{ratio:.{digits}f}"
    return {"0.000": "≈0", "-0.00": "≈0", "1.00": "≈1"}.get(word, word.replace("-", "−"))
