"""The page "What is checked" says what is so."""

from extensions import checked

from ..claims.labels import claims


def test_each_label_has_its_row_and_each_row_its_test():
    assert sorted(row[1] for row in checked.rows()) == sorted(claims())
    assert [row for row in checked.rows() if not row[3]] == []


def test_two_thirds_of_the_formulas_are_run():
    """The rest are pinned; none is left to a test that does not look at the page."""
    number = checked.counts()
    assert (
        number["run"] + number["pinned"] == number["formulas"] and 3 * number["run"] >= 2 * number["formulas"]
    )


def test_a_row_leads_to_the_line_of_code():
    (row,) = [row for row in checked.rows() if row[1] == "eq:delta-hidden"]
    page, _, how, test, (path, line) = row
    assert (page, how, test) == ("04-four-equations", "run", "test_four_equations.py")
    text = (checked.ROOT / path).read_text(encoding="utf-8").splitlines()[line - 1]
    assert "eq:delta-hidden" in text
    assert any("`eq:delta-hidden` | run | `test_four_equations.py` |" in line for line in checked.lines())
