"""A sample of `make mutate`: what is changed turns a test red; and the changes are what they say."""

import subprocess
import sys

from tools import mutate

SEED = 20
NUMBER = 15  # of each kind; the whole run is `make mutate`
FLOORS = {"formula": 14, "theorem": 15, "number": 12}


def test_a_sample_of_changes_is_noticed():
    """In a process of its own, because it runs tests of its own."""
    print("seed", SEED)
    run = subprocess.run(
        [sys.executable, "tools/mutate.py", "--number", str(NUMBER), "--seed", str(SEED), "--kind", *FLOORS],
        cwd=mutate.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(run.stdout, run.stderr)
    for kind, floor in FLOORS.items():
        (line,) = [line for line in run.stdout.splitlines() if line.startswith(kind + " ")]
        killed, number = int(line.split()[1]), int(line.split()[3])
        assert number == NUMBER and killed >= floor


def test_changes_of_a_formula():
    new = [tex for _, tex in mutate.changed(r"\err{l} = \bigl(\W{l+1}\bigr)^{\T} \err{l+1} - 3")]
    assert r"\err{l} = \bigl(\W{l+1}\bigr) \err{l+1} - 3" in new
    assert r"\err{l} = \bigl(\W{l}\bigr)^{\T} \err{l+1} - 3" in new
    assert r"\err{l} = 7 + \bigl(\W{l+1}\bigr)^{\T} \err{l+1} - 3" in new
    assert r"\err{l} = \bigl(\W{l+1}\bigr)^{\T} \err{l+1}+ 3" in new
    assert r"\err{l} = \bigl(\W{l+1}\bigr)^{\T} \err{l+1} - 4" in new
    assert len(new) == len(set(new))


def test_a_change_of_the_package_is_made_and_taken_back():
    import backprop as bp

    changes = [m for m in mutate.source() if m.place == "losses.d_half_squared_error"]
    assert [(m.before, m.after) for m in changes] == [("a - y", "other sign")]
    changes[0].make()
    try:
        assert bp.losses.d_half_squared_error(3, 1) == 4
    finally:
        changes[0].undo()
    assert bp.losses.d_half_squared_error(3, 1) == 2
