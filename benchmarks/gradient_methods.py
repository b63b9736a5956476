"""Time four ways to a gradient on growing networks; chapter 9 plots what this stores.

    python benchmarks/gradient_methods.py            about a minute; prints what it measured
    python benchmarks/gradient_methods.py --store    also writes src/backprop/data/gradient_methods.json

Keys of the file: `machine` (cpu, python, numpy, threads), `date`, `layers` and `batch` of the networks
in `growth`, which have one width throughout. Each row of `growth` holds width, parameters, counts
(multiply-adds for one example, by method), seconds (for the whole batch, by method) and `sampled`: 0
where differences and forward mode were timed for every parameter, else for how many; then the time
that one of these adds is multiplied by the number of parameters. Each row of `ratios` holds sizes,
batch, and the seconds of a forward sweep and of both sweeps.

Times are CPU time in one thread, the smallest of several rounds.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import datetime
import json
import platform
import time
from pathlib import Path

import numpy as np

import backprop as bp
from backprop import complexity

STORE = Path(__file__).resolve().parents[1] / "src/backprop/data/gradient_methods.json"
LAYERS, BATCH = 3, 128
WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
EVERY = 20_000  # up to so many parameters, all of them are timed
SAMPLE = 16  # else so many weights of each layer
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


def sweeps(net, X, Y, rounds=15):
    """Seconds of a forward sweep and of forward and backward, measured in turns."""

    def both():
        bp.backward(net, bp.forward(net, X), Y)

    works = {"forward": lambda: bp.forward(net, X), "backpropagation": both}
    repeats = max(1, int(0.03 / max(cpu_seconds(both, 3), 1e-6)))
    seconds = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(cpu_seconds(work, repeats))
    return {name: min(values) for name, values in seconds.items()}


def one_by_one(net, X, Y, rounds=3):
    """Seconds of the methods that take one parameter after the other, and how many were timed."""
    methods = {
        "one-sided differences": lambda where: complexity.differences(net, X, Y, where, central=False),
        "central differences": lambda where: complexity.differences(net, X, Y, where),
        "forward mode": lambda where: complexity.forward_mode(net, X, Y, where),
    }
    P = complexity.counts(net.sizes).parameters
    rng = np.random.default_rng(9)
    if P <= EVERY:
        where, sampled = list(complexity.parameters(net)), 0
    else:
        layers = [l for l in range(1, net.L + 1) for _ in range(SAMPLE)]
        where = [("W", l, tuple(rng.integers(net.W[l].shape))) for l in layers]
        sampled = len(where)
    seconds = {}
    for name, method in methods.items():
        total = min(cpu_seconds(lambda m=method: m(where), 1) for _ in range(rounds))
        if sampled:
            once = min(cpu_seconds(lambda m=method: m([]), 3) for _ in range(rounds))
            total = once + (total - once) / sampled * P
        seconds[name] = total
    return seconds, sampled


def counted(sizes):
    """Multiply-adds for one example, by method."""
    c = complexity.counts(sizes)
    return {
        "forward": c.forward,
        "backpropagation": c.total,
        "one-sided differences": c.one_sided,
        "central differences": c.central,
        "forward mode": c.forward_mode,
    }


def cpu_model():
    """The processor's name, as generic as the machine tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def measure():
    growth, ratios = [], []
    for width in WIDTHS:
        sizes = [width] * (LAYERS + 1)
        net, X, Y = case(sizes, BATCH)
        seconds = sweeps(net, X, Y)
        slow, sampled = one_by_one(net, X, Y)
        row = {"width": width, "parameters": complexity.counts(sizes).parameters, "sampled": sampled,
               "counts": counted(sizes), "seconds": rounded(seconds | slow)}  # fmt: skip
        growth.append(row)
        print(json.dumps(row))
    for sizes, batch in NETWORKS:
        row = {"sizes": sizes, "batch": batch} | {"seconds": rounded(sweeps(*case(sizes, batch)))}
        ratios.append(row)
        print(json.dumps(row))
    return {
        "machine": {
            "cpu": cpu_model(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "threads": 1,
        },
        "date": datetime.date.today().isoformat(),
        "layers": LAYERS,
        "batch": BATCH,
        "growth": growth,
        "ratios": ratios,
    }


def rounded(seconds):
    """Four digits: more would claim what a clock can't tell."""
    return {name: float(f"{value:.3e}") for name, value in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", action="store_true", help=f"write {STORE.name}")
    store = parser.parse_args().store
    result = measure()
    if store:
        STORE.parent.mkdir(exist_ok=True)
        STORE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
