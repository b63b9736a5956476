"""Exercises of chapter 10: where backpropagation comes from, and the sweep of control theory."""

from itertools import product

import numpy as np

from .. import control, history
from .draws import drawn, forward_text, given, slope
from .exercise import Choice, Exercise, Formula, Number, Option, Order, Program, Slip, tex
from .tried import tried

CHAPTER = "10-history"
MARKS = {
    ("agreed", True): "content agreed; influence: "
                      "yes", ("agreed", False): "content agreed; influence: none known",
    ("disputed", False): "content disputed; influence: none "
                         "known", ("disputed", True): "content disputed; influence: yes",
}  # fmt: skip
REASONS = {
    ("agreed", True): "A work that no source contradicts, and a later one that built on it.",
    (
        "agreed",
        False,
    ): "No source denies the content, and we know of no later work that built on it. That is not the same "
    "as no influence.",
    (
        "disputed",
        False,
    ): "Sources contradict each other on what it contains, and we know of no later work that built on it.",
    (
        "disputed",
        True,
    ): "Disputed means that sources contradict each other on the content; that is a question of its own, "
    "beside the influence.",
}


def a_claim(rng):
    """An entry of the timeline; a third of them are disputed, or they would hardly occur."""
    content = "disputed" if rng.random() < 0.3 else "agreed"
    among = [e for e in history.entries(content=content) if e.field != "calculus"]
    entry = among[rng.integers(len(among))]
    return {
        "who": entry.who,
        "year": entry.year,
        "what": entry.what,
        "pair": (entry.content, entry.influential),
        "source": entry.source,
    }


def marked(content, influence):
    return Option(MARKS[content, influence], lambda t: (content, influence), REASONS[content, influence])


claim = Exercise(
    name="mark-a-claim",
    title="Two marks for a claim",
    chapter=CHAPTER,
    trains=("ex:grade-claims",),
    level=1,
    minutes=3,
    task=a_claim,
    text=lambda t: f"{t.who}, {t.year}: “{t.what}.”",
    steps=(
        Choice(
            "marks",
            "Which two marks does the chapter give this sentence?",
            lambda t: t.pair,
            tuple(marked(*key) for key in MARKS),
        ),
    ),
    hints=(
        "The content is disputed only where sources cited in the chapter contradict each other on what the "
        "work contains.",
        "Influence needs a source that shows a later work building on it. Look the entry up in its section.",
    ),
    solution=lambda t: (
        f"{MARKS[t.pair].capitalize()}. Neither mark says who was first, and both belong to the sentence, "
        f"not to "
        "the person."
    ),
)


def sled(rng):
    """Three stages of the sled, with its own drag, thrust and goal."""
    c, v, goal = int(rng.integers(1, 4)) / 10, int(rng.integers(1, 4)), int(rng.integers(6, 13))
    u = rng.integers(2, 10, (3, 1)) / 10
    states = control.forward(
        lambda s, u: np.array([s[0] + s[1], s[1] + u[0] - c * s[1] ** 2]), [0.0, float(v)], u
    )
    miss = states[3][0] - goal
    costates, gradient = control.backward(
        lambda s, u: (np.array([[1, 1], [0, 1 - 2 * c * s[1]]]), np.array([[0], [1]])), states, u, [miss, 0.0]
    )
    return {
        "c": c,
        "v": v,
        "goal": goal,
        "u": u,
        "s": np.array(states),
        "lam": np.array(costates),
        "dJ": gradient[:, 0],
    }


def sled_text(t):
    return (
        rf"A sled has the state $(p, v)$ and moves by $p_{{t+1}} = p_t + v_t$ and $v_{{t+1}} = v_t + u_t - "
        rf"{t.c}\,v_t^2$. It starts at "
        f"$p_0 = 0$, $v_0 = {t.v}$ with the thrusts ${', '.join(tex(u, 1) for u in t.u[:, 0])}$ and should "
        f"end at {t.goal}."
    )


def second(t, factor):
    """Second entries of λ_3, λ_2, λ_1, when a costate takes `factor(t, stage)` of the one after it."""
    last = [0.0]
    for stage in (2, 1):
        last.append(t.miss + factor(t, stage) * last[-1])
    return np.array(last)


