"""Sphinx extension: one address of the repository feeds every button that needs it.

The address is BOOK_REPOSITORY, else git's remote `origin` where that is a public host. Without one
the Binder, Colab, edit and issue buttons are absent. BOOK_SITE names the published site where that
is not the host's usual place.
"""

import os
import re
import subprocess

PUBLIC_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")


def public_address(remote):
    """The https address of a git remote on a public host, else None.

    >>> public_address("git@github.com:someone/book.git")
    'https://github.com/someone/book'
    """
    match = re.fullmatch(r"(?:https?://|ssh://)?(?:[^@/]+@)?([^/:]+)[/:](.+?)(?:\.git)?/?", remote.strip())
    if not match or match[1] not in PUBLIC_HOSTS:
        return None
    return f"https://{match[1]}/{match[2]}"


def repository(root):
    """The address that the book's buttons lead to, or None."""
    given = os.environ.get("BOOK_REPOSITORY", "").strip()
    if given:
        address = public_address(given)
        if address is None:
            raise ValueError(
                f"BOOK_REPOSITORY: expected an address on one of {', '.join(PUBLIC_HOSTS)}, got {given!r}"
            )
        return address
    found = subprocess.run(
        ["git", "-C", str(root), "remote", "get-url", "origin"], capture_output=True, text=True, check=False
    )
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
    match = re.fullmatch(r"https://(github|gitlab)\.com/([^/]+)/([^/]+)", repository(root) or "")
    if match is None:
        return None
    home = f"https://{match[2].lower()}.{match[1]}.io/"
    return home if home == f"https://{match[3].lower()}/" else f"{home}{match[3]}/"


def _configure(app, config):
    address = repository(app.srcdir)
    if address is None:
        return
    options = config.html_theme_options
    options["repository_url"] = address
    options["repository_branch"] = os.environ.get("BOOK_BRANCH", "main")
    options["path_to_docs"] = ""
    options["use_repository_button"] = options["use_edit_page_button"] = options["use_issues_button"] = True


def setup(app):
    # Before the theme's own handlers, which run at the default priority 500.
    app.connect("config-inited", _configure, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
