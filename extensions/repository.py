"""Sphinx extension: one address of the repository feeds every button that needs it.

The address is BOOK_REPOSITORY, else git's remote `origin` where that is a public host. Without one
the Binder, Colab, edit and issue buttons are absent, and a host gets only the buttons that work there.
BOOK_PROVIDER says what a server of one's own runs, github or gitlab, where its name does not tell.
BOOK_SITE names the published site where that is not the host's usual place.
"""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

# What the theme has buttons for; a host of another provider gets none.
PUBLIC_HOSTS = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "codeberg.org": "",
}
BUTTONS = {
    "github": ("repository", "edit_page", "issues"),
    "gitlab": ("repository", "edit_page", "issues"),
    "bitbucket": ("repository", "edit_page"),
}
# Other names of the same host: ssh through a firewall that lets only the web's port pass.
ALIAS = re.compile(rf"^(?:www|ssh|altssh)\.(?=(?:{'|'.join(map(re.escape, PUBLIC_HOSTS))})$)")
# Below a public host, but no repository: gist.github.com, someone.github.io.
ELSEWHERE = re.compile(r"\.(?:github|gitlab|bitbucket|codeberg)\.(?:com|org|io|page)$")


def provider(host):
    """What a host runs: github, gitlab, bitbucket, or "" for anything else."""
    if host in PUBLIC_HOSTS:
        return PUBLIC_HOSTS[host]
    given = os.environ.get("BOOK_PROVIDER", "").strip().lower()
    if given not in ("", "github", "gitlab"):
        raise ValueError(f"BOOK_PROVIDER: expected github or gitlab, got {given!r}")
    named = re.search(r"(?:^|[.-])(github|gitlab)\b", host)
    return given or (named[1] if named else "")


def web_address(remote):
    """The address at which a browser finds a git remote, None where that is no repository's address.

    >>> web_address("ssh://git@ssh.github.com:443/someone/book.git")
    'https://github.com/someone/book'
    """
    text = remote.strip()
    if "://" not in text:
        # As ssh takes it, host:path. Without a user, a number before two more names is a port.
        text = "ssh://" + re.sub(r"^([^/]+@[^/:]+|[^/:]+(?!:\d+/.+/.)):", r"\1/", text)
    try:
        parts = urlsplit(text)
        host, port = ALIAS.sub("", parts.hostname or ""), parts.port
    except ValueError:
        return None
    scheme = parts.scheme.removeprefix("git+")
    if scheme not in ("https", "http", "ssh", "git") or not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", host):
        return None
    names = [quote(unquote(name), safe="") for name in parts.path.split("/") if name]
    if provider(host) in ("github", "bitbucket") or host == "codeberg.org":
        names = names[:2]
    else:  # groups nest; these words, which no project may have as its name, end its address
        end = [n for n, name in enumerate(names) if n > 1 and name in ("-", "tree", "blob")]
        names = names[: end[0] if end else None]
    if len(names) < 2 or ELSEWHERE.search(host):
        return None
    names[-1] = names[-1].removesuffix(".git")
    own = host not in PUBLIC_HOSTS and scheme in ("http", "https")  # its web may be elsewhere than usual
    return f"{scheme if own else 'https'}://{host}{f':{port}' if own and port else ''}/{'/'.join(names)}"


def public_address(remote):
    """The https address of a git remote on a public host, else None."""
    address = web_address(remote)
    return address if address and urlsplit(address).hostname in PUBLIC_HOSTS else None


def repository(root):
    """The address that the book's buttons lead to, or None."""
    given = os.environ.get("BOOK_REPOSITORY", "").strip()
    if given:
        address = web_address(given)
        if address is None:
            raise ValueError(
                f"BOOK_REPOSITORY: expected an address such as https://github.com/owner/name, got {given!r}"
            )
        return address
    # Named, git does not look for a repository further up: a book unpacked inside another has none.
    command = ["git", f"--git-dir={Path(root) / '.git'}", "remote", "get-url", "origin"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return None
    return public_address(found.stdout) if found.returncode == 0 else None


def site(root):
    """The address of the published site, ending in a slash, or None.

    It is BOOK_SITE, else where GitHub and GitLab publish a repository's pages.
    """
    given = os.environ.get("BOOK_SITE", "").strip()
    if given:
        if not re.match(r"https?://[^/]+", given):
            raise ValueError(f"BOOK_SITE: expected an address with https://, got {given!r}")
        return given.rstrip("/") + "/"
    match = re.fullmatch(r"https://(github|gitlab)\.com/([^/]+)/(.+)", repository(root) or "")
    if match is None:
        return None
    home = f"https://{match[2].lower()}.{match[1]}.io/"
    return home if home == f"https://{match[3].lower()}/" else f"{home}{match[3]}/"


def _configure(app, config):
    address = repository(app.srcdir)
    kind = provider(urlsplit(address).hostname) if address else ""
    if kind not in BUTTONS:
        return
    options = config.html_theme_options
    options["repository_url"], options["repository_provider"] = address, kind
    options["repository_branch"] = os.environ.get("BOOK_BRANCH", "main")
    options["path_to_docs"] = ""
    options |= {f"use_{button}_button": True for button in BUTTONS[kind]}


def setup(app):
    # Before the theme's own handlers, which run at the default priority 500.
    app.connect("config-inited", _configure, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
