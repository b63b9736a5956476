"""Exercises of chapter 4: the four equations."""

import numpy as np

from ..activations import sigmoid
from .draws import drawn, given, signed, slope, tex
from .exercise import Choice, Exercise, Formula, Number, Option, Order, Slip

CHAPTER = "04-four-equations"

# fmt: off
# A mistake is one entry: its name, what it computes, why it is wrong, where that is told.
E1_DOMAIN = {"u": (-3.0, 3.0), "y": (0.05, 0.95)}
P = "1/(1 + exp(-u))"

cross_entropy = Exercise(
    name="bp1-cross-entropy",
    title="First equation for cross-entropy with a sigmoid",
    chapter=CHAPTER,
    trains=("eq:delta-output", "eq:binary-cross-entropy", "eq:delta-cross-entropy"),
    level=2,
    minutes=15,
    task=lambda rng: {"weight": int(rng.integers(2, 10))},
    text=lambda t: (
        r"One sigmoid output, binary cross-entropy. Derive the first equation directly in terms of the "
        r"pre-activation $\prei{\nlayers}{1}$: "
        "write the loss as a function of it, simplified, and differentiate that. "
        rf"Then count the part of the label {t.weight} times, $\loss = -{t.weight}\,\labi{{1}} \ln "
        rf"\outi{{1}} - (1 - \labi{{1}}) \ln(1 - \outi{{1}})$. "
        r"Type `u` for $\prei{\nlayers}{1}$ and `y` for the label $\labi{1}$; `exp` and `ln` are known."
    ),
    steps=(
        Formula("loss", r"the loss, without $\out$ in it", lambda t: "ln(1 + exp(u)) - y*u", E1_DOMAIN, (
            Slip("sign", lambda t: "y*u - ln(1 + exp(u))", "The sign is the other one: a loss is the "
                "*negative* logarithm.", ("eq:binary-cross-entropy",)),
            Slip("one term", lambda t: "y*ln(1 + exp(-u))", r"This is $-\labi{1} \ln \outi{1}$ only. The "
                r"second term, for the share $1 - \labi{1}$, is missing.", ("eq:binary-cross-entropy",)),
            Slip("label exchanged", lambda t: "ln(1 + exp(u)) - (1 - y)*u",
                r"Label and $1 - \labi{1}$ are exchanged.", ("eq:binary-cross-entropy",)),
        )),
        Formula("error", r"its derivative, the error signal", lambda t: f"{P} - y", E1_DOMAIN, (
            Slip("slope left in", lambda t: f"({P} - y)*exp(-u)/(1 + exp(-u))^2", r"There is a slope too "
                r"many. The loss divides by $\outi{1}(1 - \outi{1})$, and that cancels the slope.",
                ("eq:delta-cross-entropy",)),
            Slip("label minus output", lambda t: f"y - {P}", "This is label minus output. Raising the "
                "pre-activation raises the output, so where the output is too large the sign is positive.",
                ("eq:delta-cross-entropy",)),
            Slip("by the output", lambda t: f"({P} - y)*(1 + exp(-u))^2/exp(-u)", "This is the derivative by "
                "the output. The first equation multiplies it by the slope.", ("eq:delta-output",)),
        )),
        Formula("weighted", "the error signal of the loss that counts the label several times",
            lambda t: f"(1 - y)*{P} - {t.weight}*y*(1 - {P})", E1_DOMAIN, (
            Slip("weight on both", lambda t: f"{t.weight}*({P} - y)", "You counted both parts several times; "
                "only that of the label is.", ("eq:binary-cross-entropy",)),
            Slip("weight on the label", lambda t: f"{P} - {t.weight}*y", r"The factor belongs to $\labi{1} "
                r"\ln \outi{1}$ as a whole, whose derivative is $\labi{1}(1 - \outi{1})$.",
                ("eq:binary-cross-entropy",)),
            Slip("not weighted", lambda t: f"{P} - y", "This is the error signal without the factor.",
                ("eq:binary-cross-entropy",)),
        )),
    ),
    hints=(
        r"With $u$ for the pre-activation, $\outi{1} = e^{u}/(1 + e^{u})$. What are $\ln \outi{1}$ and "
        r"$\ln(1 - \outi{1})$?",
        r"$\ln \outi{1} = u - \ln(1 + e^{u})$ and $\ln(1 - \outi{1}) = -\ln(1 + e^{u})$.",
        r"The derivative of $\ln(1 + e^{u})$ is $e^{u}/(1 + e^{u})$, the sigmoid again.",
    ),
    solution=lambda t: (
        r"Write $u$ for the pre-activation, so that $\outi{1} = 1/(1 + e^{-u}) = e^{u}/(1 + e^{u})$. Then "
        r"$\ln \outi{1} = u - \ln(1 + e^{u})$ and "
        r"$\ln(1 - \outi{1}) = -\ln(1 + e^{u})$. Put into {eq}`eq:binary-cross-entropy`:" "\n\n"
        r"$$\loss = -\labi{1}\, u + \labi{1} \ln(1 + e^{u}) + (1 - \labi{1}) \ln(1 + e^{u}) = \ln(1 + e^{u}) "
        r"- \labi{1}\, u$$" "\n\n"
        r"Its derivative is $e^{u}/(1 + e^{u}) - \labi{1} = \outi{1} - \labi{1}$. No division by a "
        r"probability and no logarithm of a rounded one "
        r"occurs, which is why programs start from this form. (They write $\ln(1 + e^{u})$ as $\max(u, 0) + "
        r"\ln(1 + e^{-\lvert u \rvert})$, so that a "
        "large $u$ does not overflow.)\n\n"
        rf"With the part of the label counted {t.weight} times, $\loss = -{t.weight}\,\labi{{1}} \ln "
        rf"\outi{{1}} - (1 - \labi{{1}}) \ln(1 - \outi{{1}})$, and the derivative is "
        rf"$(1 - \labi{{1}})\,\outi{{1}} - {t.weight}\,\labi{{1}}\,(1 - \outi{{1}})$."
    ),
)


def logits(rng):
    """Three pre-activations of a softmax, the unit of the label, and a gradient by the output."""
    return {"z": rng.permutation(np.arange(-20, 21))[:3, None] / 10, "unit": int(rng.integers(3)),
        "gradient": signed(rng, (3, 1), 9) / 10}


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


def exponentials(t):
    return ", ".join(tex(e) for e in np.exp(t.z))


softmax_slips = (
    Slip("not divided", lambda t: np.exp(t.z), "These are the exponentials. Divide each by their sum, so "
        "that the outputs add up to 1.", ("eq:softmax-cross-entropy",)),
    Slip("sigmoid of each", lambda t: sigmoid(t.z), "You took the sigmoid of each entry. Softmax divides "
        "each exponential by the sum of all.", ("eq:softmax-cross-entropy",)),
)

