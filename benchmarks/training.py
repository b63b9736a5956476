"""Run the experiments of chapter 8 over many seeds; the chapter tells what this stores.

    python benchmarks/training.py            about ten minutes; prints what it measured
    python benchmarks/training.py --store    also writes src/backprop/data/training.json
    python benchmarks/training.py --store xor factorial    only these; the others stay as they are stored

Keys of the file: `machine` (python, numpy), `date`, and a list for each experiment, one row a seed.
`digits`: seed, test (share of the test set that is right), validation, epochs.
`symmetry`: seed, solved_at (sweep, or null), right (of 64, at the end), mirror, ratios; 20,000
    sweeps.
`xor`: seed, cost, right (of 4) and largest (absolute weight): lists, after 300 and after 3000 steps.
`families`: seed, held, trained_right (share of 100), held_right (of 4), cost; 4500 sweeps.
    Rounding decides how they end; early_cost, after 300 sweeps, can be computed again.
`squared`: the same as families with the loss and the tolerance of 1986 and its 1500 sweeps; highest
    output on the 100, and spread, the largest change of an output from question to question.
`factorial`: the same network in every combination of loss, tolerance, start and decay: these four, seed,
    trained_right and held_right; 3000 sweeps. `baseline`: seed, and how many of the four held back are right
    if each relation gets, for each family, the answer that is most frequent in the other 100.
`copies`: seed, and the validation cost of the digits after training with shifted copies, and alone without.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import datetime
import itertools
import json
import platform
from pathlib import Path

import numpy as np

import backprop as bp
from backprop import data, experiments

STORE = Path(__file__).resolve().parents[1] / "src/backprop/data/training.json"


def digits(seed):
    parts, (net, history) = experiments.digits(seed)
    return {
        "test": round(bp.accuracy(net, *parts.test), 4),
        "validation": round(history.validation_accuracy[-1], 4),
        "epochs": history.epochs[-1],
    }


def symmetry(seeds):
    for run in experiments.symmetry_runs(seeds):
        yield {
            "solved_at": run.solved_at,
            "right": run.right,
            "mirror": float(f"{run.mirror:.3g}"),
            "ratios": [[round(r, 3) for r in unit] for unit in run.ratios],
        }


def xor(seeds):
    crowd, found = experiments.xor_crowd(seeds), []
    for steps in (300, 2699):
        for _ in range(steps + 1):  # one more, for the cost
            crowd.step()
        found.append((crowd.cost, crowd.right(), crowd.largest()))
    for s in range(len(seeds)):
        cost, right, largest = zip(*([float(f"{v[s]:.6g}") for v in row] for row in found), strict=True)
        yield {"cost": cost, "right": [int(r) for r in right], "largest": largest}


def copies(seed):
    """The digits with shifted copies, and without them for five times as many epochs."""
    _, (_, shifted) = experiments.digits(seed)
    _, (_, alone) = experiments.digits(seed, copies=False)
    return {
        name: float(f"{h.validation_cost[-1]:.4g}") for name, h in (("shifted", shifted), ("alone", alone))
    }


def families(seed):
    return described(experiments.family_run(seed))


def described(run):
    return {
        "held": run.held,
        "trained_right": run.trained_right,
        "held_right": run.held_right,
        "cost": float(f"{run.cost:.4g}"),
        "early_cost": float(f"{run.early_cost:.8g}"),
    }


def squared(seed):
    run = experiments.family_run(seed, sweeps=1500, loss="half_squared_error", tolerance=0.2)
    kept = np.setdiff1d(np.arange(104), run.held)
    outputs = bp.forward(run.net, data.family_trees().X[:, kept]).a[run.net.L]
    return described(run) | {
        "highest": float(f"{outputs.max():.4g}"),
        "spread": float(f"{np.ptp(outputs, axis=1).max():.4g}"),
    }


FACTORS = {
    "loss": ("half_squared_error", "binary_cross_entropy"),
    "tolerance": (0.2, 0),
    "start": (0.3, 1.0),
    "decay": (0.002, 0),
}


def factorial(seed):
    for values in itertools.product(*FACTORS.values()):
        choice = dict(zip(FACTORS, values, strict=True))
        run = experiments.family_run(seed, 3000, **choice)
        yield choice | {"trained_right": run.trained_right, "held_right": run.held_right}


def baseline(seed):
    return {"right": experiments.family_baseline(seed)}


# Seeds above 1000: none of them was looked at when the settings were chosen.
EXPERIMENTS = {
    digits: range(1000, 1030),
    symmetry: range(1000, 1200),
    xor: range(1000, 2000),
    families: range(1000, 1050),
    squared: range(1000, 1010),
    factorial: range(1000, 1005),
    baseline: range(1000, 1500),
    copies: range(1000, 1012),
}
TOGETHER = symmetry, xor  # all their seeds at once


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="store_true", help=f"write {STORE.name}")
    parser.add_argument("names", nargs="*", help="which experiments; all if none is named")
    options = parser.parse_args()
    made = {}
    for experiment, seeds in EXPERIMENTS.items():
        if options.names and experiment.__name__ not in options.names:
            continue
        rows = made[experiment.__name__] = []
        if experiment in TOGETHER:
            rows += [{"seed": seed} | row for seed, row in zip(seeds, experiment(seeds), strict=True)]
        else:
            for seed in seeds:
                found = experiment(seed)
                rows += [{"seed": seed} | row for row in ([found] if isinstance(found, dict) else found)]
                print(experiment.__name__, json.dumps(rows[-1]), flush=True)
    if options.store:
        kept = experiments.measurements() if options.names else {}
        result = {
            "machine": {"python": platform.python_version(), "numpy": np.__version__},
            "date": datetime.date.today().isoformat(),
        }
        result |= {e.__name__: made.get(e.__name__, kept.get(e.__name__, [])) for e in EXPERIMENTS}
        lists = {name: value for name, value in result.items() if isinstance(value, list)}
        head = json.dumps({k: v for k, v in result.items() if k not in lists})[1:-1]
        body = [
            f'"{name}": [\n ' + ",\n ".join(map(json.dumps, rows)) + "\n]" for name, rows in lists.items()
        ]
        STORE.write_text("{" + head + ",\n" + ",\n".join(body) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