costates = Exercise(
    name="sled-costates",
    title="Costates of a sled, by hand",
    chapter=CHAPTER,
    trains=("eq:costate", "eq:control-gradient"),
    level=2,
    minutes=15,
    task=sled,
    text=lambda t: (
        sled_text(t)
        + r" The cost is half the squared miss, $\tfrac12 (p_3 - "
        + f"{t.goal})^2$. Four decimals."
    ),
    steps=(
        Number(
            "speeds",
            "The speeds $v_1, v_2$",
            lambda t: t.s[1:3, 1],
            (
                Slip(
                    "drag of the new speed",
                    lambda t: np.array(
                        [t.v + t.u[0, 0] - t.c * t.s[1, 1] ** 2, t.s[1, 1] + t.u[1, 0] - t.c * t.s[2, 1] ** 2]
                    ),
                    "The drag is that of the old speed.",
                    ("eq:stages",),
                ),
                Slip(
                    "square forgotten",
                    lambda t: (lambda a: np.array([a, a + t.u[1, 0] - t.c * a]))(t.v + t.u[0, 0] - t.c * t.v),
                    "The drag grows with the *square* of the speed.",
                    ("eq:stages",),
                ),
            ),
        ),
        Number(
            "miss",
            "The miss $p_3$ minus goal",
            lambda t: t.v + t.speeds.sum() - t.goal,
            (
                Slip(
                    "goal minus place",
                    lambda t: t.goal - t.v - t.speeds.sum(),
                    "The derivative of the cost is place minus goal.",
                ),
                Slip(
                    "one stage too many",
                    lambda t: t.v + t.speeds.sum() + t.s[3, 1] - t.goal,
                    "The last speed moves nothing any more: no stage is left.",
                    ("eq:stages",),
                ),
            ),
        ),
        Number(
            "second",
            r"The second entries of $\lambda_3, \lambda_2, \lambda_1$",
            lambda t: second(t, lambda t, stage: 1 - 2 * t.c * t.speeds[stage - 1]),
            (
                Slip(
                    "square's 2 forgotten",
                    lambda t: second(t, lambda t, stage: 1 - t.c * t.speeds[stage - 1]),
                    r"The derivative of the drag $c\,v^2$ is $2 c v$.",
                    ("eq:costate",),
                ),
                Slip(
                    "drag forgotten",
                    lambda t: second(t, lambda t, stage: 1.0),
                    r"The next speed depends on this one by $1 - 2cv$, not by 1.",
                    ("eq:costate",),
                ),
                Slip(
                    "speed of the next state",
                    lambda t: second(t, lambda t, stage: 1 - 2 * t.c * t.s[stage + 1, 1]),
                    r"The derivatives of stage $t$ are taken at its own state, $s_t$.",
                    ("eq:costate",),
                ),
            ),
        ),
        Number(
            "gradient",
            "The derivatives of the cost by $u_0, u_1, u_2$",
            lambda t: t.second[::-1],
            (
                Slip(
                    "costate of the same stage",
                    lambda t: np.array([t.lam[0, 1], t.lam[1, 1], t.lam[2, 1]]),
                    r"A thrust acts on the state *after* its stage: take $\lambda_{t+1}$.",
                    ("eq:control-gradient",),
                ),
                Slip(
                    "order of the sweep",
                    lambda t: t.second,
                    "These stand from the last thrust to the first.",
                    ("eq:control-gradient",),
                ),
            ),
        ),
    ),
    hints=(
        r"First forward. The first entry of every costate is the miss.",
        r"The second entry becomes the first plus $1 - 2cv$ times itself, starting with 0.",
        lambda t: (
            rf"$v_1 = {tex(t.speeds[0])}$, the miss is ${tex(t.miss)}$, and $1 - 2cv$ is "
            rf"{tex(1 - 2 * t.c * t.speeds[0])} in stage 1."
        ),
    ),
    solution=lambda t: (
        f"$v_1 = {tex(t.speeds[0])}$, $v_2 = {tex(t.speeds[1])}$, so $p_3 = {t.v} + {tex(t.speeds[0])} + "
        f"{tex(t.speeds[1])} = {tex(t.s[3, 0])}$ and the miss is ${tex(t.miss)}$. The second entries are 0, "
        f"then ${tex(t.second[1])}$, then ${tex(t.miss)} + {tex(1 - 2 * t.c * t.speeds[0])} \\cdot "
        f"({tex(t.second[1])})$, which is ${tex(t.second[2])}$. The gradient is "
        f"${', '.join(tex(v) for v in t.gradient)}$: the last thrust has no effect."
    ),
)

