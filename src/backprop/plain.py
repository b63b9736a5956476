"""The whole program on one screen: layer sizes in, training on digits, accuracy out.

It needs numpy and nothing of this package, and it checks nothing. `backprop.network` computes the
same with every activation and loss, `backprop.training` trains with everything a training needs;
tests compare them with this. Examples are columns; lists hold None at 0.

```python
digits = bp.data.digits()
net = bp.plain.Network([64, 30, 10])
net.train(*digits.train, eta=3.0, epochs=30, batch_size=10)
print(net.accuracy(*digits.test))
```
"""

from itertools import pairwise

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(a):  # of the sigmoid, from its value a = sigmoid(z)
    return a * (1 - a)


class Network:
    def __init__(self, sizes, seed=0):
        self.L, self.rng = len(sizes) - 1, np.random.default_rng(seed)
        self.W = [None] + [self.rng.normal(0, m**-0.5, (n, m)) for m, n in pairwise(sizes)]
        self.b = [None] + [np.zeros((n, 1)) for n in sizes[1:]]
        self.sigma, self.slope = [None] + self.L * [sigmoid], [None] + self.L * [slope]

    def forward(self, X):
        a = [X]
        for l in range(1, self.L + 1):
            z = self.W[l] @ a[l - 1] + self.b[l]
            a.append(self.sigma[l](z))
        return a

    def backward(self, a, Y):  # of half the squared error, the mean over the examples
        dW, db, N = [None] * (self.L + 1), [None] * (self.L + 1), Y.shape[1]
        delta = (a[-1] - Y) * self.slope[-1](a[-1])
        for l in range(self.L, 0, -1):
            dW[l] = delta @ a[l - 1].T / N
            db[l] = delta.sum(axis=1, keepdims=True) / N
            if l > 1:
                delta = (self.W[l].T @ delta) * self.slope[l - 1](a[l - 1])
        return dW, db

    def train(self, X, Y, eta, epochs, batch_size):
        for _ in range(epochs):
            order = self.rng.permutation(X.shape[1])
            for i in range(0, len(order), batch_size):
                batch = order[i : i + batch_size]
                dW, db = self.backward(self.forward(X[:, batch]), Y[:, batch])
                for l in range(1, self.L + 1):
                    self.W[l] -= eta * dW[l]
                    self.b[l] -= eta * db[l]

    def accuracy(self, X, Y):
        return (self.forward(X)[-1].argmax(axis=0) == Y.argmax(axis=0)).mean()
