"""Build JupyterLite with the reader notebooks: _build/vendor/lite, next to the pages' Pyodide.

    python tools/lite.py wheels ENVIRONMENT   collect the wheels that its kernel adds to Pyodide
    python tools/lite.py build ENVIRONMENT    build the site's lite/ from lite/ and the reader notebooks

ENVIRONMENT is the folder of the environment that requirements-lite.lock made; run the first action
before tools/pyodide.py, which puts the wheels into Pyodide's lock. So a notebook imports the package
and ipywidgets without installing anything, and no host is asked for anything.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools import pyodide, reader

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-lite.lock"
WHEELS = ROOT / "_build" / "lite" / "wheels"
CONTENTS = ROOT / "_build" / "lite" / "contents"
SETTINGS = ROOT / "_build" / "lite" / "settings"
TARGET = ROOT / "_build" / "vendor" / "lite"
# What the browser's Python needs of the packages in the lock.
IN_BROWSER = ("comm", "ipywidgets", "jupyterlab-widgets")
# The kernel's own wheels, and stand-ins for packages that make no sense in a browser.
KERNEL = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
KERNEL_WHEELS = ("piplite", "pyodide_kernel", "ipykernel", "widgetsnbextension-4")
# Stands for a module of 2 MB that nothing here uses: no connection leaves the browser's Python.
NO_SSL = 'raise ImportError("this Python has no ssl module")\n'


def pins(text, names):
    """The part of a lock with hashes that pins these packages.

    Raises:
        ValueError: if the lock has none of that name.
    """
    found = {m[1]: m[0] for m in re.finditer(r"^([\w.-]+)==(?:.*\\\n)*.*$", text, re.M)}
    missing = [name for name in names if name not in found]
    if missing:
        raise ValueError(f"{LOCK.name} does not pin {', '.join(missing)}")
    return "\n".join(found[name] for name in names) + "\n"


def wheels(environment):
    """Collect the wheels in _build/lite/wheels."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    WHEELS.mkdir(parents=True)
    wanted = WHEELS.parent / "wheels.txt"
    wanted.write_text(pins(LOCK.read_text(encoding="utf-8"), IN_BROWSER), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*command, "--require-hashes", "-r", str(wanted), "-d", str(WHEELS)], check=True)
    for name in KERNEL_WHEELS:
        (wheel,) = (Path(environment) / KERNEL).glob(f"{name}*.whl")
        shutil.copy2(wheel, WHEELS)
    pyodide.pure_wheel(WHEELS, "ssl", "0.0", {"ssl.py": NO_SSL})


def build(environment):
    """Build _build/vendor/lite; what was there before goes."""
    reader.Book(kernel="python").write(CONTENTS)
    shutil.rmtree(TARGET, ignore_errors=True)
    program = Path(environment).resolve() / "bin" / "jupyter-lite"
    command = [program, "build", "--contents", CONTENTS, "--output-dir", TARGET]
    # It reads its settings from the folder it runs in, and leaves its notes there.
    shutil.rmtree(SETTINGS, ignore_errors=True)
    shutil.copytree(ROOT / "lite", SETTINGS)
    done = subprocess.run(command, cwd=SETTINGS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"JupyterLite could not be built:\n{done.stdout}{done.stderr}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=["wheels", "build"])
    parser.add_argument("environment", type=Path)
    options = parser.parse_args(arguments)
    {"wheels": wheels, "build": build}[options.action](options.environment)


if __name__ == "__main__":
    main()
