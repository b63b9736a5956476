"""Answer keys of chapters 4 and 5 against loops and differences that share no code with the core.

A derivative is what a small change makes of the loss; nothing here knows the four equations.
"""

import math

import numpy as np
import pytest

from backprop import exercises, graph

SEEDS = range(50)
H = 1e-5
TOLERANCE = 2e-7  # of a central difference with this step, for losses of size 1 to 100

UNIT = {
    "sigmoid": lambda u: 1 / (1 + math.exp(-u)),
    "tanh": math.tanh,
    "relu": lambda u: max(u, 0.0),
    "identity": lambda u: u,
}


def layer(kind, z):
    if kind == "softmax":
        total = sum(math.exp(u) for u in z)
        return [math.exp(u) / total for u in z]
    return [UNIT[kind](u) for u in z]


def affine(W, b, a):
    return [sum(W[j][k] * a[k] for k in range(len(a))) + b[j] for j in range(len(W))]


def loss(kind, out, y):
    if kind == "cross_entropy":
        return -sum(y[j] * math.log(out[j]) for j in range(len(y)) if y[j])
    return sum((o - t) ** 2 for o, t in zip(out, y, strict=True)) / 2


class Net:
    """A network with one hidden layer, as lists of numbers."""

    def __init__(self, task):
        net = task.net
        self.W, self.b = [w.tolist() for w in net.W[1:]], [v[:, 0].tolist() for v in net.b[1:]]
        self.kinds, self.loss, self.t = net.activations[1:], net.loss, task

    def sweep(self, x, shift=None):
        """Every z and a; shift = (layer, unit, change) is added to one pre-activation on the way."""
        a, kept = x, {}
        for l, (W, b, kind) in enumerate(zip(self.W, self.b, self.kinds, strict=True), start=1):
            z = affine(W, b, a)
            if shift and shift[0] == l:
                z[shift[1]] += shift[2]
            a = layer(kind, z)
            kept |= {f"z{l}": z, f"a{l}": a}
        return kept

    def examples(self):
        return [(list(x), list(y)) for x, y in zip(self.t.x.T.tolist(), self.t.y.T.tolist(), strict=True)]

    def cost(self):
        losses = [loss(self.loss, self.sweep(x)["a2"], y) for x, y in self.examples()]
        return sum(losses) / len(losses)

    def delta(self, l, example=0):
        x, y = self.examples()[example]

        def at(j, h):
            return loss(self.loss, self.sweep(x, (l, j, h))["a2"], y)

        return [(at(j, H) - at(j, -H)) / (2 * H) for j in range(len(self.b[l - 1]))]

    def by(self, numbers, i):
        """The derivative of the cost by entry i of a list of parameters, which is changed and put back."""
        old, costs = numbers[i], []
        for h in (H, -H):
            numbers[i] = old + h
            costs.append(self.cost())
        numbers[i] = old
        return (costs[0] - costs[1]) / (2 * H)

    def dW(self, l):
        return [[self.by(row, k) for k in range(len(row))] for row in self.W[l - 1]]

    def db(self, l):
        return [self.by(self.b[l - 1], j) for j in range(len(self.b[l - 1]))]

    def stepped(self, kind, l):
        old = np.array((self.W if kind == "W" else self.b)[l - 1])
        return old - self.t.eta * np.array(self.dW(l) if kind == "W" else self.db(l))

    def key(self, name):
        first = self.sweep(self.examples()[0][0])
        if name in first:
            return first[name]
        match name:
            case "act1":
                return first["a1"]
            case "loss" | "cost":
                return self.cost()
            case "out":
                return [[self.sweep(x)["a2"][0] for x, _ in self.examples()]]
            case "Delta1":
                return np.transpose([self.delta(1, i) for i in range(len(self.examples()))])
            case "quotient":
                return (self.t.up - self.t.down) / 0.02
            case "derivative":
                return self.dW(2)[0][0]
        kind, l = name[:-1], int(name[-1])
        made = {"delta": self.delta, "dW": self.dW, "db": self.db}
        return made[kind](l) if kind in made else self.stepped(kind[3:], l)


