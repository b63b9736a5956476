"""Formula and test stay together: no claim without its test, no test without its claim."""

from collections import Counter

from .labels import ROOT, claims, labels_in_chapters, name_of_test, names_of_tests, references


def test_no_label_is_given_twice():
    assert [label for label, count in Counter(claims()).items() if count > 1] == []


def test_every_claim_has_a_test_of_its_name():
    assert len(claims()) >= 9
    assert sorted(set(map(name_of_test, claims())) - set(names_of_tests())) == []


def test_every_test_of_a_claim_has_its_claim():
    wanted = {name_of_test(label) for label in claims()}
    prefixes = tuple({name_of_test(label.split(":")[0]) + "_" for label in claims() if ":" in label})
    assert [name for name in names_of_tests() if name.startswith(prefixes) and name not in wanted] == []


def test_every_reference_leads_to_a_label():
    known = labels_in_chapters()
    assert len(references()) > 5
    assert [(page, label) for page, label in references() if label not in known] == []


def test_the_example_of_the_readme_is_true():
    """The map from formula to code, test and chapter, with the label it names."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "`(eq:delta-hidden)` in `chapters/04-four-equations.ipynb`" in readme
    assert "(eq:delta-hidden)" in (ROOT / "chapters" / "04-four-equations.ipynb").read_text(encoding="utf-8")
    assert "# eq:delta-hidden" in (ROOT / "src" / "backprop" / "network.py").read_text(encoding="utf-8")
    assert "test_eq_delta_hidden" in names_of_tests()
