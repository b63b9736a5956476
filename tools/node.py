"""Run a command with Node.js 20 or newer: the machine's own, else one from the Python package index.

python tools/node.py npm ci
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = 20


def version(node):
    """Major version of a node program, 0 if it does not run."""
    try:
        out = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.match(r"v(\d+)\.", out)
    return int(match[1]) if match else 0


def search_path():
    """The PATH on which node and npm are found."""
    path = os.environ["PATH"]
    node = shutil.which("node")
    if node and shutil.which("npm") and version(node) >= OLDEST:
        return path
    # sys.prefix, not the resolved program: in an environment that is a link to the system's Python.
    scripts = Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin")
    ours = shutil.which("node", path=str(scripts))
    if not ours or version(ours) < OLDEST:
        print(
            f"no Node.js >= {OLDEST} on this machine: installing one into {scripts.parent.name}",
            file=sys.stderr,
        )
        lock = ROOT / "requirements-node.lock"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)], check=True
        )
    return f"{scripts}{os.pathsep}{path}"


def main():
    path = search_path()
    command = shutil.which(sys.argv[1], path=path)
    if command is None:
        sys.exit(f"{sys.argv[1]}: not found on {path}")
    sys.exit(
        subprocess.run([command, *sys.argv[2:]], env={**os.environ, "PATH": path}, check=False).returncode
    )


if __name__ == "__main__":
    main()