def gradient(function, at):
    """Differences of a function of a matrix, entry by entry."""
    at = np.array(at, float)
    made = np.empty_like(at)
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += H
        down[place] -= H
        made[place] = (function(up) - function(down)) / (2 * H)
    return made


def linear(weights, W, a, shift=0):
    """Σ_j weights_j (W a + shift)_j by a loop: a loss whose derivatives by the pre-activations are the weights."""
    return sum(weights[j] * (sum(W[j][k] * a[k] for k in range(len(a))) + shift) for j in range(len(weights)))


def chained(matrices, a, weights):
    for W in matrices:
        a = [sum(W[j][k] * a[k] for k in range(len(a))) for j in range(len(W))]
    return sum(p * q for p, q in zip(weights, a, strict=True))


def of_outputs(t):
    def by(function):
        return (function(t.u + H) - function(t.u - H)) / (2 * H)

    s = UNIT["sigmoid"]
    return {
        "linear": by(lambda u: (u - t.y) ** 2),
        "squared": by(lambda u: (s(u) - t.y) ** 2 / 2),
        "tanh": by(lambda u: (math.tanh(u) - t.y) ** 2 / 2),
        "entropy": by(lambda u: -t.y * math.log(s(u)) - (1 - t.y) * math.log(1 - s(u))),
    }


def of_logits(t):
    z = t.z[:, 0]
    key = {"out": layer("softmax", z), "loss": -math.log(layer("softmax", z)[t.unit])}
    return key | {"delta": gradient(lambda v: -math.log(layer("softmax", v)[t.unit]), z)}


def of_jacobian(t):
    z, g = t.z[:, 0], t.gradient[:, 0]
    jacobian = [gradient(lambda v, j=j: layer("softmax", v)[j], z) for j in range(3)]
    delta = gradient(lambda v: sum(p * q for p, q in zip(g, layer("softmax", v), strict=True)), z)
    return {"out": layer("softmax", z), "jacobian": jacobian, "delta": delta}


def of_outer(t):
    d, a, zero = t.delta[:, 0], t.act[:, 0], np.zeros((2, 2))
    dW = gradient(lambda W: linear(d, W, a), zero)
    db = gradient(lambda b: sum(d[j] * b[j] for j in range(2)), [0, 0])
    return {"dW": dW, "w21": dW[1, 0], "db": db}


def of_batch(t):
    D, A = t.Delta.T, t.A.T
    dW = gradient(lambda W: sum(linear(d, W, a) for d, a in zip(D, A, strict=True)) / 2, np.zeros((3, 2)))
    db = gradient(lambda b: sum(d[j] * b[j] for d in D for j in range(3)) / 2, [0, 0, 0])
    return {"dW": dW, "db": db}


def of_rows(t):
    def out(W, i, shift=(0, 0, 0)):
        """Outputs of example i: those given, and what other weights or hidden pre-activations add."""
        a = [t.A[i][k] + (shift[k] if t.A[i][k] > 0 else 0) for k in range(3)]
        return [t.out[i][j] + sum(a[k] * W[k][j] - t.A[i][k] * t.W[k][j] for k in range(3)) for j in range(2)]

    def one(values, i):
        return sum((values[j] - t.labels[i][j]) ** 2 for j in range(2)) / 2

    return {
        "D2": [gradient(lambda v, i=i: one(v, i), t.out[i]) for i in range(2)],
        "D1": [gradient(lambda s, i=i: one(out(t.W, i, s), i), [0, 0, 0]) for i in range(2)],
        "dW": gradient(lambda W: sum(one(out(W, i), i) for i in range(2)) / 2, t.W),
        "db": gradient(lambda b: sum(one(t.out[i] + b, i) for i in range(2)) / 2, [0, 0]),
    }


def of_linear(t):
    d = t.delta[:, 0]
    return {
        "delta1": gradient(lambda z: chained(t.W[2:], z, d), [0, 0]),
        "dx": gradient(lambda x: chained(t.W[1:], x, d), [0, 0]),
    }