from_logits = Exercise(
    name="softmax-from-logits",
    title="Softmax with cross-entropy, from the logits",
    chapter=CHAPTER,
    trains=("eq:softmax-cross-entropy", "eq:delta-cross-entropy"),
    level=1,
    minutes=7,
    task=logits,
    text=lambda t: (
        rf"The pre-activations of a softmax output (the *logits*) are $\pre{{\nlayers}} = {tex(t.z, 1)}$; "
        rf"the label is 1 at unit {t.unit + 1} and 0 else. "
        "All answers to four decimals."
    ),
    steps=(
        Number("out", r"$\out$, the output", lambda t: softmax(t.z), softmax_slips),
        Number("loss", r"$\loss$, the cross-entropy", lambda t: float(-np.log(t.out[t.unit, 0]))
            if t.out[t.unit, 0] > 0 else np.inf, (
            Slip("common logarithm", lambda t: float(-np.log10(softmax(t.z)[t.unit, 0])),
                "You took the logarithm to base 10. Cross-entropy takes the natural one, ln.",
                ("eq:softmax-cross-entropy",)),
            Slip("all outputs", lambda t: float(-np.log(softmax(t.z)).sum()), "You added over all outputs. "
                "The label is 1 at one of them only.", ("eq:softmax-cross-entropy",)),
            Slip("missing probability", lambda t: float(1 - softmax(t.z)[t.unit, 0]), "This is how much of "
                "the probability is missing. Cross-entropy is minus its logarithm.",
                ("eq:softmax-cross-entropy",)),
        )),
        Number("delta", r"$\err{\nlayers}$, the output error", lambda t: t.out - np.eye(3)[:, [t.unit]], (
            Slip("label minus output", lambda t: np.eye(3)[:, [t.unit]] - t.out,
                "The signs are exchanged: it is output minus label.", ("eq:delta-cross-entropy",)),
            Slip("slope too many", lambda t: (t.out - np.eye(3)[:, [t.unit]]) * t.out * (1 - t.out),
                "There is a slope too many: softmax and cross-entropy together leave the difference.",
                ("eq:delta-cross-entropy",)),
            Slip("one unit only", lambda t: (t.out - 1) * np.eye(3)[:, [t.unit]], "The other units have "
                "errors too: their outputs should be 0, and are not.", ("eq:delta-cross-entropy",)),
        )),
    ),
    hints=(
        "Exponentials first, then their sum, then three divisions.",
        lambda t: rf"The exponentials are {exponentials(t)}; their sum is {tex(np.exp(t.z).sum())}.",
        r"The loss is $-\ln$ of one output. The error needs no derivative any more: output minus label.",
    ),
    solution=lambda t: (
        rf"The exponentials {exponentials(t)} add up to {tex(np.exp(t.z).sum())}." "\n\n"
        rf"$$\out = {tex(t.out)}, \qquad \loss = -\ln {tex(t.out[t.unit, 0])} = {tex(t.loss)}, \qquad "
        rf"\err{{\nlayers}} = \out - \lab = {tex(t.delta)}$$" "\n\n"
        "The error signals add up to 0: what one unit is to gain, the others are to lose."
    ),
)

softmax_jacobian = Exercise(
    name="softmax-jacobian",
    title="The Jacobian of a softmax, and any loss behind it",
    chapter=CHAPTER,
    trains=("eq:delta-output-general", "eq:softmax-jacobian"),
    level=2,
    minutes=15,
    task=logits,
    text=lambda t: (
        rf"The pre-activations of a softmax output are $\pre{{\nlayers}} = {tex(t.z, 1)}$. The loss is not "
        rf"cross-entropy but another one, with "
        rf"$\outgrad = {tex(t.gradient, 1)}$ at this output. All answers to four decimals."
    ),
    steps=(
        Number("out", r"$\out$, the output", lambda t: softmax(t.z), softmax_slips),
        Number("jacobian", r"$\jac{\actf{\nlayers}}$, rows outputs, columns pre-activations",
            lambda t: np.diag(t.out[:, 0]) - t.out @ t.out.T, (
            Slip("diagonal only", lambda t: np.diag((t.out * (1 - t.out))[:, 0]), "Only the diagonal is "
                "there. A softmax couples its units: each pre-activation moves every output.",
                ("eq:softmax-jacobian",)),
            Slip("sign", lambda t: 2 * np.diag((t.out * (1 - t.out))[:, 0]) - np.diag(t.out[:, 0])
                + t.out @ t.out.T, "Off the diagonal the sign is minus: where one output gains, the others "
                    "lose.", ("eq:softmax-jacobian",)),
            Slip("without the diagonal", lambda t: -t.out @ t.out.T, "On the diagonal the output itself has "
                "to be added.", ("eq:softmax-jacobian",)),
        )),
        Number("delta", r"$\err{\nlayers}$", lambda t: t.jacobian.T @ t.gradient, (
            Slip("entry by entry", lambda t: t.gradient * t.out * (1 - t.out), "You multiplied by the slopes "
                "on the diagonal. This activation does not work entry by entry: take the whole Jacobian.",
                ("eq:delta-output-general",)),
            Slip("short form", lambda t: t.out - np.eye(3)[:, [t.unit]], "This is the short form for "
                "cross-entropy with a label. Here the loss is another one.", ("eq:delta-output-general",)),
            Slip("gradient passed on", lambda t: t.gradient * t.out, "You multiplied entry by entry with the "
                "output. The second part, output times the weighted sum, is missing.",
                ("eq:delta-output-general",)),
        )),
        Choice("total", r"What do the entries of $\err{\nlayers}$ add up to, whatever the loss?",
            lambda t: float(((np.diag(softmax(t.z)[:, 0]) - softmax(t.z) @ softmax(
                t.z).T).T @ t.gradient).sum().round(12)), (
            Option("0", lambda t: 0.0, "The same number added to all pre-activations changes no output, so "
                "the rows of the Jacobian add up to 0, and its columns too.", ("eq:delta-output-general",)),
            Option("1, as the outputs do", lambda t: float(t.out.sum().round(12)),
                "The outputs add up to 1, their changes do not: they add up to 0.", ("eq:softmax-jacobian",)),
            Option(r"the sum of the entries of $\outgrad$", lambda t: float(t.gradient.sum().round(12)),
                "That would be so if the Jacobian passed on all it gets. Its columns add up to 0.",
                ("eq:delta-output-general",)),
            Option("it depends on the loss", lambda t: float((t.gradient * t.out).sum().round(12)),
                "Each entry does, their sum does not.", ("eq:delta-output-general",)),
        )),
    ),
    hints=(
        r"Differentiate a quotient: the derivative of output $j$ by its own pre-activation is $\outi{j}(1 - "
        r"\outi{j})$, by that of unit $k$ it is $-\outi{j}\outi{k}$.",
        lambda t: rf"$\out = {tex(t.out)}$, and the entry in row 1, column 2 is ${tex(t.jacobian[0, 1])}$.",
        r"Check: each row of the Jacobian adds up to 0. Then multiply its transpose, which is itself, by "
        r"$\outgrad$.",
    ),
    solution=lambda t: (
        rf"$$\out = {tex(t.out)}, \qquad \jac{{\actf{{\nlayers}}}} = \diag \out - \out\,\out^{{\T}} = "
        rf"{tex(t.jacobian)}$$" "\n\n"
        rf"$$\err{{\nlayers}} = \jac{{\actf{{\nlayers}}}}^{{\T}}\, \outgrad = {tex(t.delta)}$$" "\n\n"
        "The entries add up to 0, up to rounding: each row of the Jacobian does, and it is symmetric."
    ),
)


