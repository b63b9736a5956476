"""How far cost and gradients are from the bare matrix products, what each trick buys, and what
other libraries take.

    make bench            or   python benchmarks/engine.py [--rounds 25] [--size tiny ...]

Every contender has a process of its own: ours imports nothing but numpy and backprop. In each
round each contender is asked once, one after the other, so that a busy machine slows all alike;
times are CPU times with one thread, and a ratio is one to the floor of the same round. The floor
is the matrix products alone, with `out`: W a, W^T delta and delta a^T of every layer.
"""

import argparse
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import measure

SIZES = {  # layer sizes, batch, output activation, loss
    "tiny": ([2, 3, 1], 1, "sigmoid", "half_squared_error"),
    "small": ([64, 32, 10], 32, "softmax", "cross_entropy"),
    "medium": ([784, 128, 64, 10], 128, "softmax", "cross_entropy"),
    "large": ([1024, 1024, 1024, 10], 512, "softmax", "cross_entropy"),
}
OTHERS = ("torch", "jax", "autograd")


def data(size, hidden, dtype):
    """The same weights and batch for every contender."""
    import numpy as np

    sizes, N, output, loss = SIZES[size]
    rng = np.random.default_rng(0)
    W = [
        None,
        *(rng.normal(0, (2 / (m + n)) ** 0.5, (n, m)).astype(dtype) for m, n in pairwise(sizes)),
    ]
    b = [None, *(rng.normal(0, 0.1, (n, 1)).astype(dtype) for n in sizes[1:])]
    X = rng.normal(size=(sizes[0], N)).astype(dtype)
    Y = np.eye(sizes[-1], dtype=dtype)[rng.integers(0, sizes[-1], N)].T.copy() * (
        0.5 if size == "tiny" else 1
    )
    return W, b, X, Y, [hidden] * (len(sizes) - 2) + [output], loss


def numpy_calls(W, b, X, Y, activations, loss):
    """The floor, the rungs of the ladder, the readable core and the fast path.

    Each returns (J, ∂J/∂W^(1)) but the floor.
    """
    import ladder
    import numpy as np

    import backprop as bp

    net = bp.Network(W, b, activations, loss)
    workspace = bp.Workspace(net, X.shape[1])
    fwd = bp.forward(net, X)
    a, delta = fwd.a, bp.backward(net, fwd, Y).delta
    layers = range(1, net.L + 1)
    products = [
        *((net.W[l], a[l - 1], np.empty_like(a[l])) for l in layers),
        *((net.W[l].T, delta[l], np.empty_like(a[l - 1])) for l in layers[:0:-1]),
        *((delta[l], a[l - 1].T, np.empty_like(net.W[l])) for l in layers),
    ]
    dot = np.dot

    def floor():
        for left, right, out in products:
            dot(left, right, out=out)

    def readable():
        J, grads = bp.value_and_grad(net, X, Y)
        return J, grads.W[1]

    def fast():
        J, grads = bp.value_and_grad(net, X, Y, workspace=workspace)
        return J, grads.W[1]

    rungs = {
        name: getattr(ladder, name)(net.W, net.b, X, Y, activations, loss)
        for name in ("plain", "buffers", "fused")
    }
    return {"floor": floor, "readable": readable, **rungs, "fast": fast}


def torch_calls(W, b, X, Y, activations, loss):
    import torch

    torch.set_num_threads(1)
    parameters = [(torch.tensor(w, requires_grad=True), torch.tensor(v, requires_grad=True))
                  for w, v in zip(W[1:], b[1:], strict=True)]  # fmt: skip
    X, Y = torch.tensor(X), torch.tensor(Y)
    hidden = {"sigmoid": torch.sigmoid, "relu": torch.relu}[activations[0]]

    def call():
        a = X
        for w, v in parameters[:-1]:
            a = hidden(torch.addmm(v, w, a))
        w, v = parameters[-1]
        z = torch.addmm(v, w, a)
        if loss == "cross_entropy":
            J = -(Y * torch.log_softmax(z, 0)).sum() / X.shape[1]
        else:
            J = 0.5 * ((torch.sigmoid(z) - Y) ** 2).sum() / X.shape[1]
        for pair in parameters:
            for p in pair:
                p.grad = None
        J.backward()
        return J.detach(), parameters[0][0].grad

    return {"torch": call}


def jax_calls(W, b, X, Y, activations, loss):
    import jax

    jax.config.update("jax_enable_x64", True)
    parameters = [(jax.numpy.asarray(w), jax.numpy.asarray(v)) for w, v in zip(W[1:], b[1:], strict=True)]
    J = _cost(jax.numpy, jax.nn.sigmoid, activations, loss)
    step = jax.jit(jax.value_and_grad(J))
    X, Y = jax.numpy.asarray(X), jax.numpy.asarray(Y)

    def call():
        value, grads = jax.block_until_ready(step(parameters, X, Y))
        return value, grads[0][0]

    return {"jax": call}


