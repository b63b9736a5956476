"""What the benchmarks share: one thread, CPU time, a description of the machine, files."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
FIGURES = HERE.parent / "_build" / "bench"
# Set before numpy is imported, hence in the environment of a child process.
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONDONTWRITEBYTECODE": "",  # or each import would compile anew
}


def child(arguments, **options):
    """Start this Python with one thread for every library of linear algebra."""
    env = os.environ | ONE_THREAD
    return subprocess.Popen([sys.executable, *map(str, arguments)], env=env, text=True, **options)


def seconds_a_call(call, enough=0.02):
    """CPU seconds of one call, from as many as take `enough` seconds together."""
    clock = time.process_time
    repeat = seconds_a_call.repeats.get(call, 1)
    while True:
        start = clock()
        for _ in range(repeat):
            call()
        elapsed = clock() - start
        if elapsed >= enough or call in seconds_a_call.repeats:
            seconds_a_call.repeats[call] = repeat
            return elapsed / repeat
        repeat = max(repeat + 1, min(10 * repeat, int(1.2 * repeat * enough / max(elapsed, 1e-9))))


seconds_a_call.repeats = {}


def quartiles(values):
    """[first quartile, median, third quartile], rounded to four digits."""
    import numpy as np

    return [float(f"{q:.4g}") for q in np.percentile(values, [25, 50, 75])]


def machine(*packages):
    """The processor's model and cores and the versions of packages; nothing that names a machine."""
    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
            )
    versions = {"python": platform.python_version()}
    for name in ("numpy", *packages):
        versions[name] = importlib.metadata.version(name)
    return {
        "processor": " ".join(model.split()),
        "cores": os.cpu_count(),
        "threads used": 1,
        "date": date.today().isoformat(),
        "versions": versions,
    }


def store(name, results, draw):
    """Write benchmarks/NAME.json and, where matplotlib is installed, _build/bench/NAME.svg."""
    path = HERE / f"{name}.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote benchmarks/{name}.json")
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    FIGURES.mkdir(parents=True, exist_ok=True)
    draw(results)
    plt.gcf().savefig(FIGURES / f"{name}.svg")
    plt.gcf().savefig(FIGURES / f"{name}.png", dpi=120)
    plt.close("all")
    print(f"drew _build/bench/{name}.svg")