def outputs(rng):
    return {"u": float(signed(rng, (), 10) / 10 + rng.choice([-1, 1])), "y": int(rng.integers(1, 10)) / 10}


usual_outputs = Exercise(
    name="usual-outputs",
    title="One output, four losses",
    chapter=CHAPTER,
    trains=("eq:delta-output", "eq:delta-cross-entropy"),
    level=1,
    minutes=8,
    task=outputs,
    text=lambda t: (
        rf"The one output unit has the pre-activation ${t.u:.1f}$, the label is ${t.y:.1f}$. Find the error "
        rf"signal $\err{{\nlayers}}$, to four decimals, if the output is"
    ),
    steps=(
        Number("linear", r"linear, with the squared error $(\out - \lab)^2$ (no ½)", lambda t: 2 * (
            t.u - t.y), (
            Slip("factor 2", lambda t: t.u - t.y, "Without the ½ the derivative of the square keeps its "
                "factor 2.", ("eq:delta-output",)),
            Slip("label minus output", lambda t: 2 * (t.y - t.u), "It is output minus label.",
                ("eq:delta-output",)),
        )),
        Number("squared", "sigmoid, with half the squared error", lambda t: float((sigmoid(
            t.u) - t.y) * slope(t.u)), (
            Slip("slope forgotten", lambda t: float(sigmoid(t.u) - t.y),
                "The slope of the sigmoid is missing: only cross-entropy cancels it.", ("eq:delta-output",)),
            Slip("slope at a", lambda t: float((sigmoid(t.u) - t.y) * slope(sigmoid(t.u))),
                r"You took the slope at the output. It belongs to the pre-activation: $a(1 - a)$ with $a$ "
                r"the output.", ("eq:delta-output",)),
            Slip("not activated", lambda t: float((t.u - t.y) * slope(t.u)), "The difference is that of "
                "*output* and label; you took the pre-activation.", ("eq:delta-output",)),
        ), 5),
        Number("tanh", "tanh, with half the squared error", lambda t: float((np.tanh(t.u) - t.y) * (
            1 - np.tanh(t.u) ** 2)), (
            Slip("slope forgotten", lambda t: float(np.tanh(t.u) - t.y), "The slope of tanh is missing.",
                ("eq:delta-output",)),
            Slip("slope of the sigmoid", lambda t: float((np.tanh(t.u) - t.y) * np.tanh(t.u) * (1 - np.tanh(
                t.u))), "$a(1 - a)$ is the slope of the sigmoid. That of tanh is $1 - a^2$.",
                    ("eq:delta-output",)),
        ), 5),
        Number("entropy", "sigmoid, with binary cross-entropy", lambda t: float(sigmoid(t.u) - t.y), (
            Slip("slope too many", lambda t: float((sigmoid(t.u) - t.y) * slope(t.u)),
                "The slope cancels here: output minus label is left.", ("eq:delta-cross-entropy",)),
            Slip("by the output", lambda t: float((sigmoid(t.u) - t.y) / slope(t.u)),
                "This is the derivative by the output. Times the slope it becomes the error signal.",
                ("eq:delta-cross-entropy",)),
        )),
    ),
    hints=(
        "Derivative of the loss by the output, times the slope of the output at its pre-activation.",
        lambda t: rf"The sigmoid of ${t.u:.1f}$ is {tex(sigmoid(t.u))}, its tanh is ${tex(np.tanh(t.u))}$.",
        lambda t: rf"The slopes are 1, {tex(slope(t.u), 5)}, {tex(1 - np.tanh(t.u) ** 2, 5)}; with "
            rf"cross-entropy no slope is left.",
    ),
    solution=lambda t: (
        rf"$$\begin{{aligned}} &\text{{linear: }} 2 \cdot ({t.u:.1f} - {t.y:.1f}) = {tex(t.linear)} \\ "
        rf"&\text{{sigmoid, squared: }} ({tex(sigmoid(t.u))} - {t.y:.1f}) \cdot {tex(slope(t.u), 5)} = "
        rf"{tex(t.squared, 5)} \\ "
        rf"&\text{{tanh, squared: }} ({tex(np.tanh(t.u))} - {t.y:.1f}) \cdot {tex(1 - np.tanh(t.u) ** 2, 5)} "
        rf"= {tex(t.tanh, 5)} \\ "
        rf"&\text{{sigmoid, cross-entropy: }} {tex(sigmoid(t.u))} - {t.y:.1f} = {tex(t.entropy)} "
        rf"\end{{aligned}}$$"
    ),
)


def outer(rng):
    return {"delta": signed(rng, (2, 1), 9) / 10, "act": signed(rng, (2, 1), 9) / 10, "pre": signed(rng, (2,
        1), 30) / 10, "b": signed(rng, (2, 1), 9) / 10}


