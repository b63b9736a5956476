"""Find the browsers of the tests, install those that are missing, print the path of Chromium.

Three engines: Chromium (or Chrome), Firefox, and WebKit, which is Safari's. Looked for, in order: the
variables CHROMIUM and FIREFOX, the usual names, the usual places on macOS, for Chromium Playwright's own
download. Installed, where one is not found: on Debian as root with apt, else Chromium alone with
`playwright install chromium`. Without Firefox or WebKit their tests are skipped and say so, but not on CI.
"""

import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = {
    "chromium": (
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "firefox": ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
    "webkit": ("WebKitWebDriver",),
}
# What the engine needs beside itself: a screen and a message bus.
BESIDE = {"webkit": ("Xvfb", "dbus-run-session")}
DEBIAN = {
    "chromium": ["chromium"],
    "firefox": ["firefox-esr"],
    "webkit": ["webkit2gtk-driver", "xvfb", "dbus"],
}
ADVICE = {
    "chromium": "install Chromium or Chrome, or name one with CHROMIUM=/path/to/chromium",
    "firefox": "install Firefox (Debian: firefox-esr), or name one with FIREFOX=/path/to/firefox",
    "webkit": "install WebKitGTK's driver, a virtual screen and D-Bus (Debian: webkit2gtk-driver xvfb dbus)",
}


def find(engine="chromium"):
    """The path of a browser that is already there, for WebKit that of its driver, or None.

    Raises:
        FileNotFoundError: if CHROMIUM or FIREFOX is set and is no program.
    """
    named = os.environ.get(engine.upper(), "").strip()
    if named:
        program = shutil.which(named)
        if program is None:
            raise FileNotFoundError(
                f"{engine.upper()}={named}: expected a program, found none; {ADVICE[engine]}"
            )
        return program
    if not all(shutil.which(name) for name in BESIDE.get(engine, ())):
        return None
    for name in NAMES[engine]:
        if program := shutil.which(name):
            return program if engine != "webkit" or mini_browser() else None
    return playwrights_own() if engine == "chromium" else None


def mini_browser():
    """The browser that WebKit's driver starts, or None."""
    places = ("/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser")
    return next((path for place in places for path in sorted(glob.glob(place))), None)


def playwrights_own():
    """The browser that `playwright install chromium` left, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install(engines):
    """Install these browsers the way this machine allows, one by one; output goes to stderr."""
    if Path("/etc/debian_version").exists() and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands = [["apt-get", "update", "-qq"]]
        commands += [["apt-get", "install", "-y", "-qq", *DEBIAN[engine]] for engine in engines]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]] * ("chromium" in engines)
    for command in commands:
        print(" ".join(command), file=sys.stderr)
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            print(f"`{' '.join(command)}` failed", file=sys.stderr)


def main():
    try:
        missing = [engine for engine in NAMES if find(engine) is None]
        if missing:
            install(missing)
        for engine in missing:
            if find(engine) is None:
                print(f"{engine} is not there: {ADVICE[engine]}", file=sys.stderr)
        path = find()
    except FileNotFoundError as error:
        sys.exit(str(error))
    if path is None:
        sys.exit(f"no browser found: {ADVICE['chromium']}")
    print(path)


if __name__ == "__main__":
    main()
