"""Weights and biases of all layers as one thing, and whatever holds one number for each of them.

Gradients, velocities, directions and differences are `Parameters`, too.
"""

import numpy as np


class Parameters:
    """Lists W and b as in the book: W[l] (n_l, n_{l-1}) and b[l] (n_l, 1) for l = 1, ..., L, None at 0.

    Args:
        W: [None, W^(1), ..., W^(L)], not copied.
        b: [None, b^(1), ..., b^(L)], not copied.
    """

    def __init__(self, W, b):
        self.W, self.b = W, b

    @property
    def L(self):
        """Number of layers, the input not counted."""
        return len(self.W) - 1

    def arrays(self):
        """[W[1], ..., W[L], b[1], ..., b[L]]: the order of every walk."""
        return [*self.W[1:], *self.b[1:]]

    def named(self):
        """[("W" or "b", l, array)] in this order."""
        return [(name, l, getattr(self, name)[l]) for name in ("W", "b") for l in range(1, self.L + 1)]

    def places(self):
        """[("W" or "b", l, index)] of every entry, in this order."""
        return [(name, l, index) for name, l, p in self.named() for index in np.ndindex(*p.shape)]

    def zip(self, *others):
        """Tuples of the arrays that stand at the same place, in this order.

        Raises:
            ValueError: if another has more or fewer layers.
        """
        return zip(self.arrays(), *(other.arrays() for other in others), strict=True)

    def map(self, function, *others):
        """`Parameters` of function(array, *arrays of the others), array by array."""
        made = [function(*together) for together in self.zip(*others)]
        return Parameters([None, *made[: self.L]], [None, *made[self.L :]])

    def dot(self, other):
        """Sum of the products of all entries, in float64."""
        return sum(float((p.astype(float) * q).sum()) for p, q in self.zip(other))

    def column(self):
        """All entries, one after another, (P,)."""
        return np.concatenate([np.ravel(p) for p in self.arrays()])

    def shaped(self, column):
        """A column (P,) as `Parameters` of these shapes; views into it."""
        made, start = [], 0
        for p in self.arrays():
            # __array_wrap__ makes it an array of the same kind, such as one that counts its products
            made.append(p.__array_wrap__(column[start : start + p.size].reshape(p.shape)))
            start += p.size
        return Parameters([None, *made[: self.L]], [None, *made[self.L :]])

    def copy(self):
        """`Parameters` with arrays of their own."""
        return self.map(np.copy)