outer_product = Exercise(
    name="outer-product",
    title="From error signals to gradients",
    chapter=CHAPTER,
    trains=("eq:gradient-weights", "eq:gradient-bias"),
    level=1,
    minutes=5,
    task=outer,
    text=lambda t: (
        rf"Layer $l$ has two units and reads from two units. One backward pass gave $\err{{l}} = "
        rf"{tex(t.delta, 1)}$. Before that, one forward pass gave "
        rf"$\actunits{{l-1}} = {tex(t.act, 1)}$ and $\pre{{l-1}} = {tex(t.pre, 1)}$; the biases are "
        rf"$\bias{{l}} = {tex(t.b, 1)}$. Not all of it is needed."
    ),
    steps=(
        Number("dW", r"$\partial\loss/\partial\Wunits{l}$", lambda t: t.delta @ t.act.T, (
            Slip("transposed", lambda t: t.act @ t.delta.T, "You have the transpose. The error signal is the "
                "column, the activation the row.", ("eq:gradient-weights",)),
            Slip("pre-activations", lambda t: t.delta @ t.pre.T, "You multiplied by pre-activations. What a "
                "weight multiplies is an activation.", ("eq:gradient-weights",)),
            Slip("entry by entry", lambda t: np.diag((t.delta * t.act)[:, 0]), "You multiplied entry by "
                "entry. Each error meets each activation: an outer product.", ("eq:gradient-weights",)),
        ), 3),
        Number("w21", r"$\partial\loss/\partial\Wi{l}{2}{1}$", lambda t: float(t.delta[1, 0] * t.act[0, 0]), (
            Slip("head and tail exchanged", lambda t: float(t.delta[0, 0] * t.act[1, 0]), "This belongs to "
                "the weight to unit 1 from unit 2. The first index is the head.", ("eq:gradient-weights",)),
        ), 3),
        Number("db", r"$\partial\loss/\partial\bias{l}$", lambda t: t.delta, (
            Slip("times the bias", lambda t: t.delta * t.b, "You multiplied by the bias. It has the factor 1 "
                "in its pre-activation.", ("eq:gradient-bias",)),
            Slip("times the activation", lambda t: t.delta * t.act, "You multiplied by activations. A bias "
                "has the factor 1.", ("eq:gradient-bias",)),
        ), 3),
    ),
    hints=(
        "A weight gets the error at its head times the activation at its tail.",
        r"Entry $(j, k)$ of the matrix is $\erri{l}{j}\,\acti{l-1}{k}$: rows belong to error signals.",
        lambda t: rf"Its first row is {tex(t.delta[0, 0], 1)} times the activations: "
            rf"{tex(t.delta[0, 0] * t.act[0, 0], 3)} and {tex(t.delta[0, 0] * t.act[1, 0], 3)}.",
    ),
    solution=lambda t: (
        rf"$$\frac{{\partial\loss}}{{\partial\Wunits{{l}}}} = \err{{l}} \bigl(\actunits{{l-1}}\bigr)^{{\T}} "
        rf"= {tex(t.delta, 1)} {tex(t.act.T, 1)} = {tex(t.dW, 2)}$$" "\n\n"
        rf"Its entry in row 2, column 1 is ${tex(t.delta[1, 0], 1)} \cdot ({tex(t.act[0, 0], 1)}) = "
        rf"{tex(t.w21, 2)}$. The gradient of the biases is $\err{{l}}$ itself: the pre-activations and the "
        rf"biases are not needed."
    ),
)


def early(t, eta):
    """The hidden error of a program that has updated the weights above already."""
    return ((t.W - eta * t.delta2 @ t.act.T).T @ t.delta2) * t.slopes


too_early = Exercise(
    name="update-too-early",
    title="Updated too early",
    chapter=CHAPTER,
    trains=("eq:delta-hidden", "alg:backpropagation"),
    level=3,
    minutes=12,
    task=lambda rng: {"W": signed(rng, (2, 2), 9) / 10, "delta2": signed(rng, (2, 1), 9) / 10, "act": signed(
        rng, (2, 1), 9) / 10,
                      "slopes": rng.integers(3, 10, (2, 1)) / 10, "eta": 0.5},
    text=lambda t: (
        r"A program updates $\Wunits{l+1}$ right after computing its gradient, and then computes $\err{l}$. "
        r"By how much is $\err{l}$ wrong? In numbers: "
        rf"$\Wunits{{l+1}} = {tex(t.W, 1)}$, $\err{{l+1}} = {tex(t.delta2, 1)}$, $\actunits{{l}} = "
        rf"{tex(t.act, 1)}$, the slopes of layer $l$ are ${tex(t.slopes, 1)}$, and $\step = {t.eta}$."
    ),
    steps=(
        Number("delta1", r"$\err{l}$ as it should be", lambda t: (t.W.T @ t.delta2) * t.slopes, (
            Slip("transpose forgotten", lambda t: (t.W @ t.delta2) * t.slopes,
                "You used the rows of the weights; backward it is the columns.", ("eq:delta-hidden",)),
            Slip("slopes forgotten", lambda t: t.W.T @ t.delta2, "The slopes are missing.",
                ("eq:delta-hidden",)),
            Slip("updated already", lambda t: early(t, t.eta), "This is what the program computes, with the "
                "new weights.", ("alg:backpropagation",)),
        )),
        Number("wrong", r"what the program computes for it", lambda t: early(t, t.eta), (
            Slip("uphill", lambda t: early(t, -t.eta), "Its update went uphill: it is the old weights "
                "*minus* step size times gradient.", ("eq:gradient-descent",)),
            Slip("gradient transposed", lambda t: ((
                t.W - t.eta * t.act @ t.delta2.T).T @ t.delta2) * t.slopes, "The gradient is transposed: "
                    "error signal as the column, activation as the row.", ("eq:gradient-weights",)),
            Slip("step size forgotten", lambda t: early(t, 1), r"The step size $\step$ is missing.",
                ("eq:gradient-descent",)),
        )),
        Choice("small", "With a step size ten times smaller, how large is the error of the program?",
            lambda t: round(float(np.linalg.norm(early(t, t.eta / 10) - (
                t.W.T @ t.delta2) * t.slopes) / np.linalg.norm(early(t, t.eta) - (
                    t.W.T @ t.delta2) * t.slopes)), 9), (
            Option("a tenth", lambda t: 0.1, "It is proportional to the step size, so a check with a small "
                "step may overlook it.", ("alg:backpropagation",)),
            Option("a hundredth", lambda t: 0.1**2, "That would be a term with the square of the step size. "
                "The weights are changed by one factor of it.", ("eq:gradient-descent",)),
            Option("as large: the order is wrong or it is not", lambda t: 1.0, "The order is wrong, but what "
                "is wrong about the weights is only one step of them.", ("eq:gradient-descent",)),
        )),
    ),
    hints=(
        "Write down both hidden errors. They differ in the weights only.",
        r"The program uses $\Wunits{l+1} - \step\, \err{l+1} (\actunits{l})^{\T}$ in place of "
        r"$\Wunits{l+1}$.",
        lambda t: rf"$\lVert \err{{l+1}} \rVert^2 = {tex((t.delta2**2).sum(), 2)}$. It comes in because the "
            rf"update holds $\err{{l+1}}$ once, and the hidden error once more.",
    ),
    solution=lambda t: (
        r"It uses $\Wunits{l+1} - \step\, \err{l+1} (\actunits{l})^{\T}$ in place of $\Wunits{l+1}$. The "
        r"difference of the two hidden errors is" "\n\n"
        r"$$-\step\, \Bigl(\actunits{l} \bigl(\err{l+1}\bigr)^{\T} \err{l+1}\Bigr) \had \dactf{l}(\pre{l}) = "
        r"-\step\, \norm{\err{l+1}}^2 \; \actunits{l} \had \dactf{l}(\pre{l})$$" "\n\n"
        rf"In numbers $\err{{l}} = {tex(t.delta1)}$, the program has ${tex(t.wrong)}$, and the difference is "
        rf"$-{t.eta} \cdot {tex((t.delta2**2).sum(), 2)} \cdot {tex(t.act * t.slopes, 2)} = "
        rf"{tex(t.wrong - t.delta1)}$." "\n\n"
        "It is proportional to the step size, so a check with a small step may overlook it."
    ),
)