fuel = Exercise(
    name="stage-costs",
    title="Fuel costs something too",
    chapter=CHAPTER,
    trains=("eq:costate", "eq:control-gradient"),
    level=2,
    minutes=5,
    task=lambda rng: sled(rng) | {"r": int(rng.integers(1, 5)) / 10},
    text=lambda t: (
        sled_text(t) + f" Without costs for fuel the derivatives by the three thrusts are "
        f"${', '.join(tex(v) for v in t.dJ)}$. Now each stage adds ${t.r}\\,u_t^2$ to the cost."
    ),
    steps=(
        Number(
            "gradient",
            "The new derivatives by $u_0, u_1, u_2$",
            lambda t: t.dJ + 2 * t.r * t.u[:, 0],
            (
                Slip(
                    "square's 2 forgotten",
                    lambda t: t.dJ + t.r * t.u[:, 0],
                    r"The derivative of $u^2$ is $2u$.",
                    ("eq:control-gradient",),
                ),
                Slip(
                    "cost itself",
                    lambda t: t.dJ + t.r * t.u[:, 0] ** 2,
                    "You added the cost. Add its derivative.",
                    ("eq:control-gradient",),
                ),
                Slip(
                    "later stages too",
                    lambda t: t.dJ + 2 * t.r * np.cumsum(t.u[::-1, 0])[::-1],
                    "The fuel of later stages does not depend on this thrust.",
                    ("eq:control-gradient",),
                ),
            ),
        ),
    ),
    hints=(
        "The fuel does not depend on the state. So the costates stay.",
        "Each derivative grows by that of its own stage cost.",
    ),
    solution=lambda t: (
        f"The costates stay, because the fuel does not depend on the state. Each derivative grows by $2 "
        f"\\cdot {t.r}\\,u_t$, that is ${', '.join(tex(v) for v in 2 * t.r * t.u[:, 0])}$: the gradient is "
        f"${', '.join(tex(v) for v in t.gradient)}$. The last thrust "
        "only burns fuel."
    ),
)

costate_delta = Exercise(
    name="costate-and-delta",
    title="Costate and error signal",
    chapter=CHAPTER,
    trains=("eq:costate", "eq:delta-hidden"),
    level=2,
    minutes=10,
    task=lambda rng: drawn(rng, [2, 2, 2]),
    text=lambda t: (
        given(t)
        + "\n\nOne forward sweep gives\n\n"
        + forward_text(t)
        + rf"{chr(10)}{chr(10)}The output's error signal is "
        rf"$\err{{2}} = {tex(t.grads.delta[2])}$. Layers are stages with the states $\act{{l}}$."
    ),
    steps=(
        Number(
            "costate",
            r"The costate $\lambda_1$, the derivatives of the loss by $\act{1}$",
            lambda t: t.net.W[2].T @ t.grads.delta[2][:, 0],
            (
                Slip(
                    "transpose forgotten",
                    lambda t: t.net.W[2] @ t.grads.delta[2][:, 0],
                    "Going back multiplies by the *transpose* of the Jacobian matrix.",
                    ("eq:costate",),
                ),
                Slip(
                    "error signal",
                    lambda t: t.grads.delta[1][:, 0],
                    r"That is $\err{1}$, half a layer further back. The costate stands after the whole "
                    r"layer.",
                    ("eq:costate",),
                ),
            ),
        ),
        Number(
            "delta1",
            r"The error signal $\err{1}$",
            lambda t: t.costate * slope(t.fwd.z[1][:, 0]),
            (
                Slip(
                    "slope at a",
                    lambda t: t.costate * slope(t.fwd.a[1][:, 0]),
                    r"The slope is taken at $\pre{1}$.",
                    ("eq:delta-hidden",),
                ),
                Slip(
                    "slope forgotten",
                    lambda t: t.costate,
                    "From the costate to the error signal there is one more factor, the slope.",
                    ("eq:delta-hidden",),
                ),
            ),
        ),
    ),
    hints=(
        r"From $\act{1}$ to $\pre{2}$ the Jacobian matrix is $\W{2}$; from $\pre{1}$ to $\act{1}$ it is "
        r"diagonal.",
        lambda t: rf"The slopes are {', '.join(tex(v) for v in slope(t.fwd.z[1][:, 0]))}.",
    ),
    solution=lambda t: (
        rf"$$\lambda_1 = \back{{2}}{{1}} = {tex(t.costate)}$$"
        "\n\n"
        rf"$$\err{{1}} = \lambda_1 \had "
        rf"\dactf{{1}}(\pre{{1}}) = {tex(t.costate)} \had {tex(slope(t.fwd.z[1]))} = {tex(t.delta1)}$$"
        f"{chr(10)}{chr(10)}Both run over the same chain of Jacobian matrices and differ only in where they "
        f"stop to take a name."
    ),
)


