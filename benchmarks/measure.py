"""What the benchmarks share: one thread, CPU time, a description of the machine, files."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
DATA, FIGURES = ROOT / "src" / "backprop" / "data", ROOT / "_build" / "bench"
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
    env = os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen([sys.executable, *map(str, arguments)], env=env, text=True, **options)


def ask(process, question):
    """Send a line to a contender's process and read its answer."""
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def imports(name):
    """Whether an installed library works here."""
    return find_spec(name) and child(["-c", f"import {name}"], stderr=subprocess.DEVNULL).wait() == 0


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


def store(name, results, draw=None):
    """Write NAME.json into the package's data and, with matplotlib, _build/bench/NAME.svg."""
    path = DATA / f"{name}.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}")
    if draw is None or not find_spec("matplotlib"):
        return
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    FIGURES.mkdir(parents=True, exist_ok=True)
    draw(results)
    plt.gcf().savefig(FIGURES / f"{name}.svg")
    plt.gcf().savefig(FIGURES / f"{name}.png", dpi=120)
    plt.close("all")
    print(f"drew _build/bench/{name}.svg")