linear_network = Exercise(
    name="linear-network",
    title="A network of linear units",
    chapter=CHAPTER,
    trains=("eq:product-delta", "eq:product-activations"),
    level=2,
    minutes=10,
    task=lambda rng: {"W": [None, *(signed(rng, (2, 2), 3) for _ in range(3))], "delta": signed(rng, (2, 1),
        3)},
    text=lambda t: (
        r"In a network with identity activations throughout, what is the product form? Conclude the gradient "
        r"of the loss by the input. In numbers, with $\nlayers = 3$:"
        + "\n\n" + rf"$$\Wunits{{1}} = {tex(t.W[1], 0)}, \quad \Wunits{{2}} = {tex(t.W[2], 0)}, \quad "
            rf"\Wunits{{3}} = {tex(t.W[3], 0)}, \quad \err{{3}} = {tex(t.delta, 0)}$$"
    ),
    steps=(
        Number("delta1", r"$\err{1}$", lambda t: t.W[2].T @ t.W[3].T @ t.delta, (
            Slip("order reversed", lambda t: t.W[3].T @ t.W[2].T @ t.delta, "The order is reversed. The "
                "error meets the last layer first, so that factor stands next to it, on the right.",
                ("eq:product-delta",)),
            Slip("not transposed", lambda t: t.W[2] @ t.W[3] @ t.delta,
                "The transposes are missing: backward, sum along columns.", ("eq:product-delta",)),
            Slip("one layer too far", lambda t: t.W[1].T @ t.W[2].T @ t.W[3].T @ t.delta,
                r"You went one layer too far. $\err{1}$ is the derivative by the pre-activations of layer 1: "
                r"its own weights are not in it.", ("eq:product-delta",)),
        ), 2),
        Number("dx", r"$\partial \loss/\partial \inp$", lambda t: t.W[1].T @ t.delta1, (
            Slip("not transposed", lambda t: t.W[1] @ t.delta1, r"$\Wunits{1}$ has to be transposed too.",
                ("eq:product-activations",)),
            Slip("one layer short", lambda t: t.delta1, r"This is $\err{1}$ again. The input lies one weight "
                r"matrix before it.", ("eq:product-activations",)),
            Slip("product not transposed", lambda t: t.W[3] @ t.W[2] @ t.W[1] @ t.delta,
                "This is the product of all three, as forward. Backward it is its transpose.",
                ("eq:product-activations",)),
        ), 2),
    ),
    hints=(
        "All slopes are 1, so every diagonal matrix is the identity.",
        r"$\err{2} = \bigl(\back{3}{2}\bigr) \had 1$, and the same once more.",
        lambda t: rf"$\err{{2}} = {tex(t.W[3].T @ t.delta, 0)}$.",
    ),
    solution=lambda t: (
        r"All diagonal matrices are the identity: $\err{l} = \bigl(\Wunits{l+1}\bigr)^{\T} \cdots "
        r"\bigl(\Wunits{\nlayers}\bigr)^{\T} \err{\nlayers}$, the transpose of the product of all weight "
        r"matrices above layer $l$. In numbers:" "\n\n"
        rf"$$\err{{2}} = \back{{3}}{{2}} = {tex(t.W[3].T @ t.delta, 0)}, \qquad \err{{1}} = \back{{2}}{{1}} "
        rf"= {tex(t.delta1, 0)}, \qquad \frac{{\partial \loss}}{{\partial \inp}} = \back{{1}}{{0}} = "
        rf"{tex(t.dx, 0)}$$" "\n\n"
        r"With one more factor, $\partial \loss / \partial \inp = \bigl(\Wunits{\nlayers} \cdots "
        r"\Wunits{1}\bigr)^{\T} \err{\nlayers}$: what goes back through a composition of linear maps is the "
        r"transpose of their product."
    ),
)


def transposes(rng):
    """A 3-2-2 network, so that the hidden error fits with and without the transpose."""
    return drawn(rng, [3, 2, 2])


def errors(t):
    return t.grads.delta[2]


which_transpose = Exercise(
    name="which-transpose",
    title="Which product is it?",
    chapter=CHAPTER,
    trains=("eq:delta-hidden", "eq:gradient-weights", "why-the-transpose"),
    level=1,
    minutes=4,
    task=transposes,
    text=lambda t: given(t) + "\n\n" + r"$\Wunits{2}$ is square, so shapes do not help. Which product is "
        r"right for this network? (The formulas decide; numbers may help.)",
    steps=(
        Choice("hidden", r"$\err{1}$ is", lambda t: t.grads.delta[1], (
            Option(r"$\bigl(\Wunits{2}\,\err{2}\bigr) \had \dactf{1}(\pre{1})$", lambda t: (
                t.net.W[2] @ errors(t)) * slope(t.fwd.z[1]), "Rows are summed here. A hidden unit sends "
                    "along a column, so it gets back along a column: the transpose.", ("why-the-transpose",)),
            Option(r"$\bigl(\back{2}{1}\bigr) \had \dactf{1}(\pre{1})$", lambda t: (t.net.W[2].T @ errors(
                t)) * slope(t.fwd.z[1]), "Columns of the weights, then the slopes of the hidden layer "
                    "itself.", ("eq:delta-hidden",)),
            Option(r"$\bigl(\Wunits{2}\bigr)^{\T} \bigl(\err{2} \had \dactf{2}(\pre{2})\bigr)$",
                lambda t: t.net.W[2].T @ (errors(t) * slope(t.fwd.z[2])), r"$\err{2}$ has the slope of layer "
                    r"2 in it already; the slope of layer 1 is missing.", ("eq:delta-hidden",)),
            Option(r"$\bigl(\back{2}{1}\bigr) \had \dactf{1}(\actunits{1})$", lambda t: (
                t.net.W[2].T @ errors(t)) * slope(t.fwd.a[1]), r"The slope is taken at the pre-activation "
                    r"$\pre{1}$.", ("eq:delta-hidden",)),
        )),
        Choice("weights", r"$\partial\loss/\partial\Wunits{2}$ is", lambda t: t.grads.W[2], (
            Option(r"$\actunits{1} \bigl(\err{2}\bigr)^{\T}$", lambda t: t.fwd.a[1] @ errors(t).T,
                "This is the transpose, as programs with examples in rows have it. Here row $j$ belongs to "
                "unit $j$ of layer 2.", ("eq:gradient-weights",)),
            Option(r"$\err{2} \bigl(\pre{1}\bigr)^{\T}$", lambda t: errors(t) @ t.fwd.z[1].T,
                "A weight multiplies the activation, not the pre-activation.", ("eq:gradient-weights",)),
            Option(r"$\err{2} \bigl(\actunits{2}\bigr)^{\T}$", lambda t: errors(t) @ t.fwd.a[2].T,
                "A weight of layer 2 reads from layer 1.", ("eq:gradient-weights",)),
            Option(r"$\err{2} \bigl(\actunits{1}\bigr)^{\T}$", lambda t: errors(t) @ t.fwd.a[1].T,
                "The error at the head as a column, the activation at the tail as a row.",
                ("eq:gradient-weights",)),
        )),
    ),
    hints=(
        r"Write one entry out: through which units does hidden unit 1 reach the loss?",
        r"$\erri{1}{1} = \bigl(\Wi{2}{1}{1}\,\erri{2}{1} + \Wi{2}{2}{1}\,\erri{2}{2}\bigr)$ times its slope: "
        r"column 1.",
    ),
    solution=lambda t: (
        r"Hidden unit $k$ sends to all units $j$ of layer 2, with the weights $\Wi{2}{j}{k}$ of column $k$. "
        r"So it collects $\sum_j \Wi{2}{j}{k}\,\erri{2}{j}$, times its own slope:" "\n\n"
        rf"$$\err{{1}} = \bigl(\back{{2}}{{1}}\bigr) \had \dactf{{1}}(\pre{{1}}) = {tex(t.grads.delta[1])}$$"
        "\n\n"
        r"The weight $\Wi{2}{j}{k}$ multiplies $\acti{1}{k}$ in the pre-activation of unit $j$:" "\n\n"
        rf"$$\frac{{\partial\loss}}{{\partial\Wunits{{2}}}} = \err{{2}} \bigl(\actunits{{1}}\bigr)^{{\T}} = "
        rf"{tex(t.grads.W[2])}$$"
    ),
)