def of_early(t):
    d, a, s = t.delta2[:, 0], t.act[:, 0], t.slopes[:, 0]
    new = t.W - t.eta * gradient(lambda W: linear(d, W, a), t.W)
    return {
        name: gradient(lambda z, W=W: linear(d, W, [a[k] + s[k] * z[k] for k in range(2)]), [0, 0])
        for name, W in (("delta1", t.W), ("wrong", new))
    }


def of_shapes(t):
    """Shapes read off arrays that are multiplied out."""
    rng = np.random.default_rng(t.seed)
    W1, W2 = rng.normal(size=(t.n[1], t.n[0])), rng.normal(size=(t.n[2], t.n[1]))
    X = rng.normal(size=(t.n[0], t.N))
    A1 = np.array([affine(W1, np.zeros(t.n[1]), x) for x in X.T]).T
    Z2 = np.array([affine(W2, np.zeros(t.n[2]), a) for a in A1.T]).T
    column = np.zeros((t.n[1], 1)).shape
    return {
        "forward": [W1.shape, column, A1.shape],
        "errors": [Z2.shape, A1.shape],
        "gradients": [W2.shape, (t.n[2], 1)],
    }


OWN = {
    "usual-outputs": of_outputs,
    "softmax-from-logits": of_logits,
    "softmax-jacobian": of_jacobian,
    "outer-product": of_outer,
    "batch-gradients": of_batch,
    "examples-as-rows": of_rows,
    "linear-network": of_linear,
    "update-too-early": of_early,
    "shapes-of-everything": of_shapes,
}
ALL = [*exercises.of_chapter("04-four-equations"), *exercises.of_chapter("05-worked-example")]
NUMBERS = [exercise for exercise in ALL if "number" in exercise.kinds]


@pytest.mark.parametrize("exercise", NUMBERS, ids=[exercise.name for exercise in NUMBERS])
def test_loops_and_differences_agree_with_every_key(exercise):
    for seed in SEEDS:
        task = exercise.draw(seed)
        own = OWN[exercise.name](task) if exercise.name in OWN else None
        for step in (step for step in exercise.steps if step.kind == "number"):
            key = np.array(own[step.name] if own else Net(task).key(step.name), float)
            answer = np.asarray(getattr(task, step.name), float)
            # The printed losses of a check by differences are rounded, and its step is not small.
            near = 2e-4 if exercise.name == "check-by-differences" else TOLERANCE
            key = key.reshape(answer.shape)
            assert np.allclose(answer, key, rtol=near, atol=near), (seed, step.name, answer, key)


def test_formulas_are_the_derivatives_of_the_loss():
    exercise = exercises.named("bp1-cross-entropy")
    for seed in SEEDS:
        task = exercise.draw(seed)
        for p in exercise.steps[0].points():

            def losses(u, times=1, y=p["y"]):
                s = UNIT["sigmoid"](u)
                return -times * y * math.log(s) - (1 - y) * math.log(1 - s)

            def slope(times, u=p["u"], losses=losses):
                return (losses(u + H, times) - losses(u - H, times)) / (2 * H)

            key = {"loss": losses(p["u"]), "error": slope(1), "weighted": slope(task.weight)}
            for name, value in key.items():
                typed = graph.expression(getattr(task, name), **p).value
                assert typed == pytest.approx(value, abs=TOLERANCE), (seed, name, p)


def test_the_right_products_are_those_of_the_differences():
    exercise = exercises.named("which-transpose")
    hidden, weights = exercise.steps
    for seed in SEEDS:
        task, right = exercise.draw(seed), Net(exercise.draw(seed))
        for step, key in ((hidden, right.delta(1)), (weights, right.dW(2))):
            agree = [
                np.allclose(np.ravel(option.value(task)), np.ravel(key), atol=1e-8) for option in step.options
            ]
            assert np.flatnonzero(agree).tolist() == [step.answer(task)], (seed, step.name)


def test_the_label_tells_which_way_the_output_goes():
    exercise = exercises.named("another-label")
    ways = set()
    for seed in SEEDS:
        task = exercise.draw(seed)
        risen = task.label > task.fwd.a[2].item()  # descent brings the output nearer to the label
        assert exercise.steps[2].texts(task)[task.way] == ("it rises" if risen else "it falls"), seed
        ways.add(risen)
    assert ways == {True, False}
