"""Which browsers the tests find, what is installed where they are missing, and what CI says."""

import subprocess

import pytest
from tools import browser

from tests.site import engines


@pytest.fixture
def machine(monkeypatch):
    """machine(has, sells): a Debian with these programs, and the packages that its archive has; the commands run."""
    commands = []

    def make(has, sells):
        has, sells = set(has), set(sells)

        def run(command, **_):
            commands.append(" ".join(command))
            packages = set(command[4:]) if command[:2] == ["apt-get", "install"] else set()
            if not packages <= sells:
                return subprocess.CompletedProcess(command, 100)
            has.update(engine for engine, needed in browser.DEBIAN.items() if set(needed) <= packages)
            return subprocess.CompletedProcess(command, 0)

        monkeypatch.setattr(browser.subprocess, "run", run)
        monkeypatch.setattr(browser.Path, "exists", lambda path: True)
        monkeypatch.setattr(browser.os, "geteuid", lambda: 0, raising=False)
        monkeypatch.setattr(
            browser, "find", lambda engine="chromium": f"/bin/{engine}" if engine in has else None
        )
        return commands

    return make


ALL = ["chromium", "firefox-esr", "webkit2gtk-driver", "xvfb", "dbus"]


def test_on_debian_as_root_what_is_missing_is_installed(machine, capsys):
    commands = machine(has=[], sells=ALL)
    browser.main()
    assert commands == [
        "apt-get update -qq",
        "apt-get install -y -qq chromium",
        "apt-get install -y -qq firefox-esr",
        "apt-get install -y -qq webkit2gtk-driver xvfb dbus",
    ]
    assert capsys.readouterr().out == "/bin/chromium\n"


def test_what_is_there_is_not_installed(machine, capsys):
    assert machine(has=browser.NAMES, sells=[]) == []
    browser.main()
    assert capsys.readouterr().out == "/bin/chromium\n"


def test_an_archive_without_one_engine_still_gives_the_others(machine, capsys):
    machine(has=["chromium"], sells=["webkit2gtk-driver", "xvfb", "dbus"])
    browser.main()
    said = capsys.readouterr()
    assert said.out == "/bin/chromium\n"
    assert (
        f"firefox is not there: {browser.ADVICE['firefox']}" in said.err and "webkit is not" not in said.err
    )


def test_without_chromium_there_are_no_tests(machine):
    machine(has=["firefox", "webkit"], sells=[])
    with pytest.raises(SystemExit, match="install Chromium or Chrome"):
        browser.main()


@pytest.mark.parametrize("engine", browser.NAMES)
def test_a_missing_engine_skips_its_tests_and_on_ci_fails_them(engine, monkeypatch):
    monkeypatch.setattr(browser, "find", lambda engine: None)
    for ci, outcome in ("", pytest.skip.Exception), ("true", pytest.fail.Exception):
        monkeypatch.setenv("CI", ci)
        with pytest.raises(outcome, match=f"{engine} is not there: install"), engines.START[engine]():
            pass


def test_a_named_browser_must_be_a_program(monkeypatch):
    monkeypatch.setenv("FIREFOX", "/nowhere/firefox")
    with pytest.raises(FileNotFoundError, match="FIREFOX=/nowhere/firefox: expected a program, found none"):
        browser.find("firefox")
