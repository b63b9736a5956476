"""Pytest settings that hold for chapters/ (nbval) as well as for tests/."""

import os

import pytest

# Set before numpy is imported, here and in every child: the workers of pytest-xdist have all cores at
# work, and threads of linear algebra would mostly wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# With pytest-xdist each file is one piece of work, but of these each test is: they are long, and share
# nothing but the session's browser and server.
APART = (
    "test_environments.py",
    "test_lite.py",
    "test_live.py",
    "test_notation_switch.py",
    "test_pages.py",
    "test_the_book_in_another_notation",
)
# What takes longest begins first: so the workers end at about the same time.
LONG = ("test_the_oldest_versions", "test_the_book_in_another_notation", "tests/site", "tests/environments")


def pytest_collectstart(collector):
    """Notebooks store text, not pictures; nbval compares the text of every output instead.

    A picture's text form tells its numbers (`Svg.text`, a demo's trace, a figure's size), and
    tests/notebooks/test_stored_form.py demands that each output has one.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "text/markdown", "image/svg+xml")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: next((n for n, part in enumerate(LONG) if part in item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid if any(part in nodeid for part in APART) else nodeid.split("::")[0]

    return Pieces(config, log)