def batch(rng):
    return {"Delta": signed(rng, (3, 2), 9).astype(float), "A": rng.integers(1, 10, (2, 2)).astype(float)}


two_examples = Exercise(
    name="batch-gradients",
    title="The gradients of a batch of two",
    chapter=CHAPTER,
    trains=("eq:batch",),
    level=1,
    minutes=7,
    task=batch,
    text=lambda t: (
        rf"Layer $l$ has three units and reads from two. For two examples, one a column, $\Err{{l}} = "
        rf"{tex(t.Delta, 0)}$ (not divided) and $\Actunits{{l-1}} = {tex(t.A, 0)}$. "
        r"The cost is the mean of the two losses."
    ),
    steps=(
        Number("dW", r"$\partial\cost/\partial\Wunits{l}$", lambda t: t.Delta @ t.A.T / 2, (
            Slip("sum", lambda t: t.Delta @ t.A.T, r"You added over the examples. The cost is a mean: divide "
                r"by $\nexamples = 2$.", ("eq:batch",)),
            Slip("averaged twice", lambda t: t.Delta @ t.A.T / 4, r"You divided by $\nexamples$ twice. The "
                r"error signals are not divided, the gradients are, once.", ("eq:batch",)),
            Slip("divided by the units", lambda t: t.Delta @ t.A.T / 3, r"You divided by the number of "
                r"units. The mean is over the examples, $\nexamples = 2$.", ("eq:batch",)),
            Slip("divided by all entries", lambda t: t.Delta @ t.A.T / 6, r"You divided by the number of all "
                r"entries of $\Err{l}$. The mean is over the examples only.", ("eq:batch",)),
            Slip("examples not paired", lambda t: t.Delta @ t.A / 2, r"You multiplied by $\Actunits{l-1}$ "
                r"itself. With its transpose, error and activation of the *same* example meet.", ("eq:batch",
                )),
            Slip("first example", lambda t: t.Delta[:, :1] @ t.A[:, :1].T,
                "This is the gradient of the first example. The mean of both is asked for.", ("eq:batch",)),
        ), 3),
        Number("db", r"$\partial\cost/\partial\bias{l}$", lambda t: t.Delta.mean(axis=1, keepdims=True), (
            Slip("sum", lambda t: t.Delta.sum(axis=1, keepdims=True), "You added over the examples. The cost "
                "is a mean.", ("eq:batch",)),
            Slip("divided by the units", lambda t: t.Delta.sum(axis=1, keepdims=True) / 3,
                "You divided by the number of units. The mean is over the examples.", ("eq:batch",)),
            Slip("first example", lambda t: t.Delta[:, :1], "This is the first example only.", ("eq:batch",)),
        ), 3),
    ),
    hints=(
        "Each example has an outer product of its own: its column of error signals times its column of "
        "activations as a row.",
        "The gradient of the cost is the mean of the two. One product of matrices adds them up.",
        lambda t: rf"The two outer products are {tex(t.Delta[:, :1] @ t.A[:, :1].T, 0).join('$$')} and "
            rf"{tex(t.Delta[:, 1:] @ t.A[:, 1:].T, 0).join('$$')}.",
    ),
    solution=lambda t: (
        rf"$$\frac{{\partial\cost}}{{\partial\Wunits{{l}}}} = \tfrac12 \Err{{l}} "
        rf"\bigl(\Actunits{{l-1}}\bigr)^{{\T}} = \tfrac12 \left({tex(t.Delta[:, :1] @ t.A[:, :1].T, 0)} + "
        rf"{tex(t.Delta[:, 1:] @ t.A[:, 1:].T, 0)}\right) = {tex(t.dW, 1)}$$" "\n\n"
        rf"$$\frac{{\partial\cost}}{{\partial\bias{{l}}}} = \tfrac12 \Err{{l}} \ones = {tex(t.db, 1)}$$"
    ),
)


def rows(rng):
    """Two examples as rows of a 2-3-2 network: outputs, labels, weights (in, out), hidden ReLUs."""
    return {"out": signed(rng, (2, 2), 5), "labels": signed(rng, (2, 2), 5), "W": signed(rng, (3, 2), 3),
        "A": rng.integers(0, 4, (2, 3)).astype(float)}


