"""Formula and test stay together: no claim without its test, no test without its claim."""

from collections import Counter

from .labels import (
    ROOT,
    claims,
    code_lines,
    labels_in_chapters,
    name_of_test,
    names_of_tests,
    read_from_page,
    references,
)
from .printed.page import pin, says_something, statements


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


def test_every_claim_s_test_reads_the_page():
    """Each labelled formula is run as printed, or pinned; so is what a theorem states in formulas of its own."""
    without = {label for label, formulas in statements().items() if not any(map(says_something, formulas))}
    silent = [
        f"{label}: {pin(label)}"
        for label in claims()
        if label not in without and label not in read_from_page()
    ]
    assert silent == []


def test_no_pin_is_left_over():
    """A test reads the labels of its own name and of what it needs, and all of them exist."""
    assert set(read_from_page()) <= set(claims())


# Formulas that no line of the package computes: definitions, what proofs are made of, and rules for choosing
# that a reader applies. Every other labelled formula has its label in src.
NOT_IN_CODE = """
first-order peano quadratic-remainder wiggle auxiliary no-fraction exp-sin-square chain-rule-paths epsilon
no-fraction-paths chain-rule-distributed counterexample gradient-definition first-order-vector
chain-rule-jacobian remainder-jacobian step-bound chain-rule-gradient chain-rule-denominator forward-index
forward-rows hidden-error-index forward-folded three-gradients graph-example recompute adjoint sweep-invariant
one-node-less loss-from-layer transpose-pairing directional-derivative descent pairing
pairing-product pairing-entries vector-recursion one-column-less delta-squared product-delta product-activations averaged-twice
missing-slope early-update step-test truncation-one-sided truncation-central truncation-complex best-error
best-step kink-difference ten-sigmoids relu-variance empirical-risk step-factor two-examples batch-gradient
momentum-sum momentum-forms softmax-floor elementwise-count difference-bounds equal-width-differences forward-mode-equal checkpoint-equal
adjoint-equation skip-variance
""".split()


def test_what_code_computes_has_its_label_there():
    formulas = {label.removeprefix("eq:") for label in claims() if label.startswith("eq:")}
    named = {label.removeprefix("eq:") for label in code_lines() if label.startswith("eq:")}
    assert sorted(formulas - named) == sorted(NOT_IN_CODE)


def test_no_label_in_code_is_unknown():
    assert sorted(set(code_lines()) - set(claims())) == []
