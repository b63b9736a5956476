"""Run real backward sweeps over many seeds for a grid of deep networks; chapter 7 plots what this stores.

    python benchmarks/flow.py            some minutes; prints each row
    python benchmarks/flow.py --store    also writes src/backprop/data/flow.json

Keys of the file: `seeds` (0 to seeds - 1 in every row), `inputs` (n_0), `at` (which quantiles), and `rows`.
A row holds activation, init, `depth` (hidden layers), `width` (of each of them), `quantiles` over the
seeds of ‖δ^(1)‖/‖δ^(L)‖, its root mean square `rms`, and `theory`, the root mean square predicted by
`backprop.flow.theory`. The network has one linear output unit. Nothing here depends on the clock: a
run gives the same file again, up to rounding.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import itertools
import json
from pathlib import Path

from backprop import flow

STORE = Path(__file__).resolve().parents[1] / "src/backprop/data/flow.json"
SEEDS, INPUTS = 200, 10
ACTIVATIONS = ("sigmoid", "tanh", "softplus", "relu", "elu", "gelu")
INITS = ("lecun", "glorot", "he")
DEPTHS = (5, 10, 20, 40)
WIDTHS = (16, 64, 256)


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


def digits(value):
    return float(f"{value:.4e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="store_true", help=f"write {STORE.name}")
    store = parser.parse_args().store
    rows = []
    for case in itertools.product(ACTIVATIONS, INITS, DEPTHS, WIDTHS):
        rows.append(row(*case))
        print(json.dumps(rows[-1]), flush=True)
    result = {"seeds": SEEDS, "inputs": INPUTS, "at": list(flow.QUANTILES), "rows": rows}
    if store:
        body = ",\n  ".join(json.dumps(line) for line in rows)
        head = json.dumps({k: v for k, v in result.items() if k != "rows"})[:-1]
        STORE.write_text(f'{head}, "rows": [\n  {body}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
