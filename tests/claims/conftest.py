"""A formula that a test takes from the page has to be run, all of it."""

import pytest

from .printed import page


@pytest.fixture(autouse=True)
def all_that_is_printed_is_run():
    page.unfinished.clear()
    yield
    left = {formula.label: sorted(formula.left) for formula in page.unfinished if formula.left}
    assert not left, f"statements that the test never ran: {left}"
