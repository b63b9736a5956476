"""How the cost of the gradients grows with width, depth and batch: the exponent of each.

    make bench            or   python benchmarks/scaling.py [--rounds 15]

A layer of n units on n inputs takes 2 n² N operations forward and 4 n² N backward, so that theory
says 2 for the width and 1 for depth and batch (a little more for the depth: the first layer has no
product with its weights backward). CPU time, one thread, the fast path in float64; all points of a
curve are measured in turn, round after round.
"""

import argparse
import json
import subprocess
from pathlib import Path

import measure

CURVES = {  # what varies, and what stays: width, depth, batch
    "width": ([128, 192, 256, 384, 512, 768, 1024], {"depth": 3, "batch": 128}, 2),
    "depth": ([4, 6, 8, 12, 16, 24, 32], {"width": 256, "batch": 128}, 1),
    "batch": ([64, 128, 256, 512, 1024, 2048], {"width": 256, "depth": 3}, 1),
}


def case(width, depth, batch):
    """A call of the fast path."""
    import numpy as np

    import backprop as bp

    net = bp.Network.random(
        [width] * (depth + 1), "sigmoid", "sigmoid", "half_squared_error", "glorot", seed=0
    )
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(width, batch)), rng.uniform(size=(width, batch))
    workspace = bp.Workspace(net, batch)
    return lambda: bp.value_and_grad(net, X, Y, workspace=workspace)


def curve(name, rounds):
    """Quartiles of milliseconds at each point, and the slope of the logarithms."""
    import numpy as np

    at, fixed, expected = CURVES[name]
    calls = [case(**fixed, **{name: value}) for value in at]
    for call in calls:
        measure.seconds_a_call(call)
    times = [[measure.seconds_a_call(call) for call in calls] for _ in range(rounds)]
    slopes = [np.polyfit(np.log(at), np.log(row), 1)[0] for row in times]
    return {
        "at": at,
        "fixed": fixed,
        "ms": [measure.quartiles(column) for column in 1e3 * np.transpose(times)],
        "exponent": measure.quartiles(slopes),
        "expected": expected,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        print(json.dumps({name: curve(name, arguments.rounds) for name in CURVES}))
        return
    process = measure.child([Path(__file__), "--serve", "--rounds", arguments.rounds], stdout=subprocess.PIPE)
    results = {"machine": measure.machine(), "curves": json.loads(process.communicate()[0])}
    for name, found in results["curves"].items():
        low, middle, high = found["exponent"]
        print(f"{name}: exponent {middle:.2f} [{low:.2f}, {high:.2f}], in theory {found['expected']}")
    from backprop import show

    measure.store("scaling", results, show.scaling)


if __name__ == "__main__":
    main()