row_layout = Exercise(
    name="examples-as-rows",
    title="The same equations, examples as rows",
    chapter=CHAPTER,
    trains=("eq:backward-rows", "eq:batch"),
    level=2,
    minutes=10,
    task=rows,
    text=lambda t: (
        "A program holds examples as rows and weights in the shape (in, out). Its network is 2-3-2 with ReLU "
        "hidden units, linear outputs and half the squared error; the cost is the mean over the two "
        "examples. "
        rf"It has the outputs ${tex(t.out, 0)}$, the labels ${tex(t.labels, 0)}$, the hidden activations "
        rf"${tex(t.A, 0)}$ and the weights of layer 2 ${tex(t.W, 0)}$; where a hidden activation is 0 the "
        rf"unit is inactive. "
        "All answers in the program's layout."
    ),
    steps=(
        Number("D2", "the output errors, one example a row", lambda t: (t.out - t.labels).astype(float), (
            Slip("label minus output", lambda t: t.labels - t.out, "It is output minus label.",
                ("eq:backward-rows",)),
            Slip("divided", lambda t: (t.out - t.labels) / 2, "You divided by the number of examples here. "
                "In this book the gradients are divided, not the error signals.", ("eq:backward-rows",)),
        ), 2),
        Number("D1", "the hidden errors, one example a row", lambda t: (t.D2 @ t.W.T) * (t.A > 0), (
            Slip("inactive units", lambda t: t.D2 @ t.W.T, "The slopes are missing: an inactive unit gets no "
                "error.", ("eq:backward-rows",)),
            Slip("times the activations", lambda t: (t.D2 @ t.W.T) * t.A, "You multiplied by the "
                "activations. It is the slope of a ReLU, 1 where it is active.", ("eq:backward-rows",)),
        ), 2),
        Number("dW", "the gradient of the weights of layer 2, in their shape (in, out)",
            lambda t: t.A.T @ t.D2 / 2, (
            Slip("sum", lambda t: t.A.T @ t.D2, "You added over the examples. The cost is a mean.",
                ("eq:backward-rows",)),
            Slip("divided by all entries", lambda t: t.A.T @ t.D2 / 4, "You divided by the number of "
                "entries, four. The mean is over the two examples.", ("eq:backward-rows",)),
            Slip("examples not paired", lambda t: t.A.T @ t.D2.T / 2, "You transposed the errors too. Column "
                "of activations times row of errors of the same example: $A^{\\T}$ times the errors as they "
                "stand.", ("eq:backward-rows",)),
        ), 2),
        Number("db", "the gradient of the biases of layer 2, a row", lambda t: t.D2.mean(axis=0,
            keepdims=True), (
            Slip("sum", lambda t: t.D2.sum(axis=0, keepdims=True), "You added over the examples. The cost is "
                "a mean.", ("eq:backward-rows",)),
            Slip("wrong axis", lambda t: t.D2.mean(axis=1)[None, :], "You averaged along the rows, over the "
                "outputs. Each output has its own bias: average down the columns.", ("eq:backward-rows",)),
        ), 2),
    ),
    hints=(
        "Transpose each line of the four equations; a product then has its factors the other way round.",
        "Hidden errors: errors times weights transposed, then the slopes. Weights: activations transposed "
        "times errors.",
        lambda t: rf"The differences are {tex(t.D2, 0).join('$$')}; times the transposed weights, before the "
            rf"slopes, {tex(t.D2 @ t.W.T, 0).join('$$')}.",
    ),
    solution=lambda t: (
        rf"$$\text{{output errors: }} {tex(t.out, 0)} - {tex(t.labels, 0)} = {tex(t.D2, 0)}$$" "\n\n"
        rf"$$\text{{hidden errors: }} \left({tex(t.D2, 0)} {tex(t.W.T, 0)}\right) \had {tex(t.A > 0, 0)} = "
        rf"{tex(t.D1, 0)}$$" "\n\n"
        rf"$$\text{{weights: }} \tfrac12 {tex(t.A.T, 0)} {tex(t.D2, 0)} = {tex(t.dW, 1)}, \qquad "
        rf"\text{{biases: }} \tfrac12 \begin{{bmatrix}} 1 & 1 \end{{bmatrix}} {tex(t.D2, 0)} = "
        rf"{tex(t.db, 1)}$$" "\n\n"
        "Each is the transpose of what the same numbers give with examples as columns."
    ),
)


def sizes(rng):
    n = rng.permutation(np.arange(2, 10))[:4]
    return {"n": [int(v) for v in n[:3]], "N": int(n[3])}


def pairs(*rows):
    return np.array(rows, float)


shapes = Exercise(
    name="shapes-of-everything",
    title="The shape of everything",
    chapter=CHAPTER,
    trains=("eq:batch",),
    level=1,
    minutes=5,
    task=sizes,
    text=lambda t: rf"A network with sizes {'-'.join(map(str, t.n))} takes $\nexamples = {t.N}$ examples, "
        rf"one a column. Write each shape as number of rows, number of columns.",
    steps=(
        Number("forward", r"$\Wunits{1}$, $\bias{1}$ and $\Act{1}$, one a line", lambda t: pairs((t.n[1],
            t.n[0]), (t.n[1], 1), (t.n[1], t.N)), (
            Slip("transposed", lambda t: pairs((t.n[0], t.n[1]), (1, t.n[1]), (t.N, t.n[1])),
                "Rows and columns are exchanged: this is the layout with examples as rows.", ("eq:batch",)),
            Slip("weights transposed", lambda t: pairs((t.n[0], t.n[1]), (t.n[1], 1), (t.n[1], t.N)),
                r"$\Wunits{1}$ has a row for each unit of layer 1, a column for each input.", ("eq:batch",)),
            Slip("bias for each example", lambda t: pairs((t.n[1], t.n[0]), (t.n[1], t.N), (t.n[1], t.N)),
                "There is one bias a unit, the same for all examples.", ("eq:batch",)),
        ), 1),
        Number("errors", r"$\Err{2}$ and $\Err{1}$, one a line", lambda t: pairs((t.n[2], t.N), (t.n[1],
            t.N)), (
            Slip("by the input", lambda t: pairs((t.n[1], t.N), (t.n[0], t.N)), "An error signal has the "
                "shape of the pre-activations of its own layer, not of the layer before.", ("eq:batch",)),
            Slip("averaged already", lambda t: pairs((t.n[2], 1), (t.n[1], 1)),
                "Each example has error signals of its own; only gradients are averaged.", ("eq:batch",)),
        ), 1),
        Number("gradients", r"$\partial\cost/\partial\Wunits{2}$ and $\partial\cost/\partial\bias{2}$, one a "
            r"line", lambda t: pairs((t.n[2], t.n[1]), (t.n[2], 1)), (
            Slip("transposed", lambda t: pairs((t.n[1], t.n[2]), (1, t.n[2])),
                "A gradient has the shape of its parameter.", ("eq:batch",)),
            Slip("for each example", lambda t: pairs((t.n[2], t.n[1]), (t.n[2], t.N)),
                r"The product with $\ones$ adds over the examples: one entry a bias is left.", ("eq:batch",)),
        ), 1),
    ),
    hints=(
        "Rows belong to units of the layer, columns to what it reads, or to examples.",
        "An error signal looks like the pre-activations, a gradient like its parameter.",
        lambda t: rf"$\Wunits{{2}}$ is {t.n[2]} × {t.n[1]}, so its gradient is.",
    ),
    solution=lambda t: (
        rf"$\Wunits{{1}}$: {t.n[1]} × {t.n[0]}, $\bias{{1}}$: {t.n[1]} × 1, $\Act{{1}}$: {t.n[1]} × {t.N}. "
        rf"$\Err{{2}}$: {t.n[2]} × {t.N}, $\Err{{1}}$: {t.n[1]} × {t.N}. "
        rf"$\partial\cost/\partial\Wunits{{2}}$: {t.n[2]} × {t.n[1]}, $\partial\cost/\partial\bias{{2}}$: "
        rf"{t.n[2]} × 1. Check: {t.n[2]} × {t.N} times {t.N} × {t.n[1]} is {t.n[2]} × {t.n[1]}."
    ),
)

