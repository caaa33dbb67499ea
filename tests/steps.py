"""What the tests of steps share: small models, what to score, gradients by differences."""

import numpy as np

from cw2v.reference import Targets

DIMS = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100]  # around the vector widths


def model(dim, n_words=12, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return [rng.normal(scale=0.5, size=(n_words, dim)).astype(dtype) for _ in range(2)]


def some_targets(n_y, n_words=12, seed=0):
    """Distinct rows with weights, scored high and low in turn as in a tree."""
    rng = np.random.default_rng(seed)
    return Targets(
        rng.permutation(n_words)[:n_y].astype(np.int32),
        rng.integers(1, 3, n_y).astype(np.float32),
        rng.integers(0, 2, n_y).astype(np.float32),
    )


def numerical_gradient(f, matrix, h=1e-5):
    gradient = np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        value = matrix[place]
        matrix[place] = value + h
        above = f()
        matrix[place] = value - h
        below = f()
        matrix[place] = value
        gradient[place] = (above - below) / (2 * h)
    return gradient