def mistaken(half):
    """How many asymmetric rows of six bits sum to 0 with weights w, −w mirrored."""
    w = np.array([*half, *(-n for n in reversed(half))])
    return sum(int(w @ x) == 0 and x != x[::-1] for x in product((0, 1), repeat=6))


def weights(half, because):
    shown = ", ".join(str(n).replace("-", "−") for n in (*half, *(-n for n in reversed(half))))
    return Option(shown, lambda t: mistaken(half), because, ("ex:mirror-weights",))


mirror = Exercise(
    name="mirror-weights",
    title="Weights that see symmetry",
    chapter=CHAPTER,
    trains=("ex:mirror-weights",),
    level=3,
    minutes=8,
    text=lambda t: (
        "Six inputs are 0 or 1. A unit should sum to 0 exactly on the rows that read the same from both ends."
    ),
    steps=(
        Choice(
            "weights",
            "Which weights do that?",
            lambda t: 0,
            (
                weights(
                    (1, 1, 2),
                    "The row 1, 0, 0, 0, 1, 0 sums to 0 and is not symmetric: two equal weights can cancel.",
                ),
                weights((1, 2, 3), "The sum of two weights is the third: 1, 1, 0, 1, 0, 0 sums to 0."),
                weights((3, 6, 12), "They are 3 times 1, 2, 4: no sum or difference of different ones is 0."),
                weights((2, 3, 5), "Opposite weights are not enough: 2 and 3 together cancel 5."),
            ),
        ),
        Order(
            "proof",
            r"With weights 1, 2, 4, −4, −2, −1 and the differences $d_1, d_2, d_3$ of mirrored inputs: "
            r"order the proof.",
            {
                "sum": "The sum is $d_1 + 2d_2 + 4d_3$, and each $d_i$ is −1, 0 or 1. Let it be 0.",
                "even": "$d_1$ is even, because the other two terms are.",
                "first": "So $d_1 = 0$.",
                "divide": "Divide the rest by 2: $d_2 + 2d_3 = 0$.",
                "rest": "By the same argument $d_2 = 0$, and then $d_3 = 0$.",
            },
            {"even": ("sum",), "first": ("even",), "divide": ("first",), "rest": ("divide",)},
            {
                "each": (
                    "Since the sum is 0, each of its terms is 0.",
                    "terms of different signs may cancel; that they cannot here is to be shown.",
                )
            },
            {("first", "divide"): "only without $d_1$ is the rest divisible by 2."},
        ),
    ),
    hints=(
        "Only the differences at mirrored places matter; each is −1, 0 or 1.",
        "Can a sum of some weights equal a sum of others?",
        "Is the first difference odd or even?",
    ),
    solution=lambda t: (
        "3, 6, 12: with 1, 1, 2 or 1, 2, 3 or 2, 3, 5 some weights add up to another. The proof for 1, 2, 4 "
        "works for every multiple: $d_1$ is even and so 0; what is left, divided by 2, is the same question "
        "with one difference less."
    ),
)

