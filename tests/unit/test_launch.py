"""Where a page's notebook can be opened."""

from types import SimpleNamespace

import pytest
from extensions import launch, repository

PAGE = "chapters/05-worked-example"


def test_binder_and_colab_open_generated_copies():
    assert dict(launch.outside(PAGE, "https://github.com/someone/book", "main")) == {
        "Binder": f"https://mybinder.org/v2/gh/someone/book/main?urlpath=lab/tree/reader/{PAGE}.ipynb",
        "Colab": f"https://colab.research.google.com/github/someone/book/blob/reader/{PAGE}.ipynb",
    }


def test_addresses_are_percent_encoded():
    places = dict(launch.outside("chapters/ä & b?#%", "https://github.com/someone/book", "fix/a b"))
    page = "chapters/%C3%A4%20%26%20b%3F%23%25.ipynb"
    assert places == {
        "Binder": f"https://mybinder.org/v2/gh/someone/book/fix%2Fa%20b?urlpath=lab/tree/reader/{page}",
        "Colab": f"https://colab.research.google.com/github/someone/book/blob/reader/{page}",
    }
    context = {"sourcename": "ä & b.ipynb", "header_buttons": [], "pathto": lambda target, _: target}
    app = SimpleNamespace(config=SimpleNamespace(launch_lite=True), srcdir="/nowhere")
    launch._add(app, "ä & b", "", context, None)
    lite, *_, download = context["header_buttons"][0]["buttons"]
    assert lite["url"] == "lite/lab/index.html?path=%C3%A4%20%26%20b.ipynb"
    assert download["url"] == "_sources/%C3%A4%20%26%20b.ipynb"


@pytest.mark.parametrize("address", [None, "https://gitlab.com/someone/book"])
def test_without_a_repository_they_can_reach_they_are_absent(address):
    assert launch.outside(PAGE, address) == []


def test_lite_is_offered_where_it_was_built(tmp_path, monkeypatch):
    monkeypatch.delenv("LIVE", raising=False)
    assert not launch.has_lite(tmp_path)
    (tmp_path / "_build/vendor/lite").mkdir(parents=True)
    (tmp_path / "_build/vendor/lite/index.html").touch()
    assert launch.has_lite(tmp_path)
    monkeypatch.setenv("LIVE", "0")
    assert not launch.has_lite(tmp_path)


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"BOOK_REPOSITORY": "https://github.com/Some/book"}, "https://some.github.io/book/"),
        ({"BOOK_REPOSITORY": "git@gitlab.com:some/book.git"}, "https://some.gitlab.io/book/"),
        ({"BOOK_REPOSITORY": "https://gitlab.com/Group/sub/book"}, "https://group.gitlab.io/sub/book/"),
        ({"BOOK_REPOSITORY": "https://github.com/some/some.github.io"}, "https://some.github.io/"),
        ({"BOOK_REPOSITORY": "https://codeberg.org/some/book"}, None),
        ({"BOOK_SITE": "https://example.org/book"}, "https://example.org/book/"),
        ({}, None),
    ],
)
def test_the_address_of_the_site(monkeypatch, tmp_path, settings, expected):
    for name in ("BOOK_REPOSITORY", "BOOK_SITE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert repository.site(tmp_path) == expected


def test_a_wrong_address_of_the_site_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("BOOK_SITE", "example.org")
    with pytest.raises(ValueError, match="BOOK_SITE: expected an address with https://, got 'example.org'"):
        repository.site(tmp_path)
