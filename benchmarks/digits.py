"""CPU time of a training to 97 % on the digits: bp.train, torch and scikit-learn's MLPClassifier.

    make bench            or   python benchmarks/digits.py [--rounds 9]

The network is 64-32-10 with ReLU and softmax. All start from the same weights and take the same
batches in the same order through the same number of epochs: as many as bp.train needs until 97 % of
the validation set are right. Each contender has a process of its own and is asked in turn; times are CPU
times with one thread in float64, and their final weights are compared.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import measure

GOAL, SEED, ETA, MOMENTUM, BATCH = 0.97, 0, 0.05, 0.9, 32
OTHERS = {"torch": "torch", "sklearn": "scikit-learn"}  # module: distribution


def task():
    """The network, the training set and the validation set."""
    import backprop as bp

    digits = bp.data.digits(seed=SEED)
    net = bp.Network.random([64, 32, 10], "relu", "softmax", "cross_entropy", "he", seed=SEED)
    return net, digits.train, digits.validation


def epochs_needed():
    """The number of epochs after which bp.train first reaches the goal."""
    import backprop as bp

    net, train, held_out = task()
    _, history = bp.train(
        net, *train, ETA, 100, BATCH, MOMENTUM, seed=SEED, validation=held_out, progress=False
    )
    return next(e for e, share in zip(history.epochs, history.validation_accuracy, strict=True)
                if share >= GOAL)  # fmt: skip


def orders(N, epochs):
    """The order of the examples in each epoch, as bp.train draws it."""
    import numpy as np

    rng = np.random.default_rng(SEED)
    return [rng.permutation(N) for _ in range(epochs)]


def train_backprop(epochs):
    import backprop as bp

    net, train, _ = task()

    def run():
        trained, _ = bp.train(net, *train, ETA, epochs, BATCH, MOMENTUM, seed=SEED, progress=False)
        return trained.W[1]

    return run


def train_torch(epochs):
    import torch

    torch.set_num_threads(1)
    net, train, _ = task()
    X, classes = torch.tensor(train.X.T.copy()), torch.tensor(train.classes)
    every = [torch.tensor(order) for order in orders(len(X), epochs)]

    def run():
        layers = [torch.nn.Linear(w.shape[1], w.shape[0], dtype=X.dtype) for w in net.W[1:]]
        with torch.no_grad():
            for layer, w, b in zip(layers, net.W[1:], net.b[1:], strict=True):
                layer.weight.copy_(torch.tensor(w))
                layer.bias.copy_(torch.tensor(b[:, 0]))
        model = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
        optimiser = torch.optim.SGD(model.parameters(), lr=ETA, momentum=MOMENTUM)
        J = torch.nn.CrossEntropyLoss()
        for order in every:
            X_now, classes_now = X[order], classes[order]
            for i in range(0, len(X), BATCH):
                optimiser.zero_grad()
                J(model(X_now[i : i + BATCH]), classes_now[i : i + BATCH]).backward()
                optimiser.step()
        return layers[0].weight.detach().numpy()

    return run


def train_sklearn(epochs):
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    net, train, _ = task()
    X, classes = train.X.T.copy(), train.classes
    every = orders(len(X), epochs)

    def run():
        model = MLPClassifier((32,), solver="sgd", alpha=0, batch_size=BATCH, learning_rate_init=ETA,
                              momentum=MOMENTUM, nesterovs_momentum=False, shuffle=False)  # fmt: skip
        model.partial_fit(
            X[:BATCH], classes[:BATCH], classes=np.arange(10)
        )  # makes the weights, replaced here
        for w, v, coefs, intercepts in zip(
            net.W[1:], net.b[1:], model.coefs_, model.intercepts_, strict=True
        ):
            coefs[:], intercepts[:] = w.T, v[:, 0]
        for velocity in model._optimizer.velocities:
            velocity[:] = 0
        for order in every:
            model.partial_fit(X[order], classes[order])
        return model.coefs_[0].T

    return run


TRAIN = {"backprop": train_backprop, "torch": train_torch, "sklearn": train_sklearn}


def serve(name, epochs):
    """A contender's process: answer each line with CPU seconds and the squared norm of W^(1)."""
    run = TRAIN[name](epochs)
    run()  # warm
    for _ in sys.stdin:
        start = time.process_time()
        W = run()
        print(json.dumps([time.process_time() - start, float((W * W).sum())]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        name, epochs = arguments.serve
        return serve(name, int(epochs))

    others = [module for module in OTHERS if measure.imports(module)]
    epochs = epochs_needed()
    contenders = {
        name: measure.child(
            [Path(__file__), "--serve", name, epochs], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in ("backprop", *others)
    }
    seconds, norms = {name: [] for name in contenders}, {}
    for _ in range(arguments.rounds):
        for name, process in contenders.items():
            elapsed, norms[name] = measure.ask(process, "go")
            seconds[name].append(elapsed)
    for process in contenders.values():
        process.stdin.close()
        process.wait()
    for name, norm in norms.items():
        if abs(norm - norms["backprop"]) > 1e-6 * norms["backprop"]:
            sys.exit(f"{name} trains something else: ‖W‖² {norm} for {norms['backprop']}")

    results = {
        "machine": measure.machine(*(OTHERS[module] for module in others)),
        "goal": GOAL, "epochs": epochs, "batch": BATCH, "eta": ETA, "momentum": MOMENTUM,
        "seconds": {name: measure.quartiles(times) for name, times in seconds.items()},
        "ratio": {
            name: measure.quartiles([t / own for t, own in zip(times, seconds["backprop"], strict=True)])
            for name, times in seconds.items() if name != "backprop"
        },
    }  # fmt: skip
    print(f"{epochs} epochs to {GOAL:.0%}: bp.train {results['seconds']['backprop'][1]:.3f} s")
    for name, (low, middle, high) in results["ratio"].items():
        print(f"{name}: {middle:.2f} [{low:.2f}, {high:.2f}] times as long")
    measure.store("digits_race", results)


if __name__ == "__main__":
    main()
