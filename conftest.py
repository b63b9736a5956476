"""Pytest settings that hold for chapters/ (nbval) as well as for tests/."""


def pytest_collectstart(collector):
    """Notebooks store text, not pictures; nbval compares the text of every output instead.

    A picture's text form tells its numbers (`Svg.text`, a demo's trace, a figure's size), and
    tests/notebooks/test_stored_form.py demands that each output has one.
    """
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "text/markdown", "image/svg+xml")