algorithm = Exercise(
    name="algorithm-in-order",
    title="One step of training, in order",
    chapter=CHAPTER,
    trains=("alg:backpropagation",),
    level=1,
    minutes=4,
    text=lambda t: "A network with two layers takes one step of training. Put the lines in an order in which "
        "each has what it needs. There are several; not all lines belong there.",
    steps=(
        Order("order", "The lines, in order",
            lines={
                "f1": r"compute $\pre{1}$ and $\act{1}$ from the input",
                "f2": r"compute $\pre{2}$ and the output from $\act{1}$",
                "e2": r"compute $\err{2}$ from output and label",
                "g2": r"compute the gradients of layer 2 from $\err{2}$ and $\act{1}$",
                "e1": r"compute $\err{1}$ from $\err{2}$ and $\Wunits{2}$",
                "g1": r"compute the gradients of layer 1 from $\err{1}$ and the input",
                "u2": r"update $\Wunits{2}$ and $\bias{2}$",
                "u1": r"update $\Wunits{1}$ and $\bias{1}$",
            },
            needs={"f2": ("f1",), "e2": ("f2",), "g2": ("e2",), "e1": ("e2",), "g1": ("e1",), "u2": ("g2",
                "e1"), "u1": ("g1",)},
            distractors={
                "again": (r"compute the output anew, with the new $\Wunits{2}$",
                "all error signals belong to one forward pass. A new output belongs to the next step."),
                "forget": (r"discard $\act{1}$, once the output is known",
                r"the gradients of layer 2 need $\act{1}$. What the forward pass makes has to be kept."),
                "e0": (r"compute $\err{0}$ from $\err{1}$ and $\Wunits{1}$",
                "the input is given, not computed. No parameter needs an error signal of layer 0."),
            },
            why={("e1", "u2"): r"the hidden error needs the *old* weights of layer 2.", ("e2",
                "g2"): "a gradient is made of an error signal.", ("e2",
                "e1"): "errors go from the output backward."},
        ),
    ),
    hints=("Everything forward comes before everything backward.", r"Who reads $\Wunits{2}$? All of them "
        r"come before its update.", r"The gradients of layer 2 may be computed before or after $\err{1}$: "
        r"either is right."),
    solution=lambda t: (
        r"Forward: layer 1, layer 2. Then $\err{2}$, which the gradients of layer 2 and $\err{1}$ both need, "
        r"in either order. Then the gradients of layer 1, and the updates. "
        r"The update of layer 2 may come early, but not before $\err{1}$, which needs the old weights. No "
        r"line computes a new output, throws $\act{1}$ away, or makes an error signal of the input."
    ),
)

proof = Exercise(
    name="hidden-error-proof",
    title="The proof of the second equation, in order",
    chapter=CHAPTER,
    trains=("thm:hidden-error", "eq:delta-hidden"),
    level=2,
    minutes=6,
    text=lambda t: r"Put the steps of the proof that $\err{l} = \bigl(\back{l+1}{l}\bigr) \had "
        r"\dactf{l}(\pre{l})$ in order. Some lines do not belong there.",
    steps=(
        Order("order", "The steps, in order",
            lines={
                "map": r"the loss as a function of $\pre{l}$ is the loss as a function of $\pre{l+1}$, after "
                r"the map from $\pre{l}$ to $\pre{l+1}$",
                "chain": r"chain rule: $\erri{l}{j}$ is a sum over the units $k$ of layer $l+1$ of "
                r"$\partial\loss/\partial\prei{l+1}{k}$ times $\partial\prei{l+1}{k}/\partial\prei{l}{j}$",
                "first": r"the first factor is $\erri{l+1}{k}$, by definition",
                "second": r"the second factor is $\Wi{l+1}{k}{j}\,\dactf{l}(\prei{l}{j})$: one term of the "
                r"pre-activation holds $\prei{l}{j}$",
                "slope": r"the slope does not depend on $k$ and comes out of the sum",
                "vector": r"the sum runs over the first index of the weights, so it is entry $j$ of the "
                r"product with the transpose",
            },
            needs={"chain": ("map",), "first": ("chain",), "second": ("chain",), "slope": ("first",
                "second"), "vector": ("slope",)},
            distractors={
                "one": (r"only the term with $k = j$ is left of the sum", "unit $j$ acts on all units of the "
                "next layer, so all terms stay. One term is left for the output error and for the "
                "gradients."),
                "rows": (r"the sum runs over the second index of the weights, so it is entry $j$ of the "
                r"product with the weights", "the sum is over $k$, the unit that the weight leads to: the "
                "first index."),
                "minus": ("the sign turns, because the error goes backward",
                "nothing turns its sign: only the order of the factors is that of the way back."),
            },
            why={("chain", "first"): "there are no factors before the chain rule is applied.", ("chain",
                "second"): "there are no factors before the chain rule is applied.",
                 ("second", "slope"): "the slope appears in the second factor first."},
        ),
    ),
    hints=("What does a change of one pre-activation reach first?", "After the chain rule two factors are to "
        "be found; their order does not matter.", "The vector form comes last: recognise a sum over the "
        "first index."),
    solution=lambda t: (
        "The map, the chain rule, its two factors in either order, the slope out of the sum, and the vector "
        "form:" "\n\n"
        r"$$\erri{l}{j} = \sum_{k=1}^{\size{l+1}} \erri{l+1}{k}\,\Wi{l+1}{k}{j}\,\dactf{l}(\prei{l}{j}) = "
        r"\Bigl(\sum_{k=1}^{\size{l+1}} \Wi{l+1}{k}{j}\,\erri{l+1}{k}\Bigr)\,\dactf{l}(\prei{l}{j})$$" "\n\n"
        "This is {prf:ref}`thm:hidden-error`."
    ),
)

EXERCISES = (
    usual_outputs, from_logits, outer_product, which_transpose, shapes, algorithm, two_examples,
        cross_entropy, softmax_jacobian,
    proof, row_layout, linear_network, too_early,
)