def autograd_calls(W, b, X, Y, activations, loss):
    import autograd
    import autograd.numpy as anp

    J = _cost(anp, lambda z: 0.5 * (1 + anp.tanh(0.5 * z)), activations, loss)
    step = autograd.value_and_grad(J)
    parameters = list(zip(W[1:], b[1:], strict=True))

    def call():
        value, grads = step(parameters, X, Y)
        return value, grads[0][0]

    return {"autograd": call}


def _cost(np, sigmoid, activations, loss):
    hidden = sigmoid if activations[0] == "sigmoid" else lambda z: np.maximum(z, 0)

    def J(parameters, X, Y):
        a = X
        for w, v in parameters[:-1]:
            a = hidden(w @ a + v)
        w, v = parameters[-1]
        z = w @ a + v
        if loss == "cross_entropy":
            z = z - np.max(z, axis=0)
            return np.sum(Y * (np.log(np.sum(np.exp(z), axis=0)) - z)) / X.shape[1]
        return 0.5 * np.sum((sigmoid(z) - Y) ** 2) / X.shape[1]

    return J


def serve(name):
    """A contender's process: answer each line that names a case with seconds a call."""
    make = {"numpy": numpy_calls, "torch": torch_calls, "jax": jax_calls, "autograd": autograd_calls}[name]
    case = calls = None
    for line in sys.stdin:
        asked = json.loads(line)
        answer = {}
        if asked != case:  # prepare, and tell J and the sum of squares of a gradient
            case, calls = asked, make(*data(**asked))
            for who, call in calls.items():
                result = call()
                if result is not None:
                    answer[who] = [float(result[0]), float((result[1] * result[1]).sum())]
                measure.seconds_a_call(call)
        else:
            answer = {who: measure.seconds_a_call(call) for who, call in calls.items()}
        print(json.dumps(answer), flush=True)


def compare(contenders, case, rounds):
    """Quartiles of microseconds (floor) and of ratios to the floor (all others)."""
    said = {
        who: value for process in contenders.values() for who, value in measure.ask(process, case).items()
    }
    J, size = said["readable"]
    tolerance = 1e-9 if case["dtype"] == "float64" else 1e-3
    for who, (other_J, other_size) in said.items():
        if abs(other_J - J) > tolerance * abs(J) or abs(other_size - size) > tolerance * size:
            sys.exit(f"{who} computes something else: J {other_J} for {J}, gradient {other_size} for {size}")
    seconds = {}
    for _ in range(rounds):
        for process in contenders.values():
            for who, value in measure.ask(process, case).items():
                seconds.setdefault(who, []).append(value)
    floor = seconds.pop("floor")
    ratios = {
        who: measure.quartiles([t / f for t, f in zip(times, floor, strict=True)])
        for who, times in seconds.items()
    }
    return {"floor_us": measure.quartiles([1e6 * t for t in floor]), "ratio": ratios}


def import_time(rounds):
    """CPU milliseconds of `import numpy`, and of `import backprop` after it, each in a new process."""
    code = (
        "import time; t = time.process_time(); import numpy; u = time.process_time(); import backprop; "
        "print(u - t, time.process_time() - u)"
    )
    times = []
    for _ in range(rounds + 1):
        out, _ = measure.child(["-c", code], stdout=subprocess.PIPE).communicate()
        times.append([float(t) for t in out.split()])
    times = times[1:]  # the first one compiles
    return {
        "numpy_ms": measure.quartiles([1e3 * t for t, _ in times]),
        "backprop_ms": measure.quartiles([1e3 * t for _, t in times]),
        "ratio": measure.quartiles([b / n for n, b in times]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--size", nargs="*", choices=SIZES, default=list(SIZES))
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve(arguments.serve)

    others = [name for name in OTHERS if measure.imports(name)]
    contenders = {
        name: measure.child([Path(__file__), "--serve", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in ("numpy", *others)
    }
    results = {"machine": measure.machine(*others), "import": import_time(arguments.rounds), "cases": []}
    print("import backprop after numpy: {1:.2f} of import numpy".format(*results["import"]["ratio"]))
    for size in arguments.size:
        for dtype in ("float64", "float32"):
            for hidden in ("sigmoid", "relu"):
                case = {"size": size, "hidden": hidden, "dtype": dtype}
                rounds = max(5, arguments.rounds // 3) if size == "large" else arguments.rounds
                found = compare(contenders, case, rounds)
                results["cases"].append(case | found)
                told = "  ".join(
                    f"{who} {q[1]:.2f} [{q[0]:.2f}, {q[2]:.2f}]" for who, q in found["ratio"].items()
                )
                print(
                    f"{size:7}{dtype:8} {hidden:8} floor {found['floor_us'][1]:10.1f} µs  {told}", flush=True
                )
    for process in contenders.values():
        process.stdin.close()
        process.wait()
    from backprop import show

    measure.store("engine", results, show.speed)


if __name__ == "__main__":
    main()