drag = Exercise(
    name="stage-derivatives",
    title="The derivatives of a stage",
    chapter=CHAPTER,
    trains=("eq:costate",),
    level=1,
    minutes=4,
    task=lambda rng: {"c": int(rng.integers(2, 9)), "n": int(rng.integers(2, 5))},
    text=lambda t: (
        rf"In a stage the speed becomes $f(v, u) = v + u^2 - \tfrac1{{{t.c}}} v^{t.n}$; the costate after "
        rf"it is $\lambda$ (type `k`), a number. "
        "Type formulas as `k*(1 - v/2)`."
    ),
    steps=(
        Formula(
            "before",
            r"The costate before the stage",
            lambda t: f"k*(1 - {t.n}*v^{t.n - 1}/{t.c})",
            {"k": (0.5, 2.0), "v": (0.5, 3.0)},
            (
                Slip(
                    "speed's own 1 forgotten",
                    lambda t: f"-k*{t.n}*v^{t.n - 1}/{t.c}",
                    "The speed itself is carried on: its derivative 1 is missing.",
                    ("eq:costate",),
                ),
                Slip(
                    "exponent forgotten",
                    lambda t: f"k*(1 - v^{t.n - 1}/{t.c})",
                    "The power's exponent comes down as a factor.",
                    ("eq:costate",),
                ),
                Slip(
                    "costate added",
                    lambda t: f"k + 1 - {t.n}*v^{t.n - 1}/{t.c}",
                    "The costate is *multiplied* by the derivative of the stage.",
                    ("eq:costate",),
                ),
            ),
        ),
        Formula(
            "control",
            r"The derivative of the cost by $u$",
            lambda t: "2*k*u",
            {"k": (0.5, 2.0), "u": (0.5, 3.0), "v": (0.5, 3.0)},
            (
                Slip(
                    "costate before",
                    lambda t: f"2*u*k*(1 - {t.n}*v^{t.n - 1}/{t.c})",
                    "The control acts on the state after the stage: take the costate there.",
                    ("eq:control-gradient",),
                ),
                Slip(
                    "inner derivative forgotten",
                    lambda t: "k",
                    r"The derivative of $u^2$ by $u$ is $2u$.",
                    ("eq:control-gradient",),
                ),
            ),
        ),
    ),
    hints=(
        "Multiply the costate after the stage by a derivative of the stage: once by $v$, once by $u$.",
        lambda t: rf"$\partial f/\partial v = 1 - \tfrac{{{t.n}}}{{{t.c}}} v^{{{t.n - 1}}}$.",
    ),
    solution=lambda t: (
        rf"Before the stage $\lambda \cdot \bigl(1 - \tfrac{{{t.n}}}{{{t.c}}} v^{{{t.n - 1}}}\bigr)$; by "
        rf"the control $\lambda \cdot 2u$."
    ),
)


def stages(rng):
    n = int(rng.integers(3, 6))
    return [rng.normal(size=(2, 2)) for _ in range(n)], rng.normal(size=2)


def swept(A, last):
    """All costates, by `control.backward` with stages that are linear."""
    n = len(A)
    found = control.backward(
        lambda s, u: (A[int(u[0])], np.zeros((2, 1))), [np.zeros(2)] * (n + 1), np.arange(n)[:, None], last
    )
    return found[0]


def by_hand(A, last, turned=True, back=True):
    found = [np.asarray(last)]
    for J in reversed(A) if back else A:
        found.insert(0, (J.T if turned else J) @ found[0])
    return found


program = Exercise(
    name="program-costates",
    title="Write the sweep of 1962",
    chapter=CHAPTER,
    trains=("eq:costate",),
    level=2,
    minutes=10,
    text=lambda t: (
        r"`A[t]` is the Jacobian matrix of stage $t$ by its state, for $t = 0, \dots, n-1$, and `last` is "
        r"$\lambda_n$. Return the list $\lambda_0, \dots, \lambda_n$."
    ),
    steps=(
        Program(
            "costates",
            "Write it with one matrix product a stage.",
            "def costates(A, last):\n    result = [last]\n    return result\n",
            "def costates(A, last):\n    result = [last]\n    for J in reversed(A):\n        "
            "result.insert(0, J.T @ result[0])\n    return result\n",
            tried(
                stages,
                swept,
                (
                    Slip(
                        "transpose forgotten",
                        lambda a: by_hand(*a, turned=False),
                        "Going back multiplies by the transpose.",
                        ("eq:costate",),
                    ),
                    Slip(
                        "forward",
                        lambda a: by_hand(*a, back=False),
                        "The first product is with the *last* stage.",
                        ("eq:costate",),
                    ),
                    Slip(
                        "not turned round",
                        lambda a: by_hand(*a)[::-1],
                        r"The numbers are right, and stand from $\lambda_n$ to $\lambda_0$.",
                    ),
                ),
            ),
            {
                "transpose forgotten": ("J.T", "J"),
                "forward": ("reversed(A)", "A"),
                "not turned round": ("return result", "return result[::-1]"),
            },
        ),
    ),
    hints=(
        "The costate before a stage is the transpose of its Jacobian matrix times the costate after it.",
        "Go through `reversed(A)`; each new costate stands before the others.",
    ),
    solution=lambda t: (
        f"```python\n{t.costates}```\n\nWith layers for stages this is the backward sweep of a network."
    ),
)

EXERCISES = (claim, costates, fuel, costate_delta, drag, mirror, program)
