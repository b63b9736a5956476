"""Time four ways to a gradient on growing networks; chapter 9 plots what this stores.

    python benchmarks/gradient_methods.py            some minutes; prints what it measured
    python benchmarks/gradient_methods.py --store    also writes src/backprop/data/gradient_methods.json

Each round is a process of its own. Two settings take turns: the C library as it is, and one told to keep
the memory that a program frees (`settings`, the variables of the environment that tell it so).

Keys of the file: `machine` (cpu, python, numpy, threads), `date`, `load` (how many processes wanted the
processors, mean of 15 minutes), `rounds`, `settings`, `layers` and `batch` of the networks in `growth`, which
have one width throughout. Each row of `growth` holds width, parameters, counts (multiply-adds for one
example, by method), `seconds` (for the whole batch, by setting and method), `ratio` (gradient over forward,
by setting, of times of one round) and `sampled`: 0 where the slow methods were timed for every parameter and
unit, else for how many; then the time that one adds is multiplied by their number. Each row of `ratios`
holds sizes, batch, seconds and ratio. Seconds and ratios are [lower quartile, median, upper
quartile] over the rounds.

Times are CPU time in one thread.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import datetime
import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import backprop as bp
from backprop import complexity

STORE = Path(__file__).resolve().parents[1] / "src/backprop/data/gradient_methods.json"
LAYERS, BATCH = 3, 128
WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
EVERY = 4_000  # up to so many parameters, all of them are timed
SAMPLE = 6  # else so many weights, and units, of each layer
ROUNDS, SLOW_ROUNDS = 9, 3
# glibc gives memory back to the system and faults it in again, page by page; with these it keeps it.
SETTINGS = {
    "default": {},
    "kept": {
        "MALLOC_TRIM_THRESHOLD_": str(2**30),
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TOP_PAD_": str(2**28),
    },
}
NETWORKS = (
    ([2, 3, 1], 1),
    ([64, 32, 10], 32),
    ([784, 128, 64, 10], 128),
    ([100] * 11, 128),
    ([1024, 1024, 1024, 10], 512),
)


def case(sizes, batch):
    """A ReLU network with linear output, a batch and its labels."""
    rng = np.random.default_rng(9)
    net = bp.Network.random(sizes, "relu", "identity", "half_squared_error", "he", seed=rng)
    return net, rng.normal(size=(sizes[0], batch)), rng.normal(size=(sizes[-1], batch))


def cpu_seconds(work, repeats):
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def sweeps(net, X, Y):
    """Seconds of a forward sweep and of forward and backward: means over some repeats."""

    def both():
        bp.backward(net, bp.forward(net, X), Y)

    works = {"forward": lambda: bp.forward(net, X), "backpropagation": both}
    repeats = max(1, int(0.015 / max(cpu_seconds(both, 2), 1e-6)))
    return {name: cpu_seconds(work, repeats) for name, work in works.items()}


def slow(net, X, Y):
    """Seconds of the methods that take one parameter or one unit after the other, and how many were timed."""
    c, rng = complexity.counts(net.sizes), np.random.default_rng(9)
    every = c.parameters <= EVERY
    weights = [
        ("W", l, tuple(rng.integers(net.W[l].shape))) for l in range(1, net.L + 1) for _ in range(SAMPLE)
    ]
    units = [(l, int(rng.integers(net.sizes[l]))) for l in range(1, net.L + 1) for _ in range(SAMPLE)]
    if every:
        weights = list(complexity.parameters(net))
        units = [(l, j) for l in range(1, net.L + 1) for j in range(net.sizes[l])]
    methods = {
        "central differences": (complexity.differences, weights, c.parameters),
        "forward mode": (complexity.forward_mode, weights, c.parameters),
        "differences by units": (complexity.differences_by_units, units, c.hadamard),
        "forward mode by units": (complexity.forward_mode_by_units, units, c.hadamard),
    }
    seconds = {}
    for name, (method, where, number) in methods.items():
        total = cpu_seconds(lambda m=method, w=where: m(net, X, Y, w), 1)
        if not every:
            once = cpu_seconds(lambda m=method: m(net, X, Y, []), 2)
            total = once + (total - once) / len(where) * number
        seconds[name] = total
    return seconds, 0 if every else len(weights)


def counted(sizes):
    """Multiply-adds for one example, by method."""
    c = complexity.counts(sizes)
    return {
        "forward": c.forward,
        "backpropagation": c.total,
        "central differences": c.central,
        "forward mode": c.forward_mode,
        "differences by units": c.differences_by_units,
        "forward mode by units": c.by_units,
    }


def cpu_model():
    """The processor's name, as generic as the machine tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def one_round(with_slow):
    """What one process measures: seconds of each network, and how many parameters the slow methods took."""
    found = []
    for sizes, batch in [([width] * (LAYERS + 1), BATCH) for width in WIDTHS] + list(NETWORKS):
        net, X, Y = case(sizes, batch)
        seconds, sampled = sweeps(net, X, Y), 0
        if with_slow and len(set(sizes)) == 1 and len(sizes) == LAYERS + 1:
            more, sampled = slow(net, X, Y)
            seconds |= more
        found.append({"sizes": sizes, "batch": batch, "sampled": sampled, "seconds": seconds})
    return found


def child(setting, with_slow):
    """One round in a process of its own, with the C library's memory set as named."""
    command = [sys.executable, __file__, "--child", "slow" if with_slow else "sweeps"]
    done = subprocess.run(
        command, env=os.environ | SETTINGS[setting], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def measure():
    runs = {setting: [] for setting in SETTINGS}
    for i in range(ROUNDS):
        for setting in SETTINGS:  # in turns, so that a busy machine slows both alike
            runs[setting].append(child(setting, i < SLOW_ROUNDS))
            print("round", i, setting, flush=True)
    rows = []
    for k, first in enumerate(runs["default"][0]):
        row = {"sizes": first["sizes"], "batch": first["batch"], "sampled": first["sampled"], "seconds": {}}
        row["ratio"] = {}
        for setting, rounds in runs.items():
            times = [r[k]["seconds"] for r in rounds]
            row["seconds"][setting] = {
                name: spread([t[name] for t in times if name in t]) for name in times[0]
            }
            row["ratio"][setting] = spread([t["backpropagation"] / t["forward"] for t in times])
        rows.append(row)
        print(json.dumps(row))
    growth = []
    for width, row in zip(WIDTHS, rows, strict=False):
        P = complexity.counts(row["sizes"]).parameters
        known = {"width": width, "parameters": P, "sampled": row["sampled"], "counts": counted(row["sizes"])}
        growth.append(known | {name: row[name] for name in ("seconds", "ratio")})
    return {
        "machine": {
            "cpu": cpu_model(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "threads": 1,
        },
        "date": datetime.date.today().isoformat(),
        "load": round(os.getloadavg()[2], 1),
        "rounds": ROUNDS,
        "settings": SETTINGS,
        "layers": LAYERS,
        "batch": BATCH,
        "growth": growth,
        "ratios": [
            {name: row[name] for name in ("sizes", "batch", "seconds", "ratio")}
            for row in rows[len(WIDTHS) :]
        ],
    }


def spread(values):
    """Lower quartile, median, upper quartile; four digits."""
    return [float(f"{v:.4g}") for v in np.quantile(values, [0.25, 0.5, 0.75])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="store_true", help=f"write {STORE.name}")
    parser.add_argument("--child", choices=("sweeps", "slow"), help="measure one round and print it")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(one_round(options.child == "slow")))
        return
    result = measure()
    if options.store:
        STORE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
