"""Print the path of a Chromium or Chrome for the browser tests; install one where there is none.

Looked for, in order: the variable CHROMIUM, the usual names, the usual places on macOS,
Playwright's own download. Installed, where none is found: on Debian as root with apt, else with
`playwright install chromium`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ADVICE = "install Chromium or Chrome, or name one with CHROMIUM=/path/to/chromium"


def find():
    """The path of a browser that is already there, or None.

    Raises:
        FileNotFoundError: if CHROMIUM is set and is no program.
    """
    named = os.environ.get("CHROMIUM", "").strip()
    if named:
        program = shutil.which(named)
        if program is None:
            raise FileNotFoundError(f"CHROMIUM={named}: expected a program, found none; {ADVICE}")
        return program
    for name in (*NAMES, *PLACES):
        if program := shutil.which(name):
            return program
    return playwrights_own()


def playwrights_own():
    """The browser that `playwright install chromium` left, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install():
    """Install a browser the way this machine allows; output goes to stderr."""
    if Path("/etc/debian_version").exists() and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        print(" ".join(command), file=sys.stderr)
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            sys.exit(f"no browser found, and `{' '.join(command)}` failed: {ADVICE}")


def main():
    try:
        path = find()
        if path is None:
            install()
            path = find()
    except FileNotFoundError as error:
        sys.exit(str(error))
    if path is None:
        sys.exit(f"no browser found: {ADVICE}")
    print(path)


if __name__ == "__main__":
    main()
