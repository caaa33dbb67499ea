"""What the tests of steps share: small models, labels, gradients by finite differences."""

import numpy as np

from cw2v import _kernels
from cw2v.reference import Targets
from cw2v.referencedraws import Labels

DIMS = [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100]  # around the vector widths


def model(dim, n_words=12, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return [rng.normal(scale=0.5, size=(n_words, dim)).astype(dtype) for _ in range(2)]


def some_labels(n_x, n_y, seed=0):
    """Labels of negative sampling: some of the first y are targets, some noise words, one both."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(1, 4, n_x).astype(np.float32)
    noise = (0.75 * rng.integers(0, 3, n_y)).astype(np.float32)
    noise[0] = 1.5
    positives = np.zeros((n_x, n_y), np.float32)
    for row, n in zip(positives, pairs, strict=True):
        np.add.at(row, rng.integers(0, min(n_y, 8), int(n)), 1)
    return Labels(pairs, noise, positives)


def tree_labels(n_x, n_y, seed=0):
    """Labels of hierarchical softmax: y are nodes of a path, which turns left or right there."""
    rng = np.random.default_rng(seed)
    pairs = rng.integers(1, 4, n_x).astype(np.float32)
    return Labels(
        pairs, np.ones(n_y, np.float32), np.outer(pairs, rng.integers(0, 2, n_y)).astype(np.float32)
    )


def for_kernels(labels):
    """Convert labels to the form that kernels take, for words or for a path."""
    pairs, noise, positives = labels
    first = np.zeros((len(pairs), 8), np.uint8)
    path = None
    if (first_positives := positives[:, :8]).sum() == pairs.sum():
        first[:, : first_positives.shape[1]] = first_positives
    else:
        first[:, 0] = pairs
        left = (positives[0] / pairs[0]).astype(np.uint32)
        assert (positives == np.outer(pairs, left)).all()
        path = 2 * np.arange(2**31 - len(left), 2**31, dtype=np.uint32) + left  # the last nodes
    return _kernels.Labels(first, noise, path)


def some_targets(n_x, n_y, n_words=12, seed=0):
    """Distinct rows of W', and their labels for `n_x` rows of x."""
    rows = np.random.default_rng(seed).permutation(n_words)[:n_y]
    return Targets(rows.astype(np.int32), some_labels(n_x, n_y, seed))


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
