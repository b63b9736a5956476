"""Run real backward sweeps over many seeds for a grid of deep networks; chapter 7 plots what this stores.

    python benchmarks/flow.py            some minutes; prints each row
    python benchmarks/flow.py --store    also writes src/backprop/data/flow.json
    python benchmarks/flow.py --store --controls    only these; the grid stays as it is stored

Keys of the file: `seeds` (0 to seeds - 1 in every row), `inputs` (n_0), `at` (which quantiles), and `rows`.
A row holds activation, init, `depth` (hidden layers), `width` (of each of them), `quantiles` over the
seeds of ‖δ^(1)‖/‖δ^(L)‖, its root mean square `rms`, and `theory`, the root mean square predicted by
`backprop.flow.theory`. `controls` holds activation, `theory`, and for each of `fresh`, joined by +, as
`flow.stacked_ensemble` takes it, `median` and `rms` as [low, value, high], ends of a bootstrap interval; He,
20 hidden layers of 64, seeds 0 to 999. The network has one linear output unit. Nothing here depends on the
clock: a run gives the same file again, up to rounding.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import itertools
import json
from pathlib import Path

import numpy as np

from backprop import flow, uncertainty

STORE = Path(__file__).resolve().parents[1] / "src/backprop/data/flow.json"
SEEDS, INPUTS = 200, 10
ACTIVATIONS = ("sigmoid", "tanh", "softplus", "relu", "elu", "gelu")
INITS = ("lecun", "glorot", "he")
DEPTHS = (5, 10, 20, 40)
WIDTHS = (16, 64, 256)
CONTROL_SEEDS, FRESH = 1000, ((), ("weights",), ("weights", "slopes"))


def row(activation, init, depth, width, seeds=SEEDS):
    """One row of the file, from real backward sweeps."""
    sizes = [INPUTS] + [width] * depth + [1]
    found = flow.ensemble(sizes, activation, init, range(seeds))
    numbers = {
        "quantiles": [digits(v) for v in found.quantiles()[:, 0]],
        "rms": digits(found.rms[0]),
        "theory": digits(flow.theory(sizes, activation, init).delta[0]),
    }
    return {"activation": activation, "init": init, "depth": depth, "width": width} | numbers


def control(activation):
    """What is left of the deviation from the theory when forward and backward sweep are cut apart."""
    sizes = [INPUTS] + [64] * 20 + [1]
    result = {"activation": activation, "theory": digits(flow.theory(sizes, activation, "he").delta[0])}
    for fresh in FRESH:
        parts = [
            flow.stacked_ensemble(sizes, activation, "he", range(k, k + 100), fresh=fresh)
            for k in range(0, CONTROL_SEEDS, 100)
        ]
        ratios = np.concatenate([part.relative[:, 0] for part in parts])
        result["+".join(fresh)] = {
            name: [digits(v) for v in sorted([statistic(ratios), *uncertainty.bootstrap(ratios, statistic)])]
            for name, statistic in (("median", np.median), ("rms", uncertainty.rms))
        }
    return result


def digits(value):
    return float(f"{value:.4e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="store_true", help=f"write {STORE.name}")
    parser.add_argument("--controls", action="store_true", help="only the controls")
    options = parser.parse_args()
    rows, controls = [], []
    for activation in ACTIVATIONS:
        controls.append(control(activation))
        print(json.dumps(controls[-1]), flush=True)
    for case in () if options.controls else itertools.product(ACTIVATIONS, INITS, DEPTHS, WIDTHS):
        rows.append(row(*case))
        print(json.dumps(rows[-1]), flush=True)
    rows = rows or flow.measurements()["rows"]
    result = {
        "seeds": SEEDS,
        "inputs": INPUTS,
        "at": list(flow.QUANTILES),
        "controls": controls,
        "rows": rows,
    }
    if options.store:
        body = ",\n  ".join(json.dumps(line) for line in rows)
        head = json.dumps({k: v for k, v in result.items() if k != "rows"})[:-1]
        STORE.write_text(f'{head}, "rows": [\n  {body}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
